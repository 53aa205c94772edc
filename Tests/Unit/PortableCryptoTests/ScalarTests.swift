import TestSupport
import Testing

@Suite struct ScalarTests {
    @Test func `scalar operations agree with integers`() {
        check(Secp192k1.self, "secp192k1", cases: 3000)
        check(Secp256k1.self, "secp256k1", cases: 3000)
        check(Small192.self, "secp192k1Small", cases: 200)
        check(SmallAbove192.self, "secp192k1SmallAbove", cases: 200)
        check(Small256.self, "secp256k1Small", cases: 200)
        check(SmallAbove256.self, "secp256k1SmallAbove", cases: 200)
    }

    func check<C: Curve>(_: C.Type, _ name: String, cases: Int) {
        let script = CurveConstants.all[name]!
        let n = script["order"]
        let order = Modulus(m: n)
        let bits = C.Words.count * Limb.bitWidth
        let factor = order.inverse(BigInteger.powerOfTwo(bits) % n)!
        let lambda = script["lambda"]
        var random = Random.named("scalar \(name)")
        let marks = [n, n >> 1, lambda, n - lambda, order.multiply(lambda, lambda), script["basisB2"]]
        var negative = 0
        for i in 0..<cases {
            let any = random.structured(bits: bits, near: marks)
            let a = any % n
            let b = random.structured(bits: bits, near: marks) % n
            let product = Scalar<C>.montgomeryProduct(C.Words(any), C.Words(b)).integer
            #expect(product == order.multiply(order.multiply(any, b), factor), "\(any) * \(b), case \(i)")
            if !a.isZero {
                let inverse = C.inverse(C.Words(a)).integer
                #expect(inverse < n && order.multiply(inverse, a) == 1, "1 / \(a), case \(i)")
            }
            let (k1, k2) = C.split(C.Words(a))
            #expect(k1.magnitude.integer.bitLength <= C.halfBits, "\(a), case \(i)")
            #expect(k2.magnitude.integer.bitLength <= C.halfBits, "\(a), case \(i)")
            let h1 = k1.isNegative ? order.negate(k1.magnitude.integer) : k1.magnitude.integer
            let h2 = k2.isNegative ? order.negate(k2.magnitude.integer) : k2.magnitude.integer
            #expect(order.add(h1, order.multiply(h2, lambda)) == a, "\(a), case \(i)")
            if k1.isNegative { negative += 1 }
            for window in [OddMultiples<C>.window, C.generatorWindow, 12] {
                checkDigits(k1, window)
                checkDigits(k2, window)
            }
        }
        #expect(negative > 0 && negative < cases)
        #expect(C.inverse(C.Words()).integer == 0)

        // Halves of every length that the digits must hold, up to the bound.
        let top = BigInteger.powerOfTwo(C.halfBits)
        for edge in [top - 1, top - 2, top >> 1, (top >> 1) - 1, (top >> 1) + 1, 1, 0] {
            for isNegative in [false, true] {
                var half = HalfScalar<C>(C.Words(edge))
                half.isNegative = isNegative
                for window in 2...12 { checkDigits(half, window) }
            }
        }
    }

    @Test func `a batch is so many division steps`() {
        var random = Random.named("batches")
        for i in 0..<3000 {
            let f = Limb(truncatingIfNeeded: random.next()) | 1
            let g = Limb(truncatingIfNeeded: random.next()) << Limb(random.below(i % 2 == 0 ? 2 : Limb.bitWidth))
            let start = random.below(80) - 40
            var eta = start
            let batch = Batch.Matrix(&eta, f, g)
            // Single division steps, as defined at the top of Inverse.swift.
            var (oneEta, oneF, oneG) = (start, f, g)
            var (u, v, q, r) = (1, 0, 0, 1) as (SignedLimb, SignedLimb, SignedLimb, SignedLimb)
            for _ in 0..<Batch.bits {
                if oneEta < 0 && oneG & 1 == 1 {
                    (oneEta, oneF, oneG) = (-oneEta, oneG, 0 &- oneF)
                    (u, v, q, r) = (q, r, -u, -v)
                }
                if oneG & 1 == 1 { (oneG, q, r) = (oneG &+ oneF, q + u, r + v) }
                (oneEta, oneG, u, v) = (oneEta - 1, oneG >> 1, 2 * u, 2 * v)
            }
            #expect(batch.u == u && batch.v == v && batch.q == q && batch.r == r, "\(f) \(g) \(start)")
            #expect(eta == oneEta, "\(f) \(g) \(start)")
        }
    }

    /// Values found by search. The division steps end with a value from -26n to 26n, in practice within -2n and 2n. For
    /// these inputs the value is below -n or above n with one of the limb widths, so that the reduction takes a second
    /// step.
    @Test func `inverses that come out far from where they belong`() {
        for x in [
            "11DBB940153", "9644CE437B9E6EBAC", "EC794D42C0A16D9ADF2FE88C940D1",
            "5AE11CEF59D21BA03ADD50D31CC68D559E0AF039723523C7", "515F267F7D3BF36A2C4FC9B5E3B585897746B44CD7C5",
            "6", "24", "535E", "A074565108FF5BC5AC668F98A352C12B74C58150FCEF2033",
        ] {
            checkInverse(Secp192k1.self, "secp192k1", x)
        }
        for x in [
            "8979A3E2DB2016B6AC335859C2DD42F46059713D55", "F5A8C1603834B83E09A735A92DD5315AD7AB4BE04840F06E0",
            "1F438B66A9D41E2AE", "54D84104E8F1B75911974601A1DB83D9DD9F562",
            "E8CC4FD5D8AE7A1D32771B4768029B2D4ECA3EF5D56B31BA57561791C8CD1F19",
            "1E2D60DCA457A2D30B03520B8FAF403284A93DE2883363801BD502D317C20F3F",
        ] {
            checkInverse(Secp256k1.self, "secp256k1", x)
        }
    }

    func checkInverse<C: Curve>(_: C.Type, _ name: String, _ x: String) {
        let order = Modulus(m: CurveConstants.all[name]!["order"])
        let value = BigInteger(hex: x)
        let inverse = C.inverse(C.Words(value)).integer
        #expect(inverse < order.m && order.multiply(inverse, value) == 1, "1 / \(x)")
    }

    func checkDigits<C: Curve>(_ half: HalfScalar<C>, _ window: Int) {
        let digits = SignedDigits(half, window: window)
        var positive: BigInteger = 0
        var negative: BigInteger = 0
        var free = 0
        var sound = true
        for i in 0..<132 {
            let digit = digits[i]
            if digit == 0 { continue }
            sound = sound && digit & 1 == 1 && abs(digit) < 1 << (window - 1) && i < digits.count && i >= free
            free = i + window
            let weight = BigInteger(UInt64(abs(digit))) << i
            if digit > 0 { positive = positive + weight } else { negative = negative + weight }
        }
        #expect(sound && digits.count <= C.halfBits + 1)
        if half.isNegative { (positive, negative) = (negative, positive) }
        #expect(positive == negative + half.magnitude.integer, "\(half), window \(window)")
    }

    @Test func `r and s are read from 1 to n - 1 and nowhere else`() {
        checkRange(Secp192k1.self, "secp192k1")
        checkRange(Secp256k1.self, "secp256k1")
    }

    func checkRange<C: Curve>(_: C.Type, _ name: String) {
        let n = CurveConstants.all[name]!["order"]
        let size = C.Words.count * Limb.bitWidth / 8
        for value in [1, 2, n - 1] { #expect(Scalar<C>(nonzero: value.bytes(size).span)?.words.integer == value) }
        for value in [0, n, n + 1, BigInteger.powerOfTwo(8 * size) - 1] {
            #expect(Scalar<C>(nonzero: value.bytes(size).span) == nil)
        }
        #expect(Scalar<C>(nonzero: [UInt8]().span) == nil)
        #expect(Scalar<C>(nonzero: BigInteger.powerOfTwo(8 * size).bytes(size + 1).span) == nil)
    }

    @Test func `a digest is its leftmost bits, or the integer that it spells`() {
        checkDigest(Secp192k1.self)
        checkDigest(Secp256k1.self)
        checkDigest(Small192.self)
        checkDigest(Small256.self)
    }

    func checkDigest<C: Curve>(_: C.Type) {
        var random = Random.named("digest")
        for count in 0...100 {
            let digest = random.bytes(count)
            let whole = BigInteger(bytes: digest)
            let expected = count * 8 > C.orderBits ? whole >> (count * 8 - C.orderBits) : whole
            #expect(Scalar<C>.truncated(digest: digest.span).integer == expected, "\(count) bytes")
        }
    }
}
