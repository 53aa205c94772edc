import CSecp256k1
import PortableCrypto
import TransitCrypto

/// The backend of the host build. libsecp256k1 verifies issuer signatures, libcrypto hashes. PortableCrypto verifies
/// user signatures, because no system library has a fast secp192k1.
public enum HostBackend: CryptoBackend {
    /// A parsed key of libsecp256k1.
    public struct IssuerKey: BitwiseCopyable, Sendable {
        private let opaque: InlineArray<8, UInt64>

        fileprivate init(_ key: secp256k1_pubkey) { opaque = unsafeBitCast(key, to: InlineArray<8, UInt64>.self) }

        fileprivate var library: secp256k1_pubkey { unsafeBitCast(opaque, to: secp256k1_pubkey.self) }
    }

    /// The static context is enough for verification, and it is constant.
    private static var context: OpaquePointer { posoffline_secp256k1_context() }

    public static func issuerKey(_ sec1: Span<UInt8>) -> IssuerKey? {
        guard SEC1.isPlain(sec1, coordinateCount: 32) else { return nil }
        var key = secp256k1_pubkey()
        let isPoint = sec1.withUnsafeBufferPointer { bytes in
            secp256k1_ec_pubkey_parse(context, &key, bytes.baseAddress!, bytes.count)
        }
        return isPoint == 1 ? IssuerKey(key) : nil
    }

    public static func verifyIssuer(
        _ key: IssuerKey, digest: Span<UInt8>, signature: Span<UInt8>
    ) -> Verdict {
        guard let der = DERSignature(signature) else { return .invalid }
        var compact = InlineArray<64, UInt8>(repeating: 0)
        guard compact.place(der.r, endingAt: 32), compact.place(der.s, endingAt: 64) else { return .invalid }
        // The function takes 32 bytes. A longer digest is truncated on the right, a shorter one is padded with zeros on
        // the left.
        var message = InlineArray<32, UInt8>(repeating: 0)
        guard message.place(digest.extracting(first: min(digest.count, 32)), endingAt: 32) else { return .failed }

        var key = key.library
        var parsed = secp256k1_ecdsa_signature()
        var lowS = secp256k1_ecdsa_signature()
        let isValid = compact.span.withUnsafeBufferPointer { compact in
            message.span.withUnsafeBufferPointer { message in
                // The parser rejects an r or s that is not below the order. The verifier rejects zero. A high s is
                // valid in this format, but the verifier accepts only a low s, so s is normalised first.
                guard secp256k1_ecdsa_signature_parse_compact(context, &parsed, compact.baseAddress!) == 1
                else { return false }
                secp256k1_ecdsa_signature_normalize(context, &lowS, &parsed)
                return secp256k1_ecdsa_verify(context, &lowS, message.baseAddress!, &key) == 1
            }
        }
        return isValid ? .valid : .invalid
    }

    public static func verifyUser(
        _ publicKey: Span<UInt8>, digest: Span<UInt8>, signature: Span<UInt8>
    ) -> Verdict {
        PortableBackend.verifyUser(publicKey, digest: digest, signature: signature)
    }

    public static func sha1(_ message: Span<UInt8>) -> SHA1Digest { LibcryptoHash.sha1(message) }

    public static func sha256(_ message: Span<UInt8>) -> SHA256Digest { LibcryptoHash.sha256(message) }

    public static func hmacSHA256(key: Span<UInt8>, message: Span<UInt8>) -> SHA256Digest {
        LibcryptoHash.hmacSHA256(key: key, message: message)
    }
}

extension InlineArray where Element == UInt8 {
    /// Writes a big-endian number into a field of 32 bytes whose last byte is before `end`. Returns false when the
    /// number is longer than the field.
    fileprivate mutating func place(_ number: Span<UInt8>, endingAt end: Int) -> Bool {
        guard number.count <= 32 else { return false }
        for index in number.indices { self[end &- number.count &+ index] = number[index] }
        return true
    }
}
