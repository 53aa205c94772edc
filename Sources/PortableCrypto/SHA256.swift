// SHA-256 (FIPS 180-4, section 6.2), with incremental input, so that HMAC needs no copy of the message.
//
// No branch and no address depends on the input bytes, so secrets may be hashed. After a secret, the caller must call
// `wipe`.

import TransitCrypto

/// FIPS 180-4, section 4.2.2: the first 32 bits of the fractional parts of the cube roots of the first 64 primes.
private let roundConstants: InlineArray<64, UInt32> = [
    0x428A_2F98, 0x7137_4491, 0xB5C0_FBCF, 0xE9B5_DBA5, 0x3956_C25B, 0x59F1_11F1, 0x923F_82A4, 0xAB1C_5ED5,
    0xD807_AA98, 0x1283_5B01, 0x2431_85BE, 0x550C_7DC3, 0x72BE_5D74, 0x80DE_B1FE, 0x9BDC_06A7, 0xC19B_F174,
    0xE49B_69C1, 0xEFBE_4786, 0x0FC1_9DC6, 0x240C_A1CC, 0x2DE9_2C6F, 0x4A74_84AA, 0x5CB0_A9DC, 0x76F9_88DA,
    0x983E_5152, 0xA831_C66D, 0xB003_27C8, 0xBF59_7FC7, 0xC6E0_0BF3, 0xD5A7_9147, 0x06CA_6351, 0x1429_2967,
    0x27B7_0A85, 0x2E1B_2138, 0x4D2C_6DFC, 0x5338_0D13, 0x650A_7354, 0x766A_0ABB, 0x81C2_C92E, 0x9272_2C85,
    0xA2BF_E8A1, 0xA81A_664B, 0xC24B_8B70, 0xC76C_51A3, 0xD192_E819, 0xD699_0624, 0xF40E_3585, 0x106A_A070,
    0x19A4_C116, 0x1E37_6C08, 0x2748_774C, 0x34B0_BCB5, 0x391C_0CB3, 0x4ED8_AA4A, 0x5B9C_CA4F, 0x682E_6FF3,
    0x748F_82EE, 0x78A5_636F, 0x84C8_7814, 0x8CC7_0208, 0x90BE_FFFA, 0xA450_6CEB, 0xBEF9_A3F7, 0xC671_78F2,
]

/// Not copyable: `wipe` would not reach a copy of a secret's state.
struct SHA256: ~Copyable {
    private var state = InlineArray<8, UInt32>(repeating: 0)
    private var schedule = InlineArray<16, UInt32>(repeating: 0)
    private var block = MessageBlock()

    init() { reset() }

    /// The digest of `message`.
    static func digest(_ message: Span<UInt8>) -> SHA256Digest {
        var hash = SHA256()
        hash.update(message)
        return hash.finish()
    }

    /// Starts a new message.
    mutating func reset() {
        state = [
            0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB, 0x5BE0_CD19,
        ]
        block.length = 0
    }

    @inline(never) mutating func update(_ bytes: Span<UInt8>) {
        for i in 0..<bytes.count {
            if block.append(bytes[i]) { compress() }
        }
    }

    /// Appends a block: at most 64 bytes, filled with zeros. Each byte is xored with `padding`.
    @inline(never) mutating func update(_ bytes: Span<UInt8>, padding: UInt8) {
        for i in 0..<64 {
            let byte: UInt8 = i < bytes.count ? bytes[i] : 0
            if block.append(byte ^ padding) { compress() }
        }
    }

    /// The digest of all input. Only `wipe` and `reset` may follow.
    @inline(never) mutating func finish() -> SHA256Digest {
        if block.pad() { compress() }
        block.finish()
        compress()
        var digest = SHA256Digest(repeating: 0)
        for i in 0..<32 {
            digest[i] = UInt8(truncatingIfNeeded: state[i &>> 2] &>> UInt32(24 &- 8 &* (i & 3)))
        }
        return digest
    }

    /// Overwrites the state. Needed after a secret was hashed.
    mutating func wipe() {
        Secret.overwrite(&state, with: InlineArray(repeating: 0))
        Secret.overwrite(&schedule, with: InlineArray(repeating: 0))
        Secret.overwrite(&block, with: MessageBlock())
    }

    /// The message schedule is in the struct and not on the stack, so that `wipe` reaches it.
    @inline(never) private mutating func compress() {
        schedule = block.words
        var (a, b, c, d) = (state[0], state[1], state[2], state[3])
        var (e, f, g, h) = (state[4], state[5], state[6], state[7])
        for t in 0..<64 {
            let index = t & 15
            if t >= 16 {
                let w15 = schedule[(t &+ 1) & 15]
                let w2 = schedule[(t &+ 14) & 15]
                let s0 = Self.rotate(w15, 7) ^ Self.rotate(w15, 18) ^ w15 &>> 3
                let s1 = Self.rotate(w2, 17) ^ Self.rotate(w2, 19) ^ w2 &>> 10
                schedule[index] = schedule[index] &+ s0 &+ schedule[(t &+ 9) & 15] &+ s1
            }
            let sum1 = Self.rotate(e, 6) ^ Self.rotate(e, 11) ^ Self.rotate(e, 25)
            let t1 = h &+ sum1 &+ (g ^ (e & (f ^ g))) &+ roundConstants[t] &+ schedule[index]
            let sum0 = Self.rotate(a, 2) ^ Self.rotate(a, 13) ^ Self.rotate(a, 22)
            let t2 = sum0 &+ ((a & b) | (c & (a | b)))
            h = g
            g = f
            f = e
            e = d &+ t1
            d = c
            c = b
            b = a
            a = t1 &+ t2
        }
        state[0] = state[0] &+ a
        state[1] = state[1] &+ b
        state[2] = state[2] &+ c
        state[3] = state[3] &+ d
        state[4] = state[4] &+ e
        state[5] = state[5] &+ f
        state[6] = state[6] &+ g
        state[7] = state[7] &+ h
    }

    @inline(__always) private static func rotate(_ x: UInt32, _ by: UInt32) -> UInt32 {
        x &>> by | x &<< (32 &- by)
    }
}
