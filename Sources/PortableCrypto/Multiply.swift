// u1 * G + u2 * Q: both scalars split in two by the endomorphism, the four halves in signed sliding windows (width-w
// non-adjacent form), and one run of doublings for all four (Straus; Guide to Elliptic Curve Cryptography, algorithms
// 3.36 and 3.51).
//
// The multiples of G are constant data. Those of Q are computed here, without an inversion: a chain of additions of
// 2Q in which both points share their Z (N. Meloni, "New point addition formulae for ECC applications", WAIFI 2007),
// after which all of them are brought to the last one's Z. Leaving that Z out makes them affine points of an
// isomorphic curve, y^2 = x^3 + b * Z^6; the run takes place on it, and Z is put back at the end.
//
// Variable time: for public data only.

/// A scalar's signed digits: digit i, of weight 2^i, is 0 or odd and below 2^(window - 1) in magnitude.
struct SignedDigits: ~Copyable {
    /// Holds 128 bits and a carry.
    typealias Storage = InlineArray<132, Int16>

    var storage = Storage(repeating: 0)
    /// The number of digits up to the highest nonzero one, at most 129.
    var count = 0

    subscript(_ index: Int) -> Int { @inline(__always) get { Int(storage[index]) } }

    /// Recodes from the lowest bit. A window of more than half its range becomes a negative digit and a carry into the
    /// next window. `window` is at most 12.
    @inline(never) init<C: Curve>(_ half: HalfScalar<C>, window: Int) {
        let end = C.halfBits &+ 1
        var carry: Limb = 0
        var bit = 0
        while bit < end && bit < 129 {
            if Self.bits(half.magnitude, bit, 1) == carry {
                bit &+= 1
                continue
            }
            // Every nonzero magnitude is below 2^halfBits, so the last window leaves no carry.
            let value = Int(truncatingIfNeeded: Self.bits(half.magnitude, bit, window) &+ carry)
            carry = Limb(truncatingIfNeeded: value &>> (window &- 1)) & 1
            let digit = value &- Int(truncatingIfNeeded: carry) &<< window
            // Unchecked: 0 <= bit < 129.
            storage[unchecked: bit] = Int16(truncatingIfNeeded: half.isNegative ? 0 &- digit : digit)
            count = bit &+ 1
            bit &+= window
        }
    }

    /// Bits start..<start + width, zero beyond the top.
    @inline(__always) private static func bits<V: LimbVector>(_ x: V, _ start: Int, _ width: Int) -> Limb {
        // Unsigned, so that the optimiser knows that an index is not negative.
        let index = Int(truncatingIfNeeded: UInt(bitPattern: start) / UInt(Limb.bitWidth))
        let shift = start & (Limb.bitWidth &- 1)
        if index >= V.count { return 0 }
        var value = x[index] &>> Limb(truncatingIfNeeded: shift)
        if shift &+ width > Limb.bitWidth && index &+ 1 < V.count {
            value |= x[index &+ 1] &<< Limb(truncatingIfNeeded: Limb.bitWidth &- shift)
        }
        return value & (1 &<< Limb(truncatingIfNeeded: width) &- 1)
    }
}

/// The odd multiples 1, 3, ... 15 of a point, on the curve where the last one's Z is 1.
struct OddMultiples<C: Curve>: ~Copyable {
    static var window: Int { 5 }
    typealias Points = InlineArray<8, AffinePoint<C>>

    var points: Points
    /// beta times each x: the x-coordinates of the multiples of lambda * Q.
    var endomorphicX: InlineArray<8, Field<C>>
    /// The common Z. The points are (x / scale^2, y / scale^3).
    var scale: Field<C>

    /// The order of q must be at least 19. Then no sum in the chain has equal or opposite operands.
    @inline(never) init(_ q: AffinePoint<C>) {
        // 2Q by the doubling of Point.swift. It makes Z = y, and t and s^2 are Q's own coordinates for that Z.
        let s = q.y.squared
        let square = q.x.squared
        let l = square + square.half
        let t = q.x * s
        var point = AffinePoint<C>(x: t, y: s.squared)
        points = Points(repeating: point)
        endomorphicX = InlineArray(repeating: t)
        var twice = point
        twice.x = l.squared - t - t
        twice.y = l * (t - twice.x) - point.y
        // ratios[i] is the Z of point i divided by that of point i - 1.
        var ratios = endomorphicX
        for i in 1..<8 {
            let h = twice.x - point.x
            let r = twice.y - point.y
            let hh = h.squared
            let w = point.x * hh
            twice.x = twice.x * hh
            twice.y = twice.y * (twice.x - w)
            point.x = r.squared - twice.x - w
            point.y = r * (twice.x - point.x) - twice.y
            points[i] = point
            ratios[i] = h
        }
        var factor = Field<C>.one
        var i = 7
        while i > 0 {
            factor = factor * ratios[i]
            i &-= 1
            let square = factor.squared
            points[i].x = points[i].x * square
            points[i].y = points[i].y * (square * factor)
        }
        scale = q.y * factor
        for i in 0..<8 { endomorphicX[i] = points[i].x * Field(C.beta) }
    }
}

extension Curve {
    /// u1 * G + u2 * q, for u1 and u2 below n and q in the group that G generates.
    static func linearCombination(_ u1: Words, _ u2: Words, _ q: AffinePoint<Self>) -> JacobianPoint<Self> {
        let g = split(u1)
        let k = split(u2)
        let gDigits1 = SignedDigits(g.0, window: generatorWindow)
        let gDigits2 = SignedDigits(g.1, window: generatorWindow)
        let qDigits1 = SignedDigits(k.0, window: OddMultiples<Self>.window)
        let qDigits2 = SignedDigits(k.1, window: OddMultiples<Self>.window)
        // Spans, because the optimiser would copy the whole digit array at each access.
        let g1 = gDigits1.storage.span
        let g2 = gDigits2.storage.span
        let q1 = qDigits1.storage.span
        let q2 = qDigits2.storage.span
        let table = OddMultiples(q)
        let endomorphism = Field<Self>(beta)

        var i = gDigits1.count
        if gDigits2.count > i { i = gDigits2.count }
        if qDigits1.count > i { i = qDigits1.count }
        if qDigits2.count > i { i = qDigits2.count }
        if i > 132 { i = 132 }

        var sum = JacobianPoint<Self>.infinity
        while i > 0 {
            i &-= 1
            sum.double()
            var digit = Int(q1[i])
            if digit != 0 {
                sum.add(signed(table.points[magnitude(digit) & 7], digit))
            }
            digit = Int(q2[i])
            if digit != 0 {
                let index = magnitude(digit) & 7
                sum.add(signed(AffinePoint(x: table.endomorphicX[index], y: table.points[index].y), digit))
            }
            digit = Int(g1[i])
            if digit != 0 {
                sum.add(signed(oddMultipleOfGenerator(magnitude(digit)), digit), scaledBy: table.scale)
            }
            digit = Int(g2[i])
            if digit != 0 {
                var point = signed(oddMultipleOfGenerator(magnitude(digit)), digit)
                point.x = point.x * endomorphism
                sum.add(point, scaledBy: table.scale)
            }
        }
        sum.z = sum.z * table.scale
        return sum
    }

    /// The index of an odd digit in a table of odd multiples.
    @inline(__always) private static func magnitude(_ digit: Int) -> Int {
        (digit < 0 ? 0 &- digit : digit) &>> 1
    }

    @inline(__always) private static func signed(_ point: AffinePoint<Self>, _ digit: Int) -> AffinePoint<Self> {
        digit < 0 ? AffinePoint(x: point.x, y: -point.y) : point
    }
}
