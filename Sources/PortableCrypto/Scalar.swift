// Scalars: integers modulo the group order n, multiplied by Montgomery's method (Math. Comp. 44, 1985; the
// product-then-reduce form of Koc, Acar and Kaliski, 1996). A verification needs only three products, so this layer is
// written for size. It works for any odd n: the tests use it on tiny groups too.
//
// Variable time: for public data only.

struct Scalar<C: Curve>: BitwiseCopyable, Sendable {
    var words: C.Words

    @inline(__always) init(_ words: C.Words) { self.words = words }

    /// Reads a big-endian integer; nil unless it is in 1...n - 1, the range of r and s in a signature.
    init?(nonzero bytes: Span<UInt8>) {
        guard let words = C.Words(bigEndian: bytes), !words.isZero, words.isLess(than: C.order) else { return nil }
        self.words = words
    }

    /// The leftmost `orderBits` bits of a digest as an integer below 2^bits, not reduced (SEC 1, section 4.1.4, step
    /// 5). A shorter digest is used whole. An empty digest is zero.
    static func truncated(digest: Span<UInt8>) -> C.Words {
        let whole = (C.orderBits &+ 7) / 8
        let taken = digest.count < whole ? digest.count : whole
        let words = C.Words(bigEndian: digest.extracting(first: taken)) ?? C.Words()
        let excess = taken &* 8 &- C.orderBits
        if excess <= 0 { return words }
        // Shifts out the last 1 to 7 bits, for an order whose bit length is not a multiple of 8.
        var shifted = words
        var above: Limb = 0
        var i = C.Words.count
        while i > 0 {
            i &-= 1
            let limb = words[i]
            shifted[i] = limb &>> Limb(truncatingIfNeeded: excess)
            shifted[i] |= above &<< Limb(truncatingIfNeeded: Limb.bitWidth &- excess)
            above = limb
        }
        return shifted
    }

    /// -1/n modulo 2^bitWidth, by Newton's iteration. n is its own inverse modulo 8, and each step doubles the number
    /// of correct bits.
    @inline(__always) static var negatedOrderInverse: Limb {
        let n = C.order[0]
        var inverse = n
        for _ in 0..<5 { inverse = inverse &* (2 &- n &* inverse) }
        return 0 &- inverse
    }

    /// a * b / 2^bits modulo n, below n, for any a below 2^bits and any b below n.
    @inline(never) static func montgomeryProduct(_ a: C.Words, _ b: C.Words) -> C.Words {
        let count = C.Words.count
        let order = C.order
        var wide = C.calledProduct(a, b)
        var top: Limb = 0
        for i in 0..<count {
            let factor = wide[i] &* negatedOrderInverse
            var carry: Limb = 0
            for j in 0..<count { wide[i &+ j] = multiplyAdd(factor, order[j], wide[i &+ j], &carry) }
            wide[i &+ count] = addWithCarry(wide[i &+ count], carry, &top)
        }
        // a * b + n * 2^bits < 2 * n * 2^bits, so the quotient is below 2n.
        var result = C.Words()
        for i in 0..<count { result[i] = wide[i &+ count] }
        if top != 0 || !result.isLess(than: order) { _ = result.subtract(order) }
        return result
    }
}
