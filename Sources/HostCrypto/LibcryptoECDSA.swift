import CLibcrypto
import TransitCrypto

/// ECDSA with libcrypto's EC functions: an independent oracle for tools and tests. The shipped library does not contain
/// it. It empties the error queue of the calling thread.
public enum LibcryptoECDSA {
    public enum Curve: Sendable {
        case secp192k1, secp256k1

        fileprivate var identifier: Int32 {
            switch self {
            case .secp192k1: NID_secp192k1
            case .secp256k1: NID_secp256k1
            }
        }

        fileprivate var coordinateCount: Int {
            switch self {
            case .secp192k1: 24
            case .secp256k1: 32
            }
        }
    }

    /// Verifies a signature. `publicKey` is in SEC 1 form, compressed or uncompressed; `digest` has any length;
    /// `signature` is strict DER.
    public static func verify(
        on curve: Curve, publicKey: Span<UInt8>, digest: Span<UInt8>, signature: Span<UInt8>
    ) -> Verdict {
        guard SEC1.isPlain(publicKey, coordinateCount: curve.coordinateCount), let der = DERSignature(signature)
        else { return .invalid }
        ERR_clear_error()
        defer { ERR_clear_error() }

        guard let key = EC_KEY_new_by_curve_name(curve.identifier) else { return verdictOnFailure() }
        defer { EC_KEY_free(key) }
        let isPoint = publicKey.withUnsafeBufferPointer { EC_KEY_oct2key(key, $0.baseAddress, $0.count, nil) }
        guard isPoint == 1 else { return verdictOnFailure() }

        guard let parsed = ECDSA_SIG_new() else { return .outOfMemory }
        defer { ECDSA_SIG_free(parsed) }
        guard let r = number(der.r) else { return .outOfMemory }
        guard let s = number(der.s) else {
            BN_free(r)
            return .outOfMemory
        }
        ECDSA_SIG_set0(parsed, r, s)

        let result = digest.withUnsafeBufferPointer { bytes in
            ECDSA_do_verify(bytes.baseAddress, Int32(clamping: bytes.count), parsed, key)
        }
        switch result {
        case 1: return .valid
        case 0: return .invalid
        default: return verdictOnFailure()
        }
    }

    private static func number(_ bytes: Span<UInt8>) -> OpaquePointer? {
        bytes.withUnsafeBufferPointer { BN_bin2bn($0.baseAddress, Int32(clamping: $0.count), nil) }
    }

    /// Reads the error queue, because libcrypto returns the same value for a bad point, a sum at infinity and an
    /// internal failure.
    private static func verdictOnFailure() -> Verdict {
        switch posoffline_libcrypto_take_reason() {
        case POSOFFLINE_LIBCRYPTO_BAD_POINT: .invalid
        case POSOFFLINE_LIBCRYPTO_OUT_OF_MEMORY: .outOfMemory
        default: .failed
        }
    }
}
