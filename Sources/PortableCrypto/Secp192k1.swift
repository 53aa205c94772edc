// The curve secp192k1: SEC 2 (version 2.0), section 2.2.1. `scripts/curve-constants.py` derives the other constants.

enum Secp192k1: Curve {
    #if _pointerBitWidth(_64) && !POSOFFLINE_LIMB32
    typealias Words = Limbs<3>
    typealias Wide = Limbs<6>
    typealias Batches = SignedBatches<4>
    #else
    typealias Words = Limbs<6>
    typealias Wide = Limbs<12>
    typealias Batches = SignedBatches<7>
    #endif

    @inline(__always) static var tail: UInt32 { 4553 }
    @inline(__always) static var b: Words { Words([3, 0, 0, 0]) }
    @inline(__always) static var orderBits: Int { 192 }
    @inline(__always) static var splitShift: Int { 256 }
    @inline(__always) static var halfBits: Int { 96 }
    @inline(__always) static var generatorWindow: Int { 9 }

    @inline(__always) static var beta: Words {
        Words([0xF34B0AA3CA0BBA74, 0x2F7809FEAAB46947, 0x447A96E6C647963E, 0])
    }
    @inline(__always) static var order: Words {
        Words([0x0F69466A74DEFD8D, 0xFFFFFFFE26F2FC17, 0xFFFFFFFFFFFFFFFF, 0])
    }
    @inline(__always) static var primeMinusOrder: Words {
        Words([0xF096B9948B20F0AA, 0x00000001D90D03E8, 0, 0])
    }
    @inline(__always) static var montgomeryFactor: Words {
        Words([0x461C1989250F0702, 0xF0F4F172195E97E2, 0x6A21191C2EC4B2B1, 0])
    }
    @inline(__always) static var basisA1: Words {
        Words([0xDEC5C4ADCEB8655C, 0x00000000B3FB3400, 0, 0])
    }
    @inline(__always) static var basisA2: Words {
        Words([0x330B3038EDB025F1, 0x0000000071169BE7, 0, 0])
    }
    @inline(__always) static var basisMinusB1: Words {
        Words([0x330B3038EDB025F1, 0x0000000071169BE7, 0, 0])
    }
    @inline(__always) static var basisB2: Words {
        Words([0x11D0F4E6BC688B4D, 0x000000012511CFE8, 0, 0])
    }
    @inline(__always) static var split1: Words {
        Words([0x1D8CCF8538B55E6F, 0x11D0F4E6BC688B4F, 0x000000012511CFE8, 0])
    }
    @inline(__always) static var split2: Words {
        Words([0xD0F885EE42A60A2E, 0x330B3038EDB025F1, 0x0000000071169BE7, 0])
    }

    static func oddMultipleOfGenerator(_ index: Int) -> AffinePoint<Self> {
        let at = (index & 127) &* 6
        let table = secp192k1Table
        return AffinePoint(
            x: Field(Words([table[at &+ 0], table[at &+ 1], table[at &+ 2], 0])),
            y: Field(Words([table[at &+ 3], table[at &+ 4], table[at &+ 5], 0])))
    }

    /// (p + 1) / 4 in binary is 159 ones, a zero, 19 ones, a zero, three ones, three zeros, three ones, a zero.
    static func squareRootCandidate(_ a: Field<Self>) -> Field<Self> {
        // ones3 is a^(2^3 - 1), and so on: ones(m + n) = ones(m)^(2^n) * ones(n).
        let ones2 = a.squared * a
        let ones3 = ones2.squared * a
        let ones6 = ones3.squared(times: 3) * ones3
        let ones9 = ones6.squared(times: 3) * ones3
        let ones18 = ones9.squared(times: 9) * ones9
        let ones19 = ones18.squared * a
        let ones38 = ones19.squared(times: 19) * ones19
        let ones76 = ones38.squared(times: 38) * ones38
        let ones79 = ones76.squared(times: 3) * ones3
        let ones158 = ones79.squared(times: 79) * ones79
        let ones159 = ones158.squared * a
        let high = (ones159.squared(times: 20) * ones19).squared(times: 4) * ones3
        return (high.squared(times: 6) * ones3).squared
    }
}
