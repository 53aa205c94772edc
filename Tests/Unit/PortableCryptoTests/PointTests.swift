import TestSupport
import Testing

@Suite struct PointTests {
    @Test func `doubling and adding agree with the textbook`() {
        check(Secp192k1.self, "secp192k1")
        check(Secp256k1.self, "secp256k1")
    }

    func check<C: Curve>(_: C.Type, _ name: String) {
        let script = CurveConstants.all[name]!
        let curve = script.reference
        let bits = C.Words.count * Limb.bitWidth
        var random = Random.named("points \(name)")
        for _ in 0..<20 {
            let p = curve.multiply(random.integer(bits: 40) + 1, curve.generator)!
            let image = ReferenceCurve.Point(x: curve.field.multiply(p.x, script["beta"]), y: p.y)
            let others: [ReferenceCurve.Point] = [
                p, curve.negate(p)!, image, curve.negate(image)!, curve.add(p, p)!, curve.generator,
            ]
            let z = random.structured(bits: bits, near: [script["prime"]]) % (script["prime"] - 1) + 1
            var twice = JacobianPoint<C>(p, z: z, curve)
            twice.double()
            #expect(twice.affine(curve) == curve.add(p, p))
            for q in others {
                var sum = JacobianPoint<C>(p, z: z, curve)
                sum.add(AffinePoint(q))
                #expect(sum.affine(curve) == curve.add(p, q))
                sum = JacobianPoint<C>(p, z: z, curve)
                sum.add(AffinePoint(q), scaledBy: .one)
                #expect(sum.affine(curve) == curve.add(p, q))
            }
            var none = JacobianPoint<C>.infinity
            none.double()
            #expect(none.isInfinity)
            none.add(AffinePoint(p))
            #expect(none.affine(curve) == p)

            let odd = OddMultiples<C>(AffinePoint(p))
            for i in 0..<8 {
                let expected = curve.multiply(BigInteger(UInt64(2 * i + 1)), p)!
                let q = JacobianPoint(x: odd.points[i].x, y: odd.points[i].y, z: odd.scale)
                #expect(q.affine(curve) == expected)
                let e = JacobianPoint(x: odd.endomorphicX[i], y: odd.points[i].y, z: odd.scale)
                #expect(e.affine(curve)?.x == curve.field.multiply(expected.x, script["beta"]))
            }
        }
    }

    @Test func `linear combinations agree with the textbook`() {
        checkCombinations(Secp192k1.self, "secp192k1")
        checkCombinations(Secp256k1.self, "secp256k1")
    }

    func checkCombinations<C: Curve>(_: C.Type, _ name: String) {
        let script = CurveConstants.all[name]!
        let curve = script.reference
        let n = script["order"]
        let bits = C.Words.count * Limb.bitWidth
        var random = Random.named("combinations \(name)")
        let marks = [n, n >> 1, script["lambda"], n - script["lambda"]]
        for _ in 0..<10 {
            let u1 = random.structured(bits: bits, near: marks) % n
            let u2 = random.structured(bits: bits, near: marks) % n
            let d = random.structured(bits: bits, near: marks) % (n - 1) + 1
            let q = curve.multiply(d, curve.generator)!
            let sum = C.linearCombination(C.Words(u1), C.Words(u2), AffinePoint(q))
            let expected = curve.multiply((u1 + u2 * d) % n, curve.generator)
            #expect(sum.affine(curve) == expected, "\(u1) * G + \(u2) * \(d) * G")
        }
    }

    @Test func `keys are read in two forms only`() {
        checkKeys(Secp192k1.self, "secp192k1")
        checkKeys(Secp256k1.self, "secp256k1")
    }

    func checkKeys<C: Curve>(_: C.Type, _ name: String) {
        let script = CurveConstants.all[name]!
        let curve = script.reference
        let p = script["prime"]
        let size = C.Words.count * Limb.bitWidth / 8
        var random = Random.named("keys \(name)")
        var refused = 0
        for i in 0..<30 {
            let q = curve.multiply(random.integer(bits: 60) + 1, curve.generator)!
            let (x, y) = (q.x.bytes(size), q.y.bytes(size))
            let compressed = [q.y.isOdd ? 3 : 2] + x
            let uncompressed = [4] + x + y
            for form in [compressed, uncompressed] {
                let point = AffinePoint<C>(sec1: form.span)
                #expect(point?.x.integer == q.x && point?.y.integer == q.y)
                for length in 0..<form.count {
                    #expect(AffinePoint<C>(sec1: form.span.extracting(first: length)) == nil)
                }
                #expect(AffinePoint<C>(sec1: (form + [0]).span) == nil)
            }
            let opposite = AffinePoint<C>(sec1: ([q.y.isOdd ? 2 : 3] + x).span)
            #expect(opposite?.y.integer == curve.field.negate(q.y))
            for tag in 0...255 where tag != 4 {
                #expect(AffinePoint<C>(sec1: ([UInt8(tag)] + x + y).span) == nil, "tag \(tag)")
            }
            for tag in 0...255 where tag != 2 && tag != 3 {
                #expect(AffinePoint<C>(sec1: ([UInt8(tag)] + x).span) == nil, "tag \(tag)")
            }
            // A coordinate off by one.
            #expect(AffinePoint<C>(sec1: ([4] + x + curve.field.add(q.y, 1).bytes(size)).span) == nil)
            #expect(AffinePoint<C>(sec1: ([4] + curve.field.add(q.x, 1).bytes(size) + y).span) == nil)
            // An x that may have no y.
            let other = (q.x + BigInteger(UInt64(i))) % p
            let cube = curve.field.multiply(curve.field.multiply(other, other), other)
            let exists = curve.field.squareRoot(curve.field.add(cube, curve.b)) != nil
            #expect((AffinePoint<C>(sec1: ([2] + other.bytes(size)).span) != nil) == exists)
            if !exists { refused += 1 }
        }
        #expect(refused > 5)
        // A coordinate of p or more is refused, even when its residue is the x of a point. Both curves have points with
        // a small x, for which x + p fits the bytes.
        var small = 0
        for x in 1..<20 as Range<UInt64> {
            guard AffinePoint<C>(sec1: ([2] + BigInteger(x).bytes(size)).span) != nil else { continue }
            small += 1
            #expect(AffinePoint<C>(sec1: ([2] + (p + BigInteger(x)).bytes(size)).span) == nil)
        }
        #expect(small > 2)
    }
}
