// HMAC-SHA-256 (RFC 2104). The key is a secret: no branch and no address depends on its bytes (only on its length),
// and every copy of it, of what is derived from it and of the inner digest that is held in memory is wiped before the
// tag is returned. What the compiler keeps in registers, and where it spills them, is beyond reach from here: the
// library overwrites both after each signature (posoffline_platform_wipe_stack_and_registers).

import TransitCrypto

enum HMACSHA256 {
    /// The whole 32-byte tag.
    static func tag(key: Span<UInt8>, message: Span<UInt8>) -> SHA256Digest {
        if key.count <= 64 { return tag(blockKey: key, message: message) }
        // A key longer than a block is replaced by its digest.
        var hash = SHA256()
        hash.update(key)
        var short = hash.finish()
        hash.wipe()
        let tag = tag(blockKey: short.span, message: message)
        Secret.overwrite(&short, with: SHA256Digest(repeating: 0))
        return tag
    }

    /// For a key of at most a block, which zeros fill up.
    @inline(never) private static func tag(blockKey: Span<UInt8>, message: Span<UInt8>) -> SHA256Digest {
        var hash = SHA256()
        hash.update(blockKey, padding: 0x36)
        hash.update(message)
        var inner = hash.finish()
        hash.wipe()
        hash.reset()
        hash.update(blockKey, padding: 0x5C)
        hash.update(inner.span)
        let tag = hash.finish()
        hash.wipe()
        Secret.overwrite(&inner, with: SHA256Digest(repeating: 0))
        return tag
    }
}
