// Points of y^2 = x^3 + b: affine (x, y), and Jacobian (X, Y, Z) for (X / Z^2, Y / Z^3).
//
// The formulas are derived from those of the Explicit-Formulas Database for short Weierstrass curves with a = 0
// (https://hyperelliptic.org/EFD/g1p/auto-shortw-jacobian-0.html): doubling as in dbl-2009-l, scaled by 1/2, and
// mixed addition as in madd-2004-hmv. b occurs in none of them, so they hold on every curve isomorphic by scaling,
// which Multiply.swift uses. All additions are complete: equal, opposite and infinite operands are handled.
//
// Variable time: for public data only.

/// A point other than infinity.
struct AffinePoint<C: Curve>: BitwiseCopyable, Sendable {
    var x: Field<C>
    var y: Field<C>

    @inline(__always) init(x: Field<C>, y: Field<C>) {
        self.x = x
        self.y = y
    }

    var isOnCurve: Bool { y.squared.equals(x.squared * x + Field(C.b)) }

    /// A point in SEC 1 form (section 2.3.4): 02 or 03 and x, or 04, x and y. Nil for any other form (hybrid ones and
    /// infinity among them), for coordinates not below p, and off the curve.
    init?(sec1 bytes: Span<UInt8>) {
        let size = C.Words.count &* Limb.bitWidth / 8
        let count = bytes.count
        if count < 1 &+ size { return nil }
        let form = bytes[0]
        guard let x = Field<C>(bigEndian: bytes.extracting(1..<1 &+ size)) else { return nil }
        if form == 4 {
            if count != 1 &+ 2 &* size { return nil }
            guard let y = Field<C>(bigEndian: bytes.extracting(1 &+ size..<1 &+ 2 &* size)) else { return nil }
            self.x = x
            self.y = y
            if !isOnCurve { return nil }
            return
        }
        if count != 1 &+ size || form & 0xFE != 2 { return nil }
        let y = C.squareRootCandidate(x.squared * x + Field(C.b))
        self.x = x
        self.y = y
        if !isOnCurve { return nil }
        // A root of 0, which is even, has no odd counterpart; no curve of odd order has such a point.
        if y.isOdd != (form == 3) { self.y = -y }
    }
}

struct JacobianPoint<C: Curve>: BitwiseCopyable, Sendable {
    var x: Field<C>
    var y: Field<C>
    var z: Field<C>
    /// Whether this is the point at infinity. Its coordinates have no meaning.
    var isInfinity: Bool

    @inline(__always) static var infinity: JacobianPoint {
        JacobianPoint(x: .one, y: .one, z: .zero, isInfinity: true)
    }

    @inline(__always) init(x: Field<C>, y: Field<C>, z: Field<C>, isInfinity: Bool = false) {
        self.x = x
        self.y = y
        self.z = z
        self.isInfinity = isInfinity
    }

    /// 2 * self, in 3 products and 4 squares. The result is infinity only when self is: a group of odd order has no
    /// point of order two. So the flag does not change.
    @inline(never) mutating func double() {
        if isInfinity { return }
        let s = y.squared
        let square = x.squared
        let l = square + square.half
        let t = x * s
        z = y * z
        x = l.squared - t - t
        y = l * (t - x) - s.squared
    }

    /// self + other, in 8 products and 3 squares.
    mutating func add(_ other: AffinePoint<C>) {
        if isInfinity {
            self = JacobianPoint(x: other.x, y: other.y, z: .one)
            return
        }
        add(other, z)
    }

    /// self + (other.x * scale^2, other.y * scale^3), for a nonzero scale. It costs one more product.
    mutating func add(_ other: AffinePoint<C>, scaledBy scale: Field<C>) {
        if isInfinity {
            let square = scale.squared
            self = JacobianPoint(x: other.x * square, y: other.y * square * scale, z: .one)
            return
        }
        add(other, z * scale)
    }

    /// The common part of both additions. `denominator` scales other's coordinates to those of self.
    @inline(never) private mutating func add(_ other: AffinePoint<C>, _ denominator: Field<C>) {
        let square = denominator.squared
        let h = other.x * square - x
        let r = other.y * (square * denominator) - y
        if h.isZero {
            // The same x: the same point, or its opposite.
            if r.isZero { double() } else { isInfinity = true }
            return
        }
        let hh = h.squared
        let hhh = h * hh
        let v = x * hh
        z = z * h
        x = r.squared - hhh - v - v
        y = r * (v - x) - y * hhh
    }
}
