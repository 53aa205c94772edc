// SHA-1 (FIPS 180-4, section 6.1), as the code signatures use it. Its collision resistance is broken, but the format
// requires it.

import TransitCrypto

enum SHA1 {
    /// The digest of `message`.
    static func digest(_ message: Span<UInt8>) -> SHA1Digest {
        var state: InlineArray<5, UInt32> = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0]
        var block = MessageBlock()
        for i in 0..<message.count {
            if block.append(message[i]) { compress(&state, block) }
        }
        if block.pad() { compress(&state, block) }
        block.finish()
        compress(&state, block)
        var digest = SHA1Digest(repeating: 0)
        for i in 0..<20 {
            digest[i] = UInt8(truncatingIfNeeded: state[i &>> 2] &>> UInt32(24 &- 8 &* (i & 3)))
        }
        return digest
    }

    @inline(never) private static func compress(_ state: inout InlineArray<5, UInt32>, _ block: MessageBlock) {
        var w = block.words
        var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
        for t in 0..<80 {
            // The message schedule in a ring of 16 words.
            let index = t & 15
            if t >= 16 {
                let mixed = w[(t &+ 13) & 15] ^ w[(t &+ 8) & 15] ^ w[(t &+ 2) & 15] ^ w[index]
                w[index] = mixed &<< 1 | mixed &>> 31
            }
            let f: UInt32
            let k: UInt32
            if t < 20 {
                f = d ^ (b & (c ^ d))
                k = 0x5A82_7999
            } else if t < 40 {
                f = b ^ c ^ d
                k = 0x6ED9_EBA1
            } else if t < 60 {
                f = (b & c) | (d & (b | c))
                k = 0x8F1B_BCDC
            } else {
                f = b ^ c ^ d
                k = 0xCA62_C1D6
            }
            let sum = (a &<< 5 | a &>> 27) &+ f &+ e &+ k &+ w[index]
            e = d
            d = c
            c = b &<< 30 | b &>> 2
            b = a
            a = sum
        }
        state[0] = state[0] &+ a
        state[1] = state[1] &+ b
        state[2] = state[2] &+ c
        state[3] = state[3] &+ d
        state[4] = state[4] &+ e
    }
}
