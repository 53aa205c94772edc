// Curves over the real fields with a subgroup so small that a test can try all its elements. The generic code is the
// same, the constants differ. scripts/curve-constants.py finds the curves. It scales each so that one point has the
// x-coordinate 5 or n + 5. Then there are signatures that the comparison of x with r, or with r + n, accepts.

private struct SmallConstants: Sendable {
    let script: CurveConstants

    init(_ name: String) { script = CurveConstants.all[name]! }

    func quads(_ name: String) -> InlineArray<4, UInt64> {
        let value = script[name]
        return InlineArray { i in
            BigInteger(digits: value.digits).bytes(32)[(24 - 8 * i)..<(32 - 8 * i)].reduce(0) { $0 << 8 | UInt64($1) }
        }
    }

    func point<C: Curve>(_ index: Int) -> AffinePoint<C> {
        let count = script.table.count / 16
        let quads = script.table[(2 * index * count)...]
        func field(_ start: Int) -> Field<C> {
            Field(C.Words(InlineArray { i in i < count ? quads[quads.startIndex + start + i] : 0 }))
        }
        return AffinePoint(x: field(0), y: field(count))
    }
}

/// A small curve of the script. The base curve gives the field, and the script the other constants.
protocol SmallCurve: Curve where Words == Base.Words, Wide == Base.Wide, Batches == Base.Batches {
    associatedtype Base: Curve
    static var small: SmallCache<Self> { get }
}

struct SmallCache<C: SmallCurve>: Sendable {
    let b, beta, order, primeMinusOrder, montgomeryFactor: C.Words
    let basisA1, basisA2, basisMinusB1, basisB2, split1, split2: C.Words
    let orderBits, splitShift, halfBits: Int
    let table: [AffinePoint<C>]

    init(_ name: String) {
        let constants = SmallConstants(name)
        func words(_ name: String) -> C.Words { C.Words(constants.quads(name)) }
        func number(_ name: String) -> Int { Int(constants.quads(name)[0]) }
        b = words("b")
        beta = words("beta")
        order = words("order")
        primeMinusOrder = words("primeMinusOrder")
        montgomeryFactor = words("montgomeryFactor")
        basisA1 = words("basisA1")
        basisA2 = words("basisA2")
        basisMinusB1 = words("basisMinusB1")
        basisB2 = words("basisB2")
        split1 = words("split1")
        split2 = words("split2")
        orderBits = number("orderBits")
        splitShift = number("splitShift")
        halfBits = number("halfBits")
        table = (0..<8).map { constants.point($0) }
    }
}

extension SmallCurve {
    static var tail: UInt32 { Base.tail }
    static var b: Words { small.b }
    static var beta: Words { small.beta }
    static var order: Words { small.order }
    static var orderBits: Int { small.orderBits }
    static var primeMinusOrder: Words { small.primeMinusOrder }
    static var montgomeryFactor: Words { small.montgomeryFactor }
    static var basisA1: Words { small.basisA1 }
    static var basisA2: Words { small.basisA2 }
    static var basisMinusB1: Words { small.basisMinusB1 }
    static var basisB2: Words { small.basisB2 }
    static var splitShift: Int { small.splitShift }
    static var split1: Words { small.split1 }
    static var split2: Words { small.split2 }
    static var halfBits: Int { small.halfBits }
    static var generatorWindow: Int { 5 }
    static func oddMultipleOfGenerator(_ index: Int) -> AffinePoint<Self> { small.table[index] }
    static func squareRootCandidate(_ a: Field<Self>) -> Field<Self> {
        Field(Base.squareRootCandidate(Field<Base>(a.words)).words)
    }
}

enum Small192: SmallCurve {
    typealias Base = Secp192k1
    typealias Words = Base.Words
    typealias Wide = Base.Wide
    typealias Batches = Base.Batches
    static let small = SmallCache<Small192>("secp192k1Small")
}

enum SmallAbove192: SmallCurve {
    typealias Base = Secp192k1
    typealias Words = Base.Words
    typealias Wide = Base.Wide
    typealias Batches = Base.Batches
    static let small = SmallCache<SmallAbove192>("secp192k1SmallAbove")
}

enum Small256: SmallCurve {
    typealias Base = Secp256k1
    typealias Words = Base.Words
    typealias Wide = Base.Wide
    typealias Batches = Base.Batches
    static let small = SmallCache<Small256>("secp256k1Small")
}

enum SmallAbove256: SmallCurve {
    typealias Base = Secp256k1
    typealias Words = Base.Words
    typealias Wide = Base.Wide
    typealias Batches = Base.Batches
    static let small = SmallCache<SmallAbove256>("secp256k1SmallAbove")
}
