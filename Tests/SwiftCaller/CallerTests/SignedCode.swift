import CLibcrypto
import Foundation

/// A key pair of one of the two curves, made by libcrypto.
///
/// These tests make their codes from docs/format.md alone, without the code of the library. Signing does not change a
/// key, so threads may share it.
final class KeyPair: @unchecked Sendable {
    private let key: OpaquePointer
    /// The public key in compressed form.
    let publicKey: [UInt8]

    init(curve: Int32) {
        key = EC_KEY_new_by_curve_name(curve)
        precondition(EC_KEY_generate_key(key) == 1)
        var point = [UInt8](repeating: 0, count: 33)
        let count = EC_POINT_point2oct(
            EC_KEY_get0_group(key), EC_KEY_get0_public_key(key), POINT_CONVERSION_COMPRESSED, &point, point.count, nil)
        publicKey = Array(point.prefix(count))
    }

    deinit { EC_KEY_free(key) }

    /// The DER signature of the SHA-1 digest of `bytes`.
    func sign(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 20)
        SHA1(bytes, bytes.count, &digest)
        var signature = [UInt8](repeating: 0, count: 80)
        var count: UInt32 = 0
        precondition(ECDSA_sign(0, digest, 20, &signature, &count, key) == 1)
        return Array(signature.prefix(Int(count)))
    }
}

/// A code whose fields a test can change before it is signed (docs/format.md).
struct CodeDraft {
    var version: UInt8 = 2
    var keyID: UInt8 = 7
    var userID = "2088123412341234"
    var expiry = CodeDraft.now + 86_400
    var window: UInt16 = 600
    var quotaCent: UInt16 = 2000
    var cardType = "CITY0001"
    var cardNumber = "6217000012345678"
    var cardData: [UInt8] = [0x00, 0xFF, 0x30]
    var generated = CodeDraft.now

    static let issuer = KeyPair(curve: NID_secp256k1)
    static let rider = KeyPair(curve: NID_secp192k1)

    static var now: UInt32 { UInt32(Date().timeIntervalSince1970) }

    func signed() -> [UInt8] {
        let credential =
            Array(userID.utf8) + bigEndian(expiry) + bigEndian(window) + bigEndian(quotaCent)
            + [UInt8](repeating: 0, count: 12) + Self.rider.publicKey + Array(cardType.utf8)
            + counted(Array(cardNumber.utf8)) + counted(cardData)
        let bytes =
            [version, 1, keyID] + counted(credential) + counted(Self.issuer.sign(credential))
            + counted(bigEndian(generated))
        return bytes + counted(Self.rider.sign(bytes))
    }

    private func counted(_ bytes: [UInt8]) -> [UInt8] { [UInt8(bytes.count)] + bytes }

    private func bigEndian<Number: FixedWidthInteger>(_ value: Number) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }
}
