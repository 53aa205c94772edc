// The curve secp256k1: SEC 2 (version 2.0), section 2.4.1. `scripts/curve-constants.py` derives the other constants.

enum Secp256k1: Curve {
    #if _pointerBitWidth(_64) && !POSOFFLINE_LIMB32
    typealias Words = Limbs<4>
    typealias Wide = Limbs<8>
    typealias Batches = SignedBatches<5>
    #else
    typealias Words = Limbs<8>
    typealias Wide = Limbs<16>
    typealias Batches = SignedBatches<9>
    #endif

    @inline(__always) static var tail: UInt32 { 977 }
    @inline(__always) static var b: Words { Words([7, 0, 0, 0]) }
    @inline(__always) static var orderBits: Int { 256 }
    @inline(__always) static var splitShift: Int { 320 }
    @inline(__always) static var halfBits: Int { 128 }
    @inline(__always) static var generatorWindow: Int { 9 }

    @inline(__always) static var beta: Words {
        Words([0xC1396C28719501EE, 0x9CF0497512F58995, 0x6E64479EAC3434E9, 0x7AE96A2B657C0710])
    }
    @inline(__always) static var order: Words {
        Words([0xBFD25E8CD0364141, 0xBAAEDCE6AF48A03B, 0xFFFFFFFFFFFFFFFE, 0xFFFFFFFFFFFFFFFF])
    }
    @inline(__always) static var primeMinusOrder: Words {
        Words([0x402DA1722FC9BAEE, 0x4551231950B75FC4, 0x0000000000000001, 0])
    }
    @inline(__always) static var montgomeryFactor: Words {
        Words([0x896CF21467D7D140, 0x741496C20E7CF878, 0xE697F5E45BCD07C6, 0x9D671CD581C69BC5])
    }
    @inline(__always) static var basisA1: Words {
        Words([0xE86C90E49284EB15, 0x3086D221A7D46BCD, 0, 0])
    }
    @inline(__always) static var basisA2: Words {
        Words([0x57C1108D9D44CFD8, 0x14CA50F7A8E2F3F6, 0x0000000000000001, 0])
    }
    @inline(__always) static var basisMinusB1: Words {
        Words([0x6F547FA90ABFE4C3, 0xE4437ED6010E8828, 0, 0])
    }
    @inline(__always) static var basisB2: Words {
        Words([0xE86C90E49284EB15, 0x3086D221A7D46BCD, 0, 0])
    }
    @inline(__always) static var split1: Words {
        Words([0x3DAA8A1471E8CA80, 0xE86C90E49284EB15, 0x3086D221A7D46BCD, 0])
    }
    @inline(__always) static var split2: Words {
        Words([0x221208AC9DF506C6, 0x6F547FA90ABFE4C4, 0xE4437ED6010E8828, 0])
    }

    static func oddMultipleOfGenerator(_ index: Int) -> AffinePoint<Self> {
        let at = (index & 127) &* 8
        let table = secp256k1Table
        return AffinePoint(
            x: Field(Words([table[at &+ 0], table[at &+ 1], table[at &+ 2], table[at &+ 3]])),
            y: Field(Words([table[at &+ 4], table[at &+ 5], table[at &+ 6], table[at &+ 7]])))
    }

    /// (p + 1) / 4 in binary is 223 ones, a zero, 22 ones, four zeros, two ones, two zeros.
    static func squareRootCandidate(_ a: Field<Self>) -> Field<Self> {
        // ones3 is a^(2^3 - 1), and so on: ones(m + n) = ones(m)^(2^n) * ones(n).
        let ones2 = a.squared * a
        let ones3 = ones2.squared * a
        let ones6 = ones3.squared(times: 3) * ones3
        let ones11 = (ones6.squared(times: 3) * ones3).squared(times: 2) * ones2
        let ones22 = ones11.squared(times: 11) * ones11
        let ones44 = ones22.squared(times: 22) * ones22
        let ones88 = ones44.squared(times: 44) * ones44
        let ones176 = ones88.squared(times: 88) * ones88
        let ones220 = ones176.squared(times: 44) * ones44
        let ones223 = ones220.squared(times: 3) * ones3
        return ((ones223.squared(times: 23) * ones22).squared(times: 6) * ones2).squared(times: 2)
    }
}
