import Foundation
import TestSupport
import Testing

/// Exhaustive tests on small groups, like those of libsecp256k1.
///
/// The smallest suitable groups have 37 or 43 elements over secp192k1's prime, and 199 over secp256k1's. The group of
/// 199 is tested in part here, and completely by `make soak`.
@Suite struct SmallGroupTests {
    private static let isWhole = ProcessInfo.processInfo.environment["POSOFFLINE_SOAK_SECONDS"] != nil

    /// The step between tested values.
    private static func step(_ step: Int) -> Int { isWhole ? 1 : step }

    @Test func `every sum of two points, in every kind of coordinates`() {
        checkAdditions(Small192.self, "secp192k1Small")
        checkAdditions(SmallAbove192.self, "secp192k1SmallAbove")
        checkAdditions(Small256.self, "secp256k1Small")
    }

    @Test func `every multiple of every point`() {
        checkMultiples(Small192.self, "secp192k1Small", keys: 1)
        checkMultiples(SmallAbove192.self, "secp192k1SmallAbove", keys: 1)
        checkMultiples(Small256.self, "secp256k1Small", keys: Self.step(24))
    }

    @Test func `every signature of every digest by every key`() {
        checkSignatures(Small192.self, "secp192k1Small", keys: 1, digests: 1)
        checkSignatures(SmallAbove192.self, "secp192k1SmallAbove", keys: 1, digests: 1)
        checkSignatures(Small256.self, "secp256k1Small", keys: Self.step(24), digests: Self.step(8))
        checkSignatures(SmallAbove256.self, "secp256k1SmallAbove", keys: Self.step(24), digests: Self.step(8))
    }

    /// 0 * G, 1 * G, ... (n - 1) * G.
    func elements(_ curve: ReferenceCurve, _ n: Int) -> [ReferenceCurve.Point?] {
        var points: [ReferenceCurve.Point?] = [nil]
        for _ in 1..<n { points.append(curve.add(points.last!, curve.generator)) }
        #expect(curve.add(points.last!, curve.generator) == nil)
        #expect(Set(points).count == n)
        return points
    }

    func order(_ script: CurveConstants) -> Int { Int(script["order"].digits[0]) }

    func checkAdditions<C: SmallCurve>(_: C.Type, _ name: String) {
        let script = CurveConstants.all[name]!
        let (curve, n) = (script.reference, order(script))
        let points = elements(curve, n)
        var random = Random.named("additions \(name)")
        let step = n > 100 ? Self.step(5) : 1
        for i in 0..<n {
            let z = random.integer(bits: C.Words.count * Limb.bitWidth - 1) + 1
            let scale = random.integer(bits: C.Words.count * Limb.bitWidth - 1) + 1
            let first = points[i].map { JacobianPoint<C>($0, z: z, curve) } ?? .infinity
            var twice = first
            twice.double()
            #expect(twice.affine(curve) == points[2 * i % n], "2 * \(i)")
            // All exceptional cases, and a selection of the others.
            for j in 1..<n where (i + j) % step == 0 || i == j || i + j == n {
                var sum = first
                sum.add(AffinePoint<C>(points[j]!))
                #expect(sum.affine(curve) == points[(i + j) % n], "\(i) + \(j)")
                // The sum on the scaled curve is the scaled sum.
                let scaled =
                    points[i].map { point in
                        var p = JacobianPoint<C>(point, z: z, curve)
                        // (X, Y, Z) of the curve corresponds to (X, Y, Z / scale) of the scaled curve.
                        p.z = Field(curve.field.multiply(z, curve.field.inverse(scale)!))
                        return p
                    } ?? .infinity
                sum = scaled
                sum.add(AffinePoint<C>(points[j]!), scaledBy: Field(scale))
                sum.z = sum.z * Field(scale)
                #expect(sum.affine(curve) == points[(i + j) % n], "\(i) + \(j), scaled")
            }
        }
    }

    func checkMultiples<C: SmallCurve>(_: C.Type, _ name: String, keys: Int) {
        let script = CurveConstants.all[name]!
        let (curve, n) = (script.reference, order(script))
        let points = elements(curve, n)
        let affine = points.map { $0.map { AffinePoint<C>($0) } }
        var right = 0
        var tried = 0
        for key in stride(from: 1, to: n, by: keys) {
            let odd = OddMultiples<C>(affine[key]!)
            for i in 0..<8 {
                let p = JacobianPoint(x: odd.points[i].x, y: odd.points[i].y, z: odd.scale)
                #expect(p.affine(curve) == points[key * (2 * i + 1) % n])
            }
            for u1 in 0..<n {
                for u2 in 0..<n {
                    let sum = C.linearCombination(
                        C.Words(BigInteger(UInt64(u1))), C.Words(BigInteger(UInt64(u2))), affine[key]!)
                    tried += 1
                    guard let expected = affine[(u1 + u2 * key) % n] else {
                        if sum.isInfinity { right += 1 }
                        continue
                    }
                    let square = sum.z.squared
                    if !sum.isInfinity && (expected.x * square).equals(sum.x)
                        && (expected.y * square * sum.z).equals(sum.y) && !sum.z.isZero
                    {
                        right += 1
                    }
                }
            }
        }
        #expect(right == tried)
    }

    /// The reference: the x-coordinate of z/s * G + r/s * key is r or r + n.
    func checkSignatures<C: SmallCurve>(_: C.Type, _ name: String, keys: Int, digests: Int) {
        let script = CurveConstants.all[name]!
        let (curve, n) = (script.reference, order(script))
        let points = elements(curve, n)
        var inverses = [Int](repeating: 0, count: n)
        for i in 1..<n { inverses[i] = (1..<n).first { $0 * i % n == 1 }! }
        var valid = 0
        var tried = 0
        var right = 0
        for key in stride(from: 1, to: n, by: keys) {
            let point = AffinePoint<C>(points[key]!)
            for digest in stride(from: 0, to: n, by: digests) {
                for s in 1..<n {
                    // r = 5 is the x-coordinate of a point, r = 6 is not.
                    for r in [5, 6] {
                        let sum = points[(digest + r * key) * inverses[s] % n]
                        let expected =
                            sum.map {
                                $0.x % BigInteger(UInt64(n)) == BigInteger(UInt64(r))
                                    && $0.x < BigInteger(UInt64(2 * n))
                            } ?? false
                        let answer = C.verify(
                            point, digest: C.Words(BigInteger(UInt64(digest))),
                            r: Scalar(C.Words(BigInteger(UInt64(r)))), s: Scalar(C.Words(BigInteger(UInt64(s)))))
                        tried += 1
                        if expected { valid += 1 }
                        if answer == expected { right += 1 }
                    }
                }
            }
        }
        #expect(right == tried)
        #expect(valid > tried / n / 2, "\(name): \(valid) valid of \(tried)")
    }
}
