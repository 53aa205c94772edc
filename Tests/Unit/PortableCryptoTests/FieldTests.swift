import TestSupport
import Testing

@Suite struct FieldTests {
    @Test func `field operations agree with integers, at every edge of the representation`() {
        #expect(check(Secp192k1.self, "secp192k1") > 1000)
        #expect(check(Secp256k1.self, "secp256k1") > 1000)
    }

    /// The operands are any integers of the limbs' width, reduced or not. Returns how many were not reduced.
    func check<C: Curve>(_: C.Type, _ name: String) -> Int {
        let script = CurveConstants.all[name]!
        let p = script["prime"]
        let field = Modulus(m: p)
        let bits = C.Words.count * Limb.bitWidth
        let tail = script["tail"]
        var random = Random.named("field \(name)")
        var unreduced = 0
        let marks = [p, tail, BigInteger.powerOfTwo(bits) - 1, tail + tail, p - tail, p >> 1]
        for i in 0..<20_000 {
            let a = random.structured(bits: bits, near: marks)
            // In half of the cases b is near a value that brings a sum, difference or product to a boundary.
            let b: BigInteger
            switch random.below(4) {
            case 0: b = (p + p - a % p + BigInteger(random.next() % 5) - 2) % BigInteger.powerOfTwo(bits)
            case 1: b = (a + BigInteger.powerOfTwo(bits) + BigInteger(random.next() % 5) - 2) % .powerOfTwo(bits)
            default: b = random.structured(bits: bits, near: marks)
            }
            if a >= p || b >= p { unreduced += 1 }
            let (x, y) = (Field<C>(a), Field<C>(b))
            #expect((x + y).integer == field.add(a, b), "\(a) + \(b), case \(i)")
            #expect((x - y).integer == field.subtract(a, b), "\(a) - \(b), case \(i)")
            #expect((x * y).integer == field.multiply(a, b), "\(a) * \(b), case \(i)")
            #expect(x.squared.integer == field.multiply(a, a), "\(a)^2, case \(i)")
            #expect((-x).integer == field.negate(a), "-\(a), case \(i)")
            #expect((x.half + x.half).integer == a % p, "\(a) / 2, case \(i)")
            #expect(x.integer == a % p)
            #expect(x.isZero == (a % p).isZero)
            #expect(x.isOdd == (a % p).isOdd)
            #expect(x.equals(y) == (a % p == b % p), "\(a) = \(b), case \(i)")
        }
        return unreduced
    }

    @Test func `double-width numbers reduce`() {
        checkReduction(Secp192k1.self, "secp192k1")
        checkReduction(Secp256k1.self, "secp256k1")
    }

    func checkReduction<C: Curve>(_: C.Type, _ name: String) {
        let script = CurveConstants.all[name]!
        let p = script["prime"]
        let bits = C.Words.count * Limb.bitWidth
        var random = Random.named("reduction \(name)")
        let top = BigInteger.powerOfTwo(2 * bits)
        for i in 0..<20_000 {
            // Also values around the multiples of 2^bits - c and of 2^bits that produce the last carry.
            var value = random.structured(bits: 2 * bits, near: [p * p, p << bits, top - p, p])
            if i % 2 == 0 {
                let quotient = random.structured(bits: bits, near: [script["tail"], p])
                value = (quotient * p + random.structured(bits: 80, near: []) + top - (1 << 40)) % top
            }
            var wide = C.Wide(value)
            #expect(Field<C>(reducing: wide).integer == value % p, "\(value), case \(i)")
            wide = C.product(C.Words(value % .powerOfTwo(bits)), C.Words(value >> bits))
            #expect(wide.integer == (value % .powerOfTwo(bits)) * (value >> bits), "case \(i)")
            let low = C.lowProduct(C.Words(value % .powerOfTwo(bits)), C.Words(value >> bits))
            #expect(low.integer == (value % .powerOfTwo(bits)) * (value >> bits) % .powerOfTwo(bits), "case \(i)")
            #expect(C.square(C.Words(value >> bits)).integer == (value >> bits) * (value >> bits), "case \(i)")
        }
    }

    @Test func `square roots exist for exactly the squares`() {
        checkRoots(Secp192k1.self, "secp192k1")
        checkRoots(Secp256k1.self, "secp256k1")
    }

    func checkRoots<C: Curve>(_: C.Type, _ name: String) {
        let field = Modulus(m: CurveConstants.all[name]!["prime"])
        var random = Random.named("roots \(name)")
        var squares = 0
        for _ in 0..<200 {
            let a = random.structured(bits: C.Words.count * Limb.bitWidth, near: [field.m])
            let root = C.squareRootCandidate(Field<C>(a))
            #expect(root.integer == field.power(a, (field.m + 1) >> 2))
            if root.squared.equals(Field<C>(a)) { squares += 1 }
        }
        #expect(squares > 50 && squares < 190)
    }

    @Test func `reading refuses what is not below p`() {
        checkReading(Secp192k1.self, "secp192k1")
        checkReading(Secp256k1.self, "secp256k1")
    }

    func checkReading<C: Curve>(_: C.Type, _ name: String) {
        let p = CurveConstants.all[name]!["prime"]
        let size = C.Words.count * Limb.bitWidth / 8
        for value in [0, 1, p - 1] { #expect(Field<C>(bigEndian: value.bytes(size).span)?.integer == value) }
        for value in [p, p + 1, BigInteger.powerOfTwo(8 * size) - 1] {
            #expect(Field<C>(bigEndian: value.bytes(size).span) == nil)
        }
        #expect(Field<C>(bigEndian: BigInteger.powerOfTwo(8 * size).bytes(size + 1).span) == nil)
        // The reader of limbs accepts any number of leading zeros, and no other byte beyond the width.
        #expect(C.Words(bigEndian: [UInt8]().span)?.integer == 0)
        #expect(C.Words(bigEndian: (p - 1).bytes(size + 9).span)?.integer == p - 1)
        #expect(C.Words(bigEndian: BigInteger.powerOfTwo(8 * size).bytes(size + 1).span) == nil)
        #expect(C.Words(bigEndian: ([1] + [UInt8](repeating: 0, count: 2 * size)).span) == nil)
    }
}
