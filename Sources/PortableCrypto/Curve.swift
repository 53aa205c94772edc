// The parameters of a curve y^2 = x^3 + b for the generic arithmetic. The field has p = 2^bits - 2^32 - tail elements.
// The subgroup has prime order n and an endomorphism (x, y) -> (beta x, y), which multiplies by lambda.
//
// Every value is a compile-time constant. `scripts/curve-constants.py` derives and prints the values, and the tests
// compare.

protocol Curve {
    /// Holds an element of the field and a scalar: exactly `bits` wide.
    associatedtype Words: LimbVector
    /// Twice as wide: a product.
    associatedtype Wide: LimbVector
    /// Holds signed numbers of a little more than `bits` bits, for `inverse`.
    associatedtype Batches: BatchVector

    /// p = 2^bits - 2^32 - tail; tail is below 2^13.
    static var tail: UInt32 { get }
    static var b: Words { get }
    static var beta: Words { get }

    /// n, the order of the base point: an odd prime below p, at least 2^(bits - 1) except in tests.
    static var order: Words { get }
    static var orderBits: Int { get }
    /// p - n.
    static var primeMinusOrder: Words { get }
    /// 2^(2 * bits) mod n.
    static var montgomeryFactor: Words { get }

    /// The short basis (a1, b1), (a2, b2) of the lattice x + y * lambda = 0 mod n, with b1 <= 0 < b2, in two's
    /// complement: see Split.swift.
    static var basisA1: Words { get }
    static var basisA2: Words { get }
    static var basisMinusB1: Words { get }
    static var basisB2: Words { get }
    /// round(b2 * 2^splitShift / n) and round(-b1 * 2^splitShift / n); splitShift is a multiple of 64.
    static var splitShift: Int { get }
    static var split1: Words { get }
    static var split2: Words { get }
    /// The maximum bit length of both halves of a scalar, at most 128.
    static var halfBits: Int { get }

    /// The width of the base point's signed digits, at most 12.
    static var generatorWindow: Int { get }
    /// (2 * index + 1) times the base point, for index below 2^(generatorWindow - 2).
    static func oddMultipleOfGenerator(_ index: Int) -> AffinePoint<Self>

    /// a^((p + 1) / 4): a square root of a when a is a square, because p = 3 mod 4.
    static func squareRootCandidate(_ a: Field<Self>) -> Field<Self>
}
