// The inverse modulo the group order, by division steps: D. J. Bernstein and B.-Y. Yang, "Fast constant-time gcd
// computation and modular inversion", CHES 2019, run in variable time and in batches of nearly a limb, as
// P. Wuille's note "The safegcd implementation in libsecp256k1" explains.
//
// A division step takes (eta, f, g), f odd, to
//     (-eta - 1, g, (g - f) / 2)   if eta < 0 and g is odd,
//     (eta - 1, f, (g + (g & 1) f) / 2) otherwise,
// up to the sign of f. The greatest common divisor never changes, so that with f = n at first, g = 0 at last leaves
// f = 1 or -1. A batch of steps depends only on the lowest bits of f and g and is one 2x2 matrix of limbs, which is
// then applied to the long numbers: to (f, g), where it divides exactly, and modulo n to (d, e), for which
// d * x = f and e * x = g (mod n) hold throughout.
//
// Variable time: for public data only.

/// A signed number in batches: digits of `Batch.bits` bits, each in 0..<2^bits but the last, which has the sign.
protocol BatchVector: BitwiseCopyable, Sendable {
    static var count: Int { get }
    init()
    /// As in `LimbVector`: every index is a loop counter below `count`.
    subscript(_ index: Int) -> SignedLimb { get set }
}

struct SignedBatches<let size: Int>: BatchVector {
    var storage: InlineArray<size, SignedLimb>

    @inline(__always) static var count: Int { size }

    @inline(__always) init() { storage = InlineArray(repeating: 0) }

    @inline(__always) subscript(_ index: Int) -> SignedLimb {
        get { storage[index] }
        set { storage[index] = newValue }
    }
}

enum Batch {
    /// Division steps in a batch: two bits short of a limb, so that the matrix and its row sums, at most 2^bits in
    /// magnitude, fit a signed limb.
    static var bits: Int { @inline(__always) get { Limb.bitWidth &- 2 } }

    @inline(__always) static func low(_ value: SignedDoubleLimb) -> SignedLimb {
        SignedLimb(truncatingIfNeeded: value) & SignedLimb(truncatingIfNeeded: Limb.max &>> 2)
    }

    @inline(__always) static func product(_ a: SignedLimb, _ b: SignedLimb) -> SignedDoubleLimb {
        SignedDoubleLimb(a) &* SignedDoubleLimb(b)
    }

    /// 2^bits times the product of a batch of division steps.
    struct Matrix {
        var u: SignedLimb = 1
        var v: SignedLimb = 0
        var q: SignedLimb = 0
        var r: SignedLimb = 1

        /// Runs a batch from the lowest limbs of f and g, and moves eta along.
        @inline(__always) init(_ eta: inout Int, _ lowF: Limb, _ lowG: Limb) {
            var f = lowF
            var g = lowG
            var left = Batch.bits
            while true {
                // All the steps in which g is even, at once. The mask bounds the count by what is left.
                let zeros = (g | Limb.max &<< Limb(truncatingIfNeeded: left)).trailingZeroBitCount
                g = g &>> Limb(truncatingIfNeeded: zeros)
                u = u &<< SignedLimb(truncatingIfNeeded: zeros)
                v = v &<< SignedLimb(truncatingIfNeeded: zeros)
                eta &-= zeros
                left &-= zeros
                if left <= 0 { return }
                if eta < 0 {
                    eta = 0 &- eta
                    (f, g) = (g, 0 &- f)
                    (u, q) = (q, 0 &- u)
                    (v, r) = (r, 0 &- v)
                }
                // For the next eta + 1 steps f stays, so a multiple of it clears that many bits of g together: at
                // most 6, since f * (2 - f^2) is 1 / f modulo 2^6.
                var limit = eta &+ 1 < left ? eta &+ 1 : left
                if limit > 6 { limit = 6 }
                let factor = (g &* f &* (f &* f &- 2)) & (1 &<< Limb(truncatingIfNeeded: limit) &- 1)
                let signed = SignedLimb(truncatingIfNeeded: factor)
                g = g &+ f &* factor
                q = q &+ u &* signed
                r = r &+ v &* signed
            }
        }
    }
}

extension Curve {
    /// Splits x into digits of one batch each.
    private static func batches(_ x: Words) -> Batches {
        var result = Batches()
        for i in 0..<Batches.count {
            let bit = i &* Batch.bits
            let index = bit / Limb.bitWidth
            let shift = bit % Limb.bitWidth
            var digit = x[index] &>> Limb(shift)
            if shift > 2 && index &+ 1 < Words.count { digit |= x[index &+ 1] &<< Limb(Limb.bitWidth &- shift) }
            result[i] = SignedLimb(truncatingIfNeeded: digit & Limb.max &>> 2)
        }
        return result
    }

    /// The reverse of `batches`, for 0 <= x < 2^bits.
    private static func words(_ x: Batches) -> Words {
        var result = Words()
        for i in 0..<Batches.count {
            let bit = i &* Batch.bits
            let index = bit / Limb.bitWidth
            let shift = bit % Limb.bitWidth
            let digit = Limb(truncatingIfNeeded: x[i])
            result[index] |= digit &<< Limb(shift)
            if shift > 2 && index &+ 1 < Words.count {
                result[index &+ 1] |= digit &>> Limb(Limb.bitWidth &- shift)
            }
        }
        return result
    }

    /// (f, g) = matrix * (f, g) / 2^bits, exactly.
    @inline(__always) private static func apply(_ m: Batch.Matrix, _ f: inout Batches, _ g: inout Batches) {
        var cf: SignedDoubleLimb = 0
        var cg: SignedDoubleLimb = 0
        for i in 0..<Batches.count {
            let (fi, gi) = (f[i], g[i])
            cf = cf &+ Batch.product(m.u, fi) &+ Batch.product(m.v, gi)
            cg = cg &+ Batch.product(m.q, fi) &+ Batch.product(m.r, gi)
            if i > 0 {
                f[i &- 1] = Batch.low(cf)
                g[i &- 1] = Batch.low(cg)
            }
            cf = cf &>> SignedDoubleLimb(Batch.bits)
            cg = cg &>> SignedDoubleLimb(Batch.bits)
        }
        f[Batches.count &- 1] = SignedLimb(truncatingIfNeeded: cf)
        g[Batches.count &- 1] = SignedLimb(truncatingIfNeeded: cg)
    }

    /// (d, e) = matrix * (d, e) / 2^bits modulo n.
    ///
    /// The multiple of n that clears the lowest digit makes the division exact. It is between -n and 0 after it, and
    /// the matrix's row sums are at most 2^bits: in magnitude d and e grow by less than n a batch. Sums stay below
    /// 2^(2 * bitWidth - 1): each is at most three products of 2^bits by 2^bits and a carry.
    @inline(__always) private static func apply(
        _ m: Batch.Matrix, modulo n: Batches, _ nInverse: Limb, _ d: inout Batches, _ e: inout Batches
    ) {
        var md: SignedLimb = 0
        var me: SignedLimb = 0
        var cd: SignedDoubleLimb = 0
        var ce: SignedDoubleLimb = 0
        for i in 0..<Batches.count {
            let (di, ei) = (d[i], e[i])
            cd = cd &+ Batch.product(m.u, di) &+ Batch.product(m.v, ei)
            ce = ce &+ Batch.product(m.q, di) &+ Batch.product(m.r, ei)
            if i == 0 {
                md = 0 &- SignedLimb(truncatingIfNeeded: nInverse &* Limb(truncatingIfNeeded: cd) & Limb.max &>> 2)
                me = 0 &- SignedLimb(truncatingIfNeeded: nInverse &* Limb(truncatingIfNeeded: ce) & Limb.max &>> 2)
            }
            cd = cd &+ Batch.product(n[i], md)
            ce = ce &+ Batch.product(n[i], me)
            if i > 0 {
                d[i &- 1] = Batch.low(cd)
                e[i &- 1] = Batch.low(ce)
            }
            cd = cd &>> SignedDoubleLimb(Batch.bits)
            ce = ce &>> SignedDoubleLimb(Batch.bits)
        }
        let last = Batches.count &- 1
        d[last] = SignedLimb(truncatingIfNeeded: cd)
        e[last] = SignedLimb(truncatingIfNeeded: ce)
    }

    /// x * sign + n * multiple, for a sign of 1 or -1.
    private static func combine(_ x: Batches, _ sign: SignedLimb, _ n: Batches, _ multiple: SignedLimb) -> Batches {
        var result = Batches()
        var carry: SignedDoubleLimb = 0
        for i in 0..<Batches.count {
            carry = carry &+ Batch.product(x[i], sign) &+ Batch.product(n[i], multiple)
            result[i] = i < Batches.count &- 1 ? Batch.low(carry) : SignedLimb(truncatingIfNeeded: carry)
            carry = carry &>> SignedDoubleLimb(Batch.bits)
        }
        return result
    }

    /// d, or -d, brought from between -26n and 26n to 0..<n: nearly always one step, or none.
    private static func normalized(_ d: Batches, negate: Bool, _ n: Batches) -> Words {
        let last = Batches.count &- 1
        var x = negate ? combine(d, -1, n, 0) : d
        while x[last] < 0 { x = combine(x, 1, n, 1) }
        while true {
            let less = combine(x, 1, n, -1)
            if less[last] < 0 { return words(x) }
            x = less
        }
    }

    /// 1 / x modulo n, for x in 1..<n. (For x = 0 it is 0.)
    @inline(never) static func inverse(_ x: Words) -> Words {
        let n = batches(order)
        let nInverse = 0 &- Scalar<Self>.negatedOrderInverse
        var f = n
        var g = batches(x)
        var d = Batches()
        var e = Batches()
        e[0] = 1
        var eta = -1
        // Numbers of 256 bits need at most (49 * 256 + 57) / 17 = 741 steps (the paper's theorem 11.2): 12 batches of
        // 62 or 25 of 30. The limit makes it evident that the loop terminates.
        for _ in 0..<26 {
            let lowF = Limb(truncatingIfNeeded: f[0])
            let lowG = Limb(truncatingIfNeeded: g[0])
            let matrix = Batch.Matrix(&eta, lowF, lowG)
            apply(matrix, modulo: n, nInverse, &d, &e)
            apply(matrix, &f, &g)
            var rest: SignedLimb = 0
            for i in 0..<Batches.count { rest |= g[i] }
            if rest == 0 { break }
        }
        return normalized(d, negate: f[Batches.count &- 1] < 0, n)
    }
}
