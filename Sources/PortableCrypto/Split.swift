// Splitting a scalar along the endomorphism: R. Gallant, R. Lambert and S. Vanstone, "Faster point multiplication on
// elliptic curves with efficient endomorphisms", CRYPTO 2001; the lattice basis by algorithm 3.74 of the Guide to
// Elliptic Curve Cryptography.
//
// k = k1 + k2 * lambda (mod n) with both halves about half as long as n. With c1, c2 the integers nearest to
// b2 * k / n and -b1 * k / n, (k1, k2) = (k, 0) - c1 * (a1, b1) - c2 * (a2, b2). The quotients come from a product
// with a precomputed reciprocal instead of a division; an error of one there would only lengthen the halves a little.
// Because the halves are known to be short, everything is computed modulo 2^bits in two's complement.

/// One half of a scalar: sign and magnitude.
struct HalfScalar<C: Curve>: BitwiseCopyable {
    /// Below 2^halfBits.
    var magnitude: C.Words
    var isNegative: Bool

    /// From two's complement.
    @inline(__always) init(_ value: C.Words) {
        isNegative = value[C.Words.count &- 1] &>> Limb(Limb.bitWidth &- 1) != 0
        magnitude = value
        if isNegative {
            magnitude = C.Words()
            _ = magnitude.subtract(value)
        }
    }
}

extension Curve {
    /// round(k * multiplier / 2^splitShift).
    @inline(never) private static func quotient(_ k: Words, _ multiplier: Words) -> Words {
        let wide = calledProduct(k, multiplier)
        let skipped = splitShift / Limb.bitWidth
        var result = Words()
        // Rounds by the bit below the cut.
        var carry = wide[skipped &- 1] &>> Limb(Limb.bitWidth &- 1)
        for i in 0..<Words.count where skipped &+ i < Wide.count {
            result[i] = addWithCarry(wide[skipped &+ i], 0, &carry)
        }
        return result
    }

    /// The halves of k, for k below n.
    static func split(_ k: Words) -> (HalfScalar<Self>, HalfScalar<Self>) {
        let c1 = quotient(k, split1)
        let c2 = quotient(k, split2)
        var k1 = k
        _ = k1.subtract(lowProduct(c1, basisA1))
        _ = k1.subtract(lowProduct(c2, basisA2))
        var k2 = lowProduct(c1, basisMinusB1)
        _ = k2.subtract(lowProduct(c2, basisB2))
        return (HalfScalar(k1), HalfScalar(k2))
    }
}
