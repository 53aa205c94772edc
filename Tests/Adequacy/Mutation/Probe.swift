// C functions for arithmetic.py. This file is compiled together with the sources of PortableCrypto and makes each layer
// callable with plain numbers. A number is four 64-bit words, least significant first.

import TransitCrypto

typealias Pieces = UnsafePointer<UInt64>
typealias Results = UnsafeMutablePointer<UInt64>

extension LimbVector {
    init(_ pieces: Pieces) {
        self.init()
        for i in 0..<Self.count {
            let bit = i * Limb.bitWidth
            self[i] = Limb(truncatingIfNeeded: pieces[bit >> 6] >> UInt64(bit & 63))
        }
    }

    func write(_ out: Results) {
        for i in 0..<(Self.count * Limb.bitWidth + 63) / 64 { out[i] = 0 }
        for i in 0..<Self.count {
            let bit = i * Limb.bitWidth
            out[bit >> 6] |= UInt64(self[i]) << UInt64(bit & 63)
        }
    }
}

// Curves with small groups, as in Tests/Unit/PortableCryptoTests/SmallCurves.swift. The caller passes the constants.

nonisolated(unsafe) private var small192 = UnsafeMutablePointer<UInt64>(bitPattern: 8).unsafelyUnwrapped
nonisolated(unsafe) private var smallAbove192 = UnsafeMutablePointer<UInt64>(bitPattern: 8).unsafelyUnwrapped

@_cdecl("probe_small_curves")
public func probeSmallCurves(_ first: UnsafeMutablePointer<UInt64>, _ second: UnsafeMutablePointer<UInt64>) {
    small192 = first
    smallAbove192 = second
}

protocol SmallCurve: Curve where Words == Secp192k1.Words, Wide == Secp192k1.Wide, Batches == Secp192k1.Batches {
    static var constants: Results { get }
}

extension SmallCurve {
    static func words(_ index: Int) -> Words { Words(Pieces(constants + 4 * index)) }
    static func number(_ index: Int) -> Int { Int(constants[4 * index]) }
    static var tail: UInt32 { Secp192k1.tail }
    static var order: Words { words(0) }
    static var primeMinusOrder: Words { words(1) }
    static var montgomeryFactor: Words { words(2) }
    static var b: Words { words(3) }
    static var beta: Words { words(4) }
    static var basisA1: Words { words(5) }
    static var basisA2: Words { words(6) }
    static var basisMinusB1: Words { words(7) }
    static var basisB2: Words { words(8) }
    static var split1: Words { words(9) }
    static var split2: Words { words(10) }
    static var orderBits: Int { number(11) }
    static var splitShift: Int { number(12) }
    static var halfBits: Int { number(13) }
    static var generatorWindow: Int { 5 }
    static func oddMultipleOfGenerator(_ index: Int) -> AffinePoint<Self> {
        AffinePoint(x: Field(words(14 + 2 * index)), y: Field(words(15 + 2 * index)))
    }
    static func squareRootCandidate(_ a: Field<Self>) -> Field<Self> {
        Field(Secp192k1.squareRootCandidate(Field<Secp192k1>(a.words)).words)
    }
}

enum Small192: SmallCurve { static var constants: Results { small192 } }
enum SmallAbove192: SmallCurve { static var constants: Results { smallAbove192 } }

/// a + b, a - b, a * b, a^2, -a, a / 2, a; bits: a is zero, a is odd, a equals b.
@_cdecl("probe_field")
public func probeField(
    _ curve: Int32, _ a: UnsafePointer<UInt64>, _ b: UnsafePointer<UInt64>,
    _ out: UnsafeMutablePointer<UInt64>
) -> Int32 {
    func run<C: Curve>(_: C.Type) -> Int32 {
        let (x, y) = (Field<C>(C.Words(a)), Field<C>(C.Words(b)))
        (x + y).canonical.write(out)
        (x - y).canonical.write(out + 4)
        (x * y).canonical.write(out + 8)
        x.squared.canonical.write(out + 12)
        (-x).canonical.write(out + 16)
        x.half.canonical.write(out + 20)
        x.canonical.write(out + 24)
        return (x.isZero ? 1 : 0) | (x.isOdd ? 2 : 0) | (x.equals(y) ? 4 : 0)
    }
    return curve == 0 ? run(Secp192k1.self) : run(Secp256k1.self)
}

/// `wide` reduced, the product of its halves, the low half of that product, the square of the upper half.
@_cdecl("probe_wide")
public func probeWide(
    _ curve: Int32, _ wide: UnsafePointer<UInt64>, _ low: UnsafePointer<UInt64>,
    _ high: UnsafePointer<UInt64>, _ out: UnsafeMutablePointer<UInt64>
) {
    func run<C: Curve>(_: C.Type) {
        Field<C>(reducing: C.Wide(wide)).canonical.write(out)
        C.product(C.Words(low), C.Words(high)).write(out + 8)
        C.lowProduct(C.Words(low), C.Words(high)).write(out + 16)
        C.square(C.Words(high)).write(out + 24)
    }
    curve == 0 ? run(Secp192k1.self) : run(Secp256k1.self)
}

@_cdecl("probe_root")
public func probeRoot(_ curve: Int32, _ a: UnsafePointer<UInt64>, _ out: UnsafeMutablePointer<UInt64>) {
    func run<C: Curve>(_: C.Type) { C.squareRootCandidate(Field<C>(C.Words(a))).canonical.write(out) }
    curve == 0 ? run(Secp192k1.self) : run(Secp256k1.self)
}

/// The bytes as limbs, as a field element, as a nonzero scalar (bits: which of these exist), and as a digest.
@_cdecl("probe_read")
public func probeRead(
    _ curve: Int32, _ bytes: UnsafePointer<UInt8>, _ count: Int32,
    _ out: UnsafeMutablePointer<UInt64>
) -> Int32 {
    func run<C: Curve>(_: C.Type) -> Int32 {
        let span = Span(_unsafeStart: bytes, count: Int(count))
        var found: Int32 = 0
        if let words = C.Words(bigEndian: span) { words.write(out); found |= 1 }
        if let field = Field<C>(bigEndian: span) { field.words.write(out + 4); found |= 2 }
        if let scalar = Scalar<C>(nonzero: span) { scalar.words.write(out + 8); found |= 4 }
        Scalar<C>.truncated(digest: span).write(out + 12)
        return found
    }
    switch curve {
    case 0: return run(Secp192k1.self)
    case 1: return run(Secp256k1.self)
    case 2: return run(Small192.self)
    default: return run(SmallAbove192.self)
    }
}

/// a * b / 2^bits, 1 / b, and the halves of b (bits: which halves are negative).
@_cdecl("probe_scalar")
public func probeScalar(
    _ curve: Int32, _ a: UnsafePointer<UInt64>, _ b: UnsafePointer<UInt64>,
    _ out: UnsafeMutablePointer<UInt64>
) -> Int32 {
    func run<C: Curve>(_: C.Type) -> Int32 {
        Scalar<C>.montgomeryProduct(C.Words(a), C.Words(b)).write(out)
        C.inverse(C.Words(b)).write(out + 4)
        let (k1, k2) = C.split(C.Words(b))
        k1.magnitude.write(out + 8)
        k2.magnitude.write(out + 12)
        return (k1.isNegative ? 1 : 0) | (k2.isNegative ? 2 : 0)
    }
    switch curve {
    case 0: return run(Secp192k1.self)
    case 1: return run(Secp256k1.self)
    case 2: return run(Small192.self)
    default: return run(SmallAbove192.self)
    }
}

/// Runs a batch of division steps on the lowest limbs of f and g. Writes its matrix u, v, q, r; returns the new eta.
@_cdecl("probe_batch")
public func probeBatch(_ eta: Int32, _ f: UInt64, _ g: UInt64, _ out: UnsafeMutablePointer<Int64>) -> Int32 {
    var moved = Int(eta)
    let matrix = Batch.Matrix(&moved, Limb(truncatingIfNeeded: f), Limb(truncatingIfNeeded: g))
    out[0] = Int64(matrix.u)
    out[1] = Int64(matrix.v)
    out[2] = Int64(matrix.q)
    out[3] = Int64(matrix.r)
    return Int32(truncatingIfNeeded: moved)
}

/// The number of division steps in a batch.
@_cdecl("probe_batch_bits")
public func probeBatchBits() -> Int32 { Int32(Batch.bits) }

/// The signed digits of a half scalar. Returns their count.
@_cdecl("probe_digits")
public func probeDigits(
    _ curve: Int32, _ magnitude: UnsafePointer<UInt64>, _ isNegative: Int32, _ window: Int32,
    _ out: UnsafeMutablePointer<Int16>
) -> Int32 {
    func run<C: Curve>(_: C.Type) -> Int32 {
        var half = HalfScalar<C>(C.Words(magnitude))
        half.isNegative = isNegative != 0
        let digits = SignedDigits(half, window: Int(window))
        for i in 0..<132 { out[i] = Int16(digits[i]) }
        return Int32(digits.count)
    }
    return curve == 0 ? run(Secp192k1.self) : run(Secp256k1.self)
}

/// A Jacobian point (x, y, z), or infinity, is doubled (0), added to an affine point (1), or added to a scaled point
/// (2). Returns whether the result is infinity.
@_cdecl("probe_point")
public func probePoint(
    _ curve: Int32, _ operation: Int32, _ isInfinity: Int32, _ numbers: UnsafePointer<UInt64>,
    _ out: UnsafeMutablePointer<UInt64>
) -> Int32 {
    func run<C: Curve>(_: C.Type) -> Int32 {
        func field(_ index: Int) -> Field<C> { Field(C.Words(numbers + 4 * index)) }
        var point =
            isInfinity != 0
            ? JacobianPoint<C>.infinity : JacobianPoint<C>(x: field(0), y: field(1), z: field(2))
        let other = AffinePoint<C>(x: field(3), y: field(4))
        switch operation {
        case 0: point.double()
        case 1: point.add(other)
        default: point.add(other, scaledBy: field(5))
        }
        point.x.canonical.write(out)
        point.y.canonical.write(out + 4)
        point.z.canonical.write(out + 8)
        return point.isInfinity ? 1 : 0
    }
    return curve == 0 ? run(Secp192k1.self) : run(Secp256k1.self)
}

/// The common Z, then x, y and the endomorphic x of each odd multiple.
@_cdecl("probe_multiples")
public func probeMultiples(
    _ curve: Int32, _ x: UnsafePointer<UInt64>, _ y: UnsafePointer<UInt64>,
    _ out: UnsafeMutablePointer<UInt64>
) {
    func run<C: Curve>(_: C.Type) {
        let odd = OddMultiples<C>(AffinePoint(x: Field(C.Words(x)), y: Field(C.Words(y))))
        odd.scale.canonical.write(out)
        for i in 0..<8 {
            odd.points[i].x.canonical.write(out + 4 + 12 * i)
            odd.points[i].y.canonical.write(out + 8 + 12 * i)
            odd.endomorphicX[i].canonical.write(out + 12 + 12 * i)
        }
    }
    curve == 0 ? run(Secp192k1.self) : run(Secp256k1.self)
}

/// u1 * G + u2 * (x, y) in Jacobian coordinates. Returns whether the result is infinity.
@_cdecl("probe_combine")
public func probeCombine(_ curve: Int32, _ numbers: UnsafePointer<UInt64>, _ out: UnsafeMutablePointer<UInt64>)
    -> Int32
{
    func run<C: Curve>(_: C.Type) -> Int32 {
        let q = AffinePoint<C>(x: Field(C.Words(numbers + 8)), y: Field(C.Words(numbers + 12)))
        let sum = C.linearCombination(C.Words(numbers), C.Words(numbers + 4), q)
        sum.x.canonical.write(out)
        sum.y.canonical.write(out + 4)
        sum.z.canonical.write(out + 8)
        return sum.isInfinity ? 1 : 0
    }
    switch curve {
    case 0: return run(Secp192k1.self)
    case 1: return run(Secp256k1.self)
    case 2: return run(Small192.self)
    default: return run(SmallAbove192.self)
    }
}

/// Whether (r, s) is the signature of a digest by the key (x, y), in a small group.
@_cdecl("probe_small_verify")
public func probeSmallVerify(_ curve: Int32, _ numbers: UnsafePointer<UInt64>) -> Int32 {
    func run<C: Curve>(_: C.Type) -> Int32 {
        let key = AffinePoint<C>(x: Field(C.Words(numbers)), y: Field(C.Words(numbers + 4)))
        let isGood = C.verify(
            key, digest: C.Words(numbers + 8), r: Scalar(C.Words(numbers + 12)), s: Scalar(C.Words(numbers + 16)))
        return isGood ? 1 : 0
    }
    return curve == 2 ? run(Small192.self) : run(SmallAbove192.self)
}

/// Reads a key in SEC 1 form. Returns whether it is valid.
@_cdecl("probe_key")
public func probeKey(
    _ curve: Int32, _ bytes: UnsafePointer<UInt8>, _ count: Int32,
    _ out: UnsafeMutablePointer<UInt64>
) -> Int32 {
    func run<C: Curve>(_: C.Type) -> Int32 {
        guard let point = AffinePoint<C>(sec1: Span(_unsafeStart: bytes, count: Int(count))) else { return 0 }
        point.x.canonical.write(out)
        point.y.canonical.write(out + 4)
        return 1
    }
    return curve == 0 ? run(Secp192k1.self) : run(Secp256k1.self)
}

/// Verification through the module's public interface: 1 for valid, 0 for invalid, -1 for a malformed key.
@_cdecl("probe_verify")
public func probeVerify(
    _ curve: Int32, _ key: UnsafePointer<UInt8>, _ keyCount: Int32, _ digest: UnsafePointer<UInt8>,
    _ digestCount: Int32, _ signature: UnsafePointer<UInt8>, _ signatureCount: Int32
) -> Int32 {
    let key = Span(_unsafeStart: key, count: Int(keyCount))
    let digest = Span(_unsafeStart: digest, count: Int(digestCount))
    let signature = Span(_unsafeStart: signature, count: Int(signatureCount))
    let verdict: Verdict
    if curve == 0 {
        verdict = PortableBackend.verifyUser(key, digest: digest, signature: signature)
    } else {
        guard let point = PortableBackend.issuerKey(key) else { return -1 }
        verdict = PortableBackend.verifyIssuer(point, digest: digest, signature: signature)
    }
    switch verdict {
    case .valid: return 1
    case .invalid: return 0
    default: return -2
    }
}

@_cdecl("probe_hash")
public func probeHash(_ message: UnsafePointer<UInt8>, _ count: Int32, _ out: UnsafeMutablePointer<UInt8>) {
    let message = Span(_unsafeStart: message, count: Int(count))
    let (short, long) = (PortableBackend.sha1(message), PortableBackend.sha256(message))
    for i in 0..<20 { out[i] = short[i] }
    for i in 0..<32 { out[20 + i] = long[i] }
}

@_cdecl("probe_mac")
public func probeMAC(
    _ key: UnsafePointer<UInt8>, _ keyCount: Int32, _ message: UnsafePointer<UInt8>, _ count: Int32,
    _ out: UnsafeMutablePointer<UInt8>
) {
    let tag = PortableBackend.hmacSHA256(
        key: Span(_unsafeStart: key, count: Int(keyCount)), message: Span(_unsafeStart: message, count: Int(count)))
    for i in 0..<32 { out[i] = tag[i] }
}

/// Whether all bytes of a hash are zero after a message and `wipe`.
@_cdecl("probe_wiped")
public func probeWiped(_ message: UnsafePointer<UInt8>, _ count: Int32) -> Int32 {
    var hash = SHA256()
    hash.update(Span(_unsafeStart: message, count: Int(count)))
    _ = hash.finish()
    hash.wipe()
    var union: UInt8 = 0
    withUnsafeBytes(of: &hash) { for byte in $0 { union |= byte } }
    return union == 0 ? 1 : 0
}

@_cdecl("probe_constants")
public func probeConstants(_ curve: Int32, _ out: UnsafeMutablePointer<UInt64>) {
    func run<C: Curve>(_: C.Type) {
        let words =
            [
                C.order, C.primeMinusOrder, C.montgomeryFactor, C.b, C.beta, C.basisA1, C.basisA2, C.basisMinusB1,
                C.basisB2, C.split1, C.split2,
            ] as InlineArray<11, C.Words>
        for i in 0..<11 { words[i].write(out + 4 * i) }
        out[44] = UInt64(C.orderBits)
        out[48] = UInt64(C.splitShift)
        out[52] = UInt64(C.halfBits)
        out[56] = UInt64(C.tail)
        out[60] = UInt64(C.generatorWindow)
        for i in 0..<128 {
            C.oddMultipleOfGenerator(i).x.words.write(out + 64 + 8 * i)
            C.oddMultipleOfGenerator(i).y.words.write(out + 68 + 8 * i)
        }
    }
    curve == 0 ? run(Secp192k1.self) : run(Secp256k1.self)
}
