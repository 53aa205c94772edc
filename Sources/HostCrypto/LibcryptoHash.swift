import CLibcrypto
import TransitCrypto

/// Hashes with the functions of libcrypto that do not allocate and cannot fail.
enum LibcryptoHash {
    static func sha1(_ message: Span<UInt8>) -> SHA1Digest {
        var context = SHA_CTX()
        var digest = SHA1Digest(repeating: 0)
        SHA1_Init(&context)
        message.withUnsafeBytes { _ = SHA1_Update(&context, $0.baseAddress, $0.count) }
        withUnsafeMutableBytes(of: &digest) { _ = SHA1_Final($0.baseAddress, &context) }
        return digest
    }

    static func sha256(_ message: Span<UInt8>) -> SHA256Digest {
        var context = SHA256_CTX()
        SHA256_Init(&context)
        update(&context, message)
        return finish(&context)
    }

    /// HMAC-SHA-256 (RFC 2104). It is built from SHA-256 because libcrypto's HMAC allocates. Wipes every copy of the
    /// key.
    static func hmacSHA256(key: Span<UInt8>, message: Span<UInt8>) -> SHA256Digest {
        var block = InlineArray<64, UInt8>(repeating: 0)
        if key.count > 64 {
            let digest = sha256(key)
            for index in digest.indices { block[index] = digest[index] }
        } else {
            for index in key.indices { block[index] = key[index] }
        }
        for index in block.indices { block[index] ^= innerPad }
        var context = SHA256_CTX()
        SHA256_Init(&context)
        update(&context, block.span)
        update(&context, message)
        let inner = finish(&context)

        for index in block.indices { block[index] ^= innerPad ^ outerPad }
        SHA256_Init(&context)
        update(&context, block.span)
        update(&context, inner.span)
        let outer = finish(&context)

        withUnsafeMutableBytes(of: &block) { OPENSSL_cleanse($0.baseAddress, $0.count) }
        return outer
    }

    private static var innerPad: UInt8 { 0x36 }
    private static var outerPad: UInt8 { 0x5C }

    private static func update(_ context: inout SHA256_CTX, _ message: Span<UInt8>) {
        message.withUnsafeBytes { _ = SHA256_Update(&context, $0.baseAddress, $0.count) }
    }

    private static func finish(_ context: inout SHA256_CTX) -> SHA256Digest {
        var digest = SHA256Digest(repeating: 0)
        withUnsafeMutableBytes(of: &digest) { _ = SHA256_Final($0.baseAddress, &context) }
        // The input may have been a key, so the state is wiped.
        withUnsafeMutableBytes(of: &context) { OPENSSL_cleanse($0.baseAddress, $0.count) }
        return digest
    }
}
