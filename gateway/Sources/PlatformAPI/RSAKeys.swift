import CLibcrypto
import Foundation

/// A merchant's RSA key, of 2048 to 8192 bits.
package struct RSAPublicKey: Sendable {
    private let key: LibcryptoKey

    fileprivate init(_ key: LibcryptoKey) { self.key = key }

    /// From DER: SPKI, or PKCS#1.
    init(der: Data) throws {
        guard
            let key = LibcryptoKey(der, by: d2i_PUBKEY)
                ?? LibcryptoKey(der, by: { d2i_PublicKey(EVP_PKEY_RSA, $0, $1, $2) })
        else { throw RSAKeyError.notAKey }
        self.key = key
    }

    init(pem: String) throws {
        guard let pem = PEM(pem), pem.label == "PUBLIC KEY" || pem.label == "RSA PUBLIC KEY" else {
            throw RSAKeyError.notAKey
        }
        try self.init(der: pem.content)
    }

    package var bits: Int { Int(EVP_PKEY_get_bits(key.pointer)) }
    /// SPKI.
    package var der: Data { key.encoded(by: i2d_PUBKEY) }
    package var pem: String { PEM(label: "PUBLIC KEY", content: der).text }

    /// Whether this is a PKCS #1 v1.5 signature over SHA-256.
    package func accepts(_ signature: Data, of message: Data) -> Bool {
        guard let context = EVP_MD_CTX_new() else { return false }
        defer {
            EVP_MD_CTX_free(context)
            ERR_clear_error()
        }
        guard EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key.pointer) == 1 else { return false }
        return EVP_DigestVerify(context, signature.bytes, signature.count, message.bytes, message.count) == 1
    }
}

/// An RSA key pair.
package struct RSAPrivateKey: Sendable {
    private let key: LibcryptoKey

    /// A new one, of 2048 bits.
    package init() throws {
        let context = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, nil)
        defer { EVP_PKEY_CTX_free(context) }
        var pointer: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048) == 1,
            EVP_PKEY_generate(context, &pointer) == 1, let pointer
        else { throw RSAKeyError.failed }
        key = LibcryptoKey(owning: pointer)
    }

    /// PKCS#1 or PKCS#8.
    package init(pem: String) throws {
        guard let pem = PEM(pem), pem.label.hasSuffix("PRIVATE KEY"),
            let key = LibcryptoKey(pem.content, by: d2i_AutoPrivateKey)
        else { throw RSAKeyError.notAKey }
        self.key = key
    }

    package var publicKey: RSAPublicKey { RSAPublicKey(key) }
    package var pkcs1: Data { key.encoded(by: i2d_PrivateKey) }
    package var pkcs8: Data {
        let info = EVP_PKEY2PKCS8(key.pointer)
        defer { PKCS8_PRIV_KEY_INFO_free(info) }
        return encoding { i2d_PKCS8_PRIV_KEY_INFO(info, $0) }
    }
    package var pkcs1PEM: String { PEM(label: "RSA PRIVATE KEY", content: pkcs1).text }
    var pkcs8PEM: String { PEM(label: "PRIVATE KEY", content: pkcs8).text }

    /// By PKCS #1 v1.5 over SHA-256.
    package func signature(of message: Data) throws -> Data {
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        var count = Int(EVP_PKEY_get_size(key.pointer))
        var signature = [UInt8](repeating: 0, count: count)
        guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key.pointer) == 1,
            EVP_DigestSign(context, &signature, &count, message.bytes, message.count) == 1
        else { throw RSAKeyError.failed }
        return Data(signature.prefix(count))
    }
}

package enum RSAKeyError: Error {
    /// Not an RSA key of an accepted size and exponent.
    case notAKey
    /// libcrypto failed.
    case failed
}

extension Data {
    package var sha256: Data {
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        SHA256(bytes, count, &digest)
        return Data(digest)
    }

    fileprivate var bytes: [UInt8] { [UInt8](self) }
}

/// Owns a libcrypto key. Several threads may use it at once.
private final class LibcryptoKey: @unchecked Sendable {
    typealias Decoder = (
        UnsafeMutablePointer<OpaquePointer?>?, UnsafeMutablePointer<UnsafePointer<UInt8>?>?, Int
    ) -> OpaquePointer?

    private static let sizes: ClosedRange<Int32> = 2048...8192

    let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) { self.pointer = pointer }
    deinit { EVP_PKEY_free(pointer) }

    /// Nil unless all of `der` is the encoding of an RSA key.
    convenience init?(_ der: Data, by decode: Decoder) {
        defer { ERR_clear_error() }
        let bytes = der.bytes
        let pointer: OpaquePointer? = bytes.withUnsafeBufferPointer { bytes in
            var cursor = bytes.baseAddress
            guard let pointer = decode(nil, &cursor, bytes.count) else { return nil }
            guard cursor == bytes.baseAddress.map({ $0 + bytes.count }) else {
                EVP_PKEY_free(pointer)
                return nil
            }
            return pointer
        }
        guard let pointer else { return nil }
        self.init(owning: pointer)
        guard EVP_PKEY_get_base_id(pointer) == EVP_PKEY_RSA, Self.sizes.contains(EVP_PKEY_get_bits(pointer)),
            isOdd("n", bits: Self.sizes), isOdd("e", bits: 2...33)
        else { return nil }
    }

    private func isOdd(_ name: String, bits: ClosedRange<Int32>) -> Bool {
        var number: OpaquePointer?
        defer { BN_free(number) }
        return EVP_PKEY_get_bn_param(pointer, name, &number) == 1 && BN_is_odd(number) == 1
            && bits.contains(BN_num_bits(number))
    }

    func encoded(by encode: (OpaquePointer?, UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32) -> Data {
        encoding { encode(pointer, $0) }
    }
}

/// The output of one of libcrypto's encoders.
private func encoding(_ encode: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32) -> Data {
    var start: UnsafeMutablePointer<UInt8>?
    let count = Int(encode(&start))
    defer { CRYPTO_clear_free(start, max(count, 0), #fileID, #line) }
    return Data(UnsafeBufferPointer(start: start, count: max(count, 0)))
}

/// RFC 7468's frame around DER.
private struct PEM {
    let label: String
    let content: Data

    init(label: String, content: Data) {
        self.label = label
        self.content = content
    }

    /// Nil without such a frame, and for an encrypted key.
    init?(_ text: String) {
        var text = text
        let parts = text.withUTF8 { bytes -> (label: String, content: Data)? in
            let input = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count))
            var (label, header): (UnsafeMutablePointer<CChar>?, UnsafeMutablePointer<CChar>?)
            var content: UnsafeMutablePointer<UInt8>?
            var count = 0
            defer {
                BIO_free(input)
                CRYPTO_free(label, #fileID, #line)
                CRYPTO_free(header, #fileID, #line)
                CRYPTO_clear_free(content, count, #fileID, #line)
                ERR_clear_error()
            }
            guard PEM_read_bio(input, &label, &header, &content, &count) == 1, let label, header?.pointee == 0 else {
                return nil
            }
            return (String(cString: label), Data(UnsafeBufferPointer(start: content, count: count)))
        }
        guard let parts else { return nil }
        self.init(label: parts.label, content: parts.content)
    }

    var text: String {
        let lines = content.base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        return "-----BEGIN \(label)-----\n\(lines)\n-----END \(label)-----\n"
    }
}
