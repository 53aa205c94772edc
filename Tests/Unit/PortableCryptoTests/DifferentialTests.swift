import CLibcryptoOracle
import Foundation
import TestSupport
import Testing

/// Compares verdicts with those of libcrypto, on random and structured cases.
///
/// A run has 50,000 cases a curve with native limbs, and 5,000 with the other width. POSOFFLINE_CASES overrides the
/// number. POSOFFLINE_SOAK_SECONDS sets a duration instead.
@Suite struct DifferentialTests {
    static let cases: Int = {
        let environment = ProcessInfo.processInfo.environment
        if let given = environment["POSOFFLINE_CASES"] {
            guard let count = Int(given), count > 0 else { fatalError("POSOFFLINE_CASES is not a number: \(given)") }
            return count
        }
        return Limb.bitWidth == UInt.bitWidth ? 50_000 : 5_000
    }()

    static let soakSeconds: Double? = {
        guard let given = ProcessInfo.processInfo.environment["POSOFFLINE_SOAK_SECONDS"] else { return nil }
        guard let seconds = Double(given), seconds > 0 else {
            fatalError("POSOFFLINE_SOAK_SECONDS is not a number: \(given)")
        }
        return seconds
    }()

    @Test func `secp192k1 agrees with libcrypto`() throws {
        try run(Secp192k1.self, "secp192k1", 192) { key, digest, signature in
            PortableBackend.verifyUser(key.span, digest: digest.span, signature: signature.span) == .valid
        }
    }

    @Test func `secp256k1 agrees with libcrypto`() throws {
        try run(Secp256k1.self, "secp256k1", 256) { key, digest, signature in
            guard let point = PortableBackend.issuerKey(key.span) else { return false }
            return PortableBackend.verifyIssuer(point, digest: digest.span, signature: signature.span) == .valid
        }
    }

    func run<C: Curve>(
        _: C.Type, _ name: String, _ bits: Int, _ verify: ([UInt8], [UInt8], [UInt8]) -> Bool
    ) throws {
        var maker = try CaseMaker<C>(name, bits)
        defer { maker.close() }
        let end = Self.soakSeconds.map { ProcessInfo.processInfo.systemUptime + $0 }
        var count = 0
        var valid = 0
        var kinds: [String: (valid: Int, invalid: Int)] = [:]
        while end.map({ ProcessInfo.processInfo.systemUptime < $0 }) ?? (count < Self.cases) {
            let test = maker.next()
            let expected = maker.oracle(test)
            let answer = verify(test.key, test.digest, test.signature)
            if answer != expected {
                Issue.record(
                    """
                    \(name), case \(count) (\(test.kind)): \(answer), libcrypto \(expected)
                    key \(hexText(test.key)) digest \(hexText(test.digest)) signature \(hexText(test.signature))
                    """)
            }
            count += 1
            if expected { valid += 1 }
            kinds[test.kind, default: (0, 0)].valid += expected ? 1 : 0
            kinds[test.kind, default: (0, 0)].invalid += expected ? 0 : 1
        }
        print(
            "\(name), \(Limb.bitWidth)-bit limbs: \(count) cases against libcrypto,",
            "\(valid) valid, \(count - valid) not")
        #expect(valid > count / 3 && count - valid > count / 3)
        if count < 2000 { return }
        for (kind, tally) in kinds {
            // Each kind lists the verdicts that it must produce.
            if CaseMaker<C>.mustBeValid.contains(kind) {
                #expect(tally.valid > 0 && tally.invalid == 0, "\(name), \(kind): \(tally)")
            }
            if CaseMaker<C>.mustBeInvalid.contains(kind) {
                #expect(tally.invalid > 0 && tally.valid == 0, "\(name), \(kind): \(tally)")
            }
        }
        for kind in CaseMaker<C>.mustBeValid.union(CaseMaker<C>.mustBeInvalid) {
            #expect(kinds[kind] != nil, "\(name): no case of \(kind)")
        }
    }
}

struct VerificationCase {
    var kind: String
    var key: [UInt8]
    var digest: [UInt8]
    var signature: [UInt8]
}

/// Makes cases with integer arithmetic where possible, and with libcrypto's point multiplication otherwise.
struct CaseMaker<C: Curve> {
    static var mustBeValid: Set<String> {
        ["signed", "equal products", "chosen products", "x = r", "x = r + n", "half s", "long digest", "short digest"]
    }
    static var mustBeInvalid: Set<String> {
        [
            "opposite products", "r or s out of range", "malformed", "other r", "other s", "other key",
            "other digest", "r + n of p or more", "not a key", "x = r + n, other r",
        ]
    }

    let curve: ReferenceCurve
    let n: BigInteger
    let order: Modulus
    let lambda: BigInteger
    let bits: Int
    let size: Int
    let handle: OpaquePointer
    var random: Random
    /// Scalars with their points, and nonces with 1 / k and r. With them, integer arithmetic is enough to sign.
    var keys: [(d: BigInteger, point: ReferenceCurve.Point)] = []
    var nonces: [(inverse: BigInteger, r: BigInteger)] = []

    init(_ name: String, _ bits: Int) throws {
        let script = CurveConstants.all[name]!
        curve = script.reference
        n = script["order"]
        order = Modulus(m: n)
        lambda = script["lambda"]
        self.bits = bits
        size = bits / 8
        handle = try #require(oracle_new(Int32(bits)))
        random = Random.named("differential \(name) \(Limb.bitWidth)")
        let half = (n + 1) >> 1
        let square = order.multiply(lambda, lambda)
        var scalars: [BigInteger] = [1, 2, 3, 4, 5, 7, 8, 14, 15, 16, 17, 31, 511, 513]
        scalars += [half, half - 1, lambda, square, order.multiply(2, lambda), order.inverse(lambda + 2)!]
        scalars += scalars.map { order.negate($0) }
        for _ in 0..<40 { scalars.append(random.structured(bits: bits, near: [n, n >> 1, lambda]) % (n - 1) + 1) }
        for d in scalars { keys.append((d, multiple(d))) }
        for _ in 0..<150 {
            let k = random.structured(bits: bits, near: [n, n >> 1, lambda]) % (n - 1) + 1
            nonces.append((order.inverse(k)!, multiple(k).x % n))
        }
    }

    func close() { oracle_free(handle) }

    func oracle(_ test: VerificationCase) -> Bool {
        // libcrypto reads the hybrid forms 06 and 07. This library refuses them.
        guard let form = test.key.first, form >= 2 && form <= 4 else { return false }
        return oracle_verify(
            handle, test.key, test.key.count, test.digest, test.digest.count,
            test.signature, test.signature.count) == 1
    }

    /// g * G + k * point; nil if the sum is infinite or `point` is not a point.
    func combine(_ g: BigInteger, _ k: BigInteger, _ point: [UInt8]) -> ReferenceCurve.Point? {
        var out = [UInt8](repeating: 0, count: 1 + 2 * size)
        guard oracle_combine(handle, g.bytes(size), k.bytes(size), point, point.count, &out) == 1 else { return nil }
        return .init(x: BigInteger(bytes: Array(out[1...size])), y: BigInteger(bytes: Array(out[(1 + size)...])))
    }

    func multiple(_ k: BigInteger) -> ReferenceCurve.Point {
        combine(k, 0, encode(curve.generator, compressed: false))!
    }

    func encode(_ p: ReferenceCurve.Point, compressed: Bool) -> [UInt8] {
        compressed ? [p.y.isOdd ? 3 : 2] + p.x.bytes(size) : [4] + p.x.bytes(size) + p.y.bytes(size)
    }

    /// A digest from which verification derives z, an integer below 2^bits. Often it is as short as z allows or has
    /// extra bytes after z.
    mutating func digest(_ z: BigInteger) -> [UInt8] {
        switch random.below(4) {
        case 0: return z.bytes(size) + random.bytes(random.below(70))
        case 1: return z.bytes((z.bitLength + 7) / 8 + random.below(size - (z.bitLength + 7) / 8 + 1))
        default: return z.bytes(size)
        }
    }

    mutating func scalar() -> BigInteger {
        random.structured(bits: bits, near: [n, n >> 1, lambda, n - lambda, curve.field.m]) % (n - 1) + 1
    }

    mutating func make(
        _ kind: String, _ point: ReferenceCurve.Point, _ digest: [UInt8], _ r: BigInteger, _ s: BigInteger
    ) -> VerificationCase {
        VerificationCase(
            kind: kind, key: encode(point, compressed: random.below(4) != 0), digest: digest,
            signature: DER.signature(r, s))
    }

    /// A signature by the ECDSA equation. When s is zero, another nonce is used.
    mutating func signed(_ kind: String, z: BigInteger? = nil) -> (VerificationCase, r: BigInteger, s: BigInteger) {
        let key = keys[random.below(keys.count)]
        while true {
            let nonce = nonces[random.below(nonces.count)]
            let z = z ?? random.structured(bits: bits, near: [n, curve.field.m, n >> 1])
            var s = order.multiply(order.add(z, order.multiply(nonce.r, key.d)), nonce.inverse)
            if s.isZero { continue }
            // Both values of s are valid.
            if random.next() & 1 == 1 { s = n - s }
            return (make(kind, key.point, digest(z), nonce.r, s), nonce.r, s)
        }
    }

    mutating func next() -> VerificationCase {
        switch random.below(24) {
        case 0...6: return signed("signed").0
        case 7:
            // u1 * G = u2 * Q: z = r * d.
            let key = keys[random.below(keys.count)]
            let nonce = nonces[random.below(nonces.count)]
            let z = order.multiply(nonce.r, key.d)
            let s = order.multiply(order.add(z, z), nonce.inverse)
            return make("equal products", key.point, digest(z), nonce.r, s)
        case 8:
            // u1 * G = -u2 * Q for every s.
            let key = keys[random.below(keys.count)]
            let nonce = nonces[random.below(nonces.count)]
            let z = order.negate(order.multiply(nonce.r, key.d))
            return make("opposite products", key.point, digest(z), nonce.r, scalar())
        case 9, 10:
            // Chosen u1 and u2; u1 may be zero: r = x(u1 * G + u2 * Q), s = r / u2, z = u1 * s.
            let key = keys[random.below(keys.count)]
            let u1 = random.below(8) == 0 ? 0 : scalar()
            let u2 = scalar()
            guard let sum = combine(u1, u2, encode(key.point, compressed: false)) else { return next() }
            let r = sum.x % n
            let s = order.multiply(r, order.inverse(u2)!)
            return make("chosen products", key.point, digest(order.multiply(u1, s)), r, s)
        case 11: return chosenX("x = r", above: false)
        case 12: return chosenX("x = r + n", above: true)
        case 13:
            var test = chosenX("x = r + n, other r", above: true)
            // The same with r + 1.
            let size = Int(test.signature[3])
            let r = BigInteger(bytes: Array(test.signature[4..<4 + size])) + 1
            test.signature = DER.sequence(DER.integer(r) + test.signature[(4 + size)...])
            return test
        case 14:
            // Digests of every length. A long one is truncated, a short one is used whole.
            let long = random.bytes(random.below(100))
            let whole = BigInteger(bytes: Array(long.prefix(size)))
            var (test, _, _) = signed(long.count > size ? "long digest" : "short digest", z: whole)
            test.digest = long
            return test
        case 15:
            var (test, r, s) = signed("half s")
            if s > n >> 1 { s = n - s }
            if random.next() & 1 == 1 { s = n - s }
            test.signature = DER.signature(r, s)
            return test
        case 16:
            var (test, r, s) = signed("r or s out of range")
            let wrong: [BigInteger] = [0, n, n + 1, n + r, n + s, n + n, .powerOfTwo(bits) - 1, .powerOfTwo(bits)]
            let value = wrong[random.below(wrong.count)]
            if random.next() & 1 == 1 { r = value } else { s = value }
            test.signature = DER.signature(r, s)
            return test
        case 17, 18:
            var (test, r, s) = signed("malformed")
            let all = DER.malformed(r, s)
            test.signature = all[random.below(all.count)].bytes
            return test
        case 19:
            var (test, r, s) = signed("other r")
            let other = random.below(3) == 0 ? r + 1 : scalar()
            if other == r || other >= n { return next() }
            r = other
            test.signature = DER.signature(r, s)
            // For a chosen x, a second r may be valid. The nonces here are random, so the chance is negligible.
            return test
        case 20:
            var (test, r, s) = signed("other s")
            let other = random.below(3) == 0 ? (s + 1) % n : scalar()
            if other == s || other == n - s || other.isZero { return next() }
            s = other
            test.signature = DER.signature(r, s)
            return test
        case 21:
            var (test, _, _) = signed(random.next() & 1 == 1 ? "other key" : "other digest")
            if test.kind == "other digest" {
                if test.digest.isEmpty { return next() }
                test.digest[random.below(min(size, test.digest.count))] ^= 1 << UInt8(random.below(8))
            } else {
                let key = encode(keys[random.below(keys.count)].point, compressed: true)
                if key.dropFirst().elementsEqual(test.key.dropFirst().prefix(size)) { return next() }
                // (r, s, z) is valid for two keys, from R and -R. The chance that another key of the test is the second
                // one is negligible.
                test.key = key
            }
            return test
        case 22:
            // r from p - n upwards: r + n is p or more, so it is not compared.
            let r = curve.field.m - n + BigInteger(random.next() % 64)
            let key = keys[random.below(keys.count)]
            return make("r + n of p or more", key.point, digest(scalar()), r, scalar())
        default: return wrongKey()
        }
    }

    /// A signature whose sum has a chosen x. The key is computed from it: Q = (s * R - z * G) / r.
    mutating func chosenX(_ kind: String, above: Bool) -> VerificationCase {
        while true {
            // For r below p - n, both r and r + n are possible x-coordinates. For a larger r, only r is.
            let room = curve.field.m - n
            var r = random.structured(bits: room.bitLength, near: [room]) % (room - 1) + 1
            if !above && random.next() & 1 == 1 { r = scalar() }
            let x = above ? r + n : r
            let (s, z) = (scalar(), scalar())
            let inverse = order.inverse(r)!
            // libcrypto computes y. Half of the x-coordinates have none.
            guard
                let q = combine(
                    order.negate(order.multiply(z, inverse)), order.multiply(s, inverse),
                    [2 + UInt8(random.next() & 1)] + x.bytes(size))
            else { continue }
            return make(kind, q, digest(z), r, s)
        }
    }

    /// Keys that are not points, or in an unsupported form. A random x is a point in half of the cases.
    mutating func wrongKey() -> VerificationCase {
        var (test, _, _) = signed("not a key")
        switch random.below(7) {
        case 0: test.key = Array(test.key.dropLast(1 + random.below(3)))
        case 1: test.key += random.bytes(1 + random.below(3))
        case 2: test.key[0] = [0, 1, 5, 6, 7, 8, 0x82, 0xFF][random.below(8)]
        case 3: test.key = [[], [0], [2], [3], [4]][random.below(5)]
        case 4: test.key[0] ^= 6
        case 5:
            let x = curve.field.m + BigInteger(random.next() % 100)
            test.key = [2 + UInt8(random.next() & 1)] + x.bytes(size)
        default:
            let p = keys[random.below(keys.count)].point
            test.key = [4] + p.x.bytes(size) + curve.field.add(p.y, 1).bytes(size)
        }
        return test
    }
}
