// HMAC-SHA-256 (RFC 2104). The key is secret: branches and addresses depend on its length, but not on its bytes. Before
// the tag is returned, every copy in memory of the key, of values derived from it and of the inner digest is wiped.
// This code cannot wipe registers and spilled registers. The library overwrites them after each signature
// (posoffline_platform_wipe_stack_and_registers).

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

    /// For a key of at most one block. Zeros fill the rest of the block.
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
