/// What a backend found when it checked a signature.
public enum Verdict: Equatable, Sendable {
    /// The signature is good.
    case valid
    /// The signature, or the key that it names, is bad. It says nothing about why: an attacker learns nothing.
    case invalid
    /// The check could not be made: an allocation failed.
    case outOfMemory
    /// The check could not be made: the library below reported a fault.
    case failed
}

/// A SHA-1 digest, as both code signatures use it (docs/format.md, "Signatures").
public typealias SHA1Digest = InlineArray<20, UInt8>

/// A SHA-256 digest, as the record's MAC, the record key id and the replay identity use it.
public typealias SHA256Digest = InlineArray<32, UInt8>

/// The one seam between the gate's rules and cryptography. A build picks one conforming type
/// (`Sources/posoffline/Backend.swift`); nothing chooses at run time.
///
/// Every function takes public data or, for the MAC, the record key; none keeps state, so all may run at once on any
/// number of threads.
public protocol CryptoBackend {
    /// An issuer key, checked to be a point of secp256k1, in the form that verifies fastest.
    associatedtype IssuerKey: BitwiseCopyable

    /// Reads a secp256k1 public key in SEC 1 form: 33 bytes that begin with 02 or 03, or 65 that begin with 04.
    /// Nil when it is neither or is not a point of the curve.
    static func issuerKey(_ sec1: Span<UInt8>) -> IssuerKey?

    /// ECDSA over secp256k1. `digest` is any length and is truncated on the right to the curve's bit length, as SEC 1
    /// section 4.1.4 says; `signature` is strict DER, with s in either half.
    static func verifyIssuer(_ key: IssuerKey, digest: Span<UInt8>, signature: Span<UInt8>) -> Verdict

    /// ECDSA over secp192k1, with the key in SEC 1 form (25 bytes, or 49 uncompressed). Otherwise as `verifyIssuer`.
    static func verifyUser(_ publicKey: Span<UInt8>, digest: Span<UInt8>, signature: Span<UInt8>) -> Verdict

    static func sha1(_ message: Span<UInt8>) -> SHA1Digest
    static func sha256(_ message: Span<UInt8>) -> SHA256Digest

    /// HMAC-SHA-256 (RFC 2104). `key` is a secret: an implementation leaks neither its bytes nor what derives from
    /// them through branches or addresses, and wipes its copies.
    static func hmacSHA256(key: Span<UInt8>, message: Span<UInt8>) -> SHA256Digest
}
