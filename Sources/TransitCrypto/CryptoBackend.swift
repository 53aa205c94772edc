/// The result of a signature check.
public enum Verdict: Equatable, Sendable {
    /// The signature verifies.
    case valid
    /// The signature does not verify, or the key is invalid. An attacker does not learn which.
    case invalid
    /// An allocation failed. The signature was not checked.
    case outOfMemory
    /// The library below reported a fault. The signature was not checked.
    case failed
}

/// A SHA-1 digest. Both signatures of a code are over one (docs/format.md, "Signatures").
public typealias SHA1Digest = InlineArray<20, UInt8>

/// A SHA-256 digest, for the record's MAC, the record key id and the replay identity.
public typealias SHA256Digest = InlineArray<32, UInt8>

/// The interface between the rules and the cryptography. Each build uses one conforming type
/// (`Sources/posoffline/Backend.swift`), chosen at compile time.
///
/// The functions keep no state and are thread-safe. Their input is public, except the MAC's key.
public protocol CryptoBackend {
    /// An issuer key that is a point of secp256k1, in the form that verifies fastest.
    associatedtype IssuerKey: BitwiseCopyable

    /// Parses a secp256k1 public key in SEC 1 form: 33 bytes that begin with 02 or 03, or 65 bytes that begin with 04.
    /// Nil when it is malformed or not a point of the curve.
    static func issuerKey(_ sec1: Span<UInt8>) -> IssuerKey?

    /// Verifies ECDSA over secp256k1. `digest` has any length and is truncated on the right to the curve's bit length
    /// (SEC 1 section 4.1.4). `signature` is strict DER; both s and n - s are valid.
    static func verifyIssuer(_ key: IssuerKey, digest: Span<UInt8>, signature: Span<UInt8>) -> Verdict

    /// As `verifyIssuer`, over secp192k1 and with the key in SEC 1 form (25 bytes, or 49 uncompressed).
    static func verifyUser(_ publicKey: Span<UInt8>, digest: Span<UInt8>, signature: Span<UInt8>) -> Verdict

    static func sha1(_ message: Span<UInt8>) -> SHA1Digest
    static func sha256(_ message: Span<UInt8>) -> SHA256Digest

    /// HMAC-SHA-256 (RFC 2104). `key` is secret: no branch and no address may depend on it or on what is derived from
    /// it, and the implementation wipes its copies.
    static func hmacSHA256(key: Span<UInt8>, message: Span<UInt8>) -> SHA256Digest
}
