// The calls of libcrypto that signing needs. Only this file of the module uses unsafe pointers.

import CLibcrypto

/// Why a call of `Libcrypto` failed.
enum LibcryptoFault: Error {
    case scalarOutOfRange
    case failed
}

enum Libcrypto {
    /// A private key and its public point in compressed form.
    struct KeyPair {
        var scalar: [UInt8]
        var publicKey: [UInt8]
    }

    /// r, s, and the group order minus s, each without leading zero bytes.
    struct Signature {
        var r: [UInt8]
        var s: [UInt8]
        var mirroredS: [UInt8]
    }

    static func generate(on curve: SigningKey.Curve) throws(LibcryptoFault) -> KeyPair {
        try withKey(on: curve) { key throws(LibcryptoFault) in
            guard EC_KEY_generate_key(key) == 1, let number = EC_KEY_get0_private_key(key) else { throw .failed }
            var scalar = [UInt8](repeating: 0, count: curve.scalarCount)
            guard BN_bn2binpad(number, &scalar, Int32(scalar.count)) == scalar.count else { throw .failed }
            return KeyPair(scalar: scalar, publicKey: try publicKey(of: key, on: curve))
        }
    }

    static func keyPair(scalar: [UInt8], on curve: SigningKey.Curve) throws(LibcryptoFault) -> KeyPair {
        try withKey(scalar: scalar, on: curve) { key throws(LibcryptoFault) in
            KeyPair(scalar: scalar, publicKey: try publicKey(of: key, on: curve))
        }
    }

    static func sign(
        digest: [UInt8], scalar: [UInt8], on curve: SigningKey.Curve
    ) throws(LibcryptoFault) -> Signature {
        try withKey(scalar: scalar, on: curve) { key throws(LibcryptoFault) in
            guard let signature = ECDSA_do_sign(digest, Int32(clamping: digest.count), key) else { throw .failed }
            defer { ECDSA_SIG_free(signature) }
            guard let r = ECDSA_SIG_get0_r(signature), let s = ECDSA_SIG_get0_s(signature),
                let order = EC_GROUP_get0_order(EC_KEY_get0_group(key)), let mirrored = BN_new()
            else { throw .failed }
            defer { BN_free(mirrored) }
            guard BN_sub(mirrored, order, s) == 1 else { throw .failed }
            return Signature(r: bytes(of: r), s: bytes(of: s), mirroredS: bytes(of: mirrored))
        }
    }

    static func isPoint(_ publicKey: [UInt8], on curve: SigningKey.Curve) -> Bool {
        let result = try? withKey(on: curve) { key throws(LibcryptoFault) in
            EC_KEY_oct2key(key, publicKey, publicKey.count, nil) == 1
        }
        return result ?? false
    }

    /// Compares two MACs in constant time, so that the time does not reveal the position of a difference.
    static func isEqualInConstantTime(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        a.count == b.count && CRYPTO_memcmp(a, b, a.count) == 0
    }

    // MARK: Pieces

    private static func withKey<Result>(
        on curve: SigningKey.Curve, _ body: (OpaquePointer) throws(LibcryptoFault) -> Result
    ) throws(LibcryptoFault) -> Result {
        ERR_set_mark()
        defer { ERR_pop_to_mark() }
        guard let key = EC_KEY_new_by_curve_name(curve.identifier) else { throw .failed }
        defer { EC_KEY_free(key) }
        return try body(key)
    }

    private static func withKey<Result>(
        scalar: [UInt8], on curve: SigningKey.Curve, _ body: (OpaquePointer) throws(LibcryptoFault) -> Result
    ) throws(LibcryptoFault) -> Result {
        try withKey(on: curve) { key throws(LibcryptoFault) in
            guard let number = BN_bin2bn(scalar, Int32(clamping: scalar.count), nil) else { throw .failed }
            defer { BN_clear_free(number) }
            let group = EC_KEY_get0_group(key)
            guard BN_is_zero(number) == 0, BN_cmp(number, EC_GROUP_get0_order(group)) < 0 else {
                throw .scalarOutOfRange
            }
            guard EC_KEY_set_private_key(key, number) == 1 else { throw .failed }
            return try body(key)
        }
    }

    /// Computes the public key when the key object has none. Signing needs the scalar alone, so the point is computed
    /// only on request.
    private static func publicKey(
        of key: OpaquePointer, on curve: SigningKey.Curve
    ) throws(LibcryptoFault) -> [UInt8] {
        let group = EC_KEY_get0_group(key)
        guard let point = EC_POINT_new(group) else { throw .failed }
        defer { EC_POINT_free(point) }
        guard EC_POINT_mul(group, point, EC_KEY_get0_private_key(key), nil, nil, nil) == 1 else { throw .failed }
        var encoded = [UInt8](repeating: 0, count: 1 + curve.scalarCount)
        let count = EC_POINT_point2oct(
            group, point, POINT_CONVERSION_COMPRESSED, &encoded, encoded.count, nil)
        guard count == encoded.count else { throw .failed }
        return encoded
    }

    private static func bytes(of number: OpaquePointer) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(BN_num_bits(number) + 7) / 8)
        BN_bn2bin(number, &bytes)
        return bytes
    }
}

extension SigningKey.Curve {
    fileprivate var identifier: Int32 {
        switch self {
        case .secp256k1: NID_secp256k1
        case .secp192k1: NID_secp192k1
        }
    }
}
