// The backend without system libraries. It is the only one in firmware, and verifies secp192k1 in every build.
//
// The signature checks run in variable time. That is safe because their input is public.

import TransitCrypto

/// Verification, hashes and MAC in Swift alone.
public enum PortableBackend: CryptoBackend {
    /// A point of secp256k1.
    public struct IssuerKey: BitwiseCopyable, Sendable {
        var point: AffinePoint<Secp256k1>
    }

    public static func issuerKey(_ sec1: Span<UInt8>) -> IssuerKey? {
        guard let point = AffinePoint<Secp256k1>(sec1: sec1) else { return nil }
        return IssuerKey(point: point)
    }

    public static func verifyIssuer(
        _ key: IssuerKey, digest: Span<UInt8>, signature: Span<UInt8>
    ) -> Verdict {
        Secp256k1.verify(key.point, digest: digest, signature: signature) ? .valid : .invalid
    }

    public static func verifyUser(
        _ publicKey: Span<UInt8>, digest: Span<UInt8>, signature: Span<UInt8>
    ) -> Verdict {
        guard let point = AffinePoint<Secp192k1>(sec1: publicKey) else { return .invalid }
        return Secp192k1.verify(point, digest: digest, signature: signature) ? .valid : .invalid
    }

    public static func sha1(_ message: Span<UInt8>) -> SHA1Digest { SHA1.digest(message) }

    public static func sha256(_ message: Span<UInt8>) -> SHA256Digest { SHA256.digest(message) }

    public static func hmacSHA256(key: Span<UInt8>, message: Span<UInt8>) -> SHA256Digest {
        HMACSHA256.tag(key: key, message: message)
    }
}
