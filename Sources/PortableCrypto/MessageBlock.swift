// The 64-byte block that SHA-1 and SHA-256 share, with their padding (FIPS 180-4, section 5.1.1): a bit of one,
// zeros, and the message's length in bits in the last eight bytes.
//
// No branch and no address depends on the bytes; the length is public.

struct MessageBlock {
    /// Big-endian words, as both compression functions read them.
    var words = InlineArray<16, UInt32>(repeating: 0)
    /// The number of bytes appended so far, in all blocks.
    var length: UInt64 = 0

    /// Appends a byte. Returns true when the block is complete. Then it must be compressed before the next byte.
    @inline(__always) mutating func append(_ byte: UInt8) -> Bool {
        let at = Int(truncatingIfNeeded: length & 63)
        put(byte, at)
        length = length &+ 1
        return at == 63
    }

    /// Appends the one bit and zeros. Returns true when the length does not fit into this block. Then the block must be
    /// compressed before `finish`.
    mutating func pad() -> Bool {
        let at = Int(truncatingIfNeeded: length & 63)
        put(0x80, at)
        for i in at &+ 1..<64 { put(0, i) }
        return at >= 56
    }

    /// Completes the last block, after `pad`.
    mutating func finish() {
        if length & 63 >= 56 { words = InlineArray(repeating: 0) }
        words[14] = UInt32(truncatingIfNeeded: length &>> 29)
        words[15] = UInt32(truncatingIfNeeded: length &<< 3)
    }

    @inline(__always) private mutating func put(_ byte: UInt8, _ at: Int) {
        let index = at &>> 2 & 15
        let shift = UInt32(24 &- 8 &* (at & 3))
        words[index] = words[index] & ~(0xFF &<< shift) | UInt32(byte) &<< shift
    }
}
