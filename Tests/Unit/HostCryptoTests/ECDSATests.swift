import CLibcrypto
import HostCrypto
import TestSupport
import Testing
import TransitCrypto

/// docs/format.md, "Signatures", on both curves. Where both libraries can verify a signature, they must agree.
@Suite(.serialized) struct ECDSATests {
    static let curves: [LibcryptoECDSA.Curve] = [.secp192k1, .secp256k1]

    @Test(arguments: curves)
    func `signatures of digests of every length verify, with both halves of s and both forms of key`(
        curve: LibcryptoECDSA.Curve
    ) {
        let oracle = Oracle(curve)
        var random = Random("signatures \(oracle.size)")
        for count in 0...64 {
            let d = oracle.scalar(&random)
            let digest = random.bytes(count)
            let (r, s) = oracle.sign(digest, d: d, k: oracle.scalar(&random))
            let compressed = oracle.combine(d, as: POINT_CONVERSION_COMPRESSED)!
            let uncompressed = oracle.combine(d, as: POINT_CONVERSION_UNCOMPRESSED)!
            let (signature, flipped) = (der(r, s), der(r, oracle.order - s))
            #expect(oracle.verdict(compressed, digest, signature) == .valid, "\(count)")
            #expect(oracle.verdict(uncompressed, digest, flipped) == .valid, "\(count)")
            // The other variations run at edge lengths only, because unoptimised arithmetic is slow.
            guard [0, 1, 2, 19, 20, 23, 24, 25, 31, 32, 33, 64].contains(count) else { continue }
            #expect(oracle.verdict(compressed, digest, flipped) == .valid, "\(count)")
            #expect(oracle.verdict(uncompressed, digest, signature) == .valid, "\(count)")
            // The negated key fails, except for a digest of zero: then both sums have the same x.
            let isZero = digest.allSatisfy { $0 == 0 }
            let negative = [compressed[0] ^ 1] + compressed.dropFirst()
            #expect((oracle.verdict(negative, digest, signature) == .valid) == isZero, "\(count)")
            // Every bit in the leftmost bytes of a digest counts, and no other bit.
            if count > 0 {
                let bit = random.below(8 * min(count, oracle.size))
                let other = digest.setting(bit / 8, to: digest[bit / 8] ^ 1 << UInt8(bit % 8))
                #expect(oracle.verdict(compressed, other, signature) == .invalid, "\(count)")
            }
            if count > oracle.size {
                let index = oracle.size + random.below(count - oracle.size)
                let other = digest.setting(index, to: digest[index] ^ 0x80)
                #expect(oracle.verdict(compressed, other, signature) == .valid, "\(count)")
                #expect(oracle.verdict(compressed, Array(digest.prefix(oracle.size)), signature) == .valid)
            }
            // A shorter digest is a big-endian number: leading zeros do not change it, trailing zeros do.
            if count < oracle.size {
                #expect(oracle.verdict(compressed, [0] + digest, signature) == .valid, "\(count)")
                #expect((oracle.verdict(compressed, digest + [0], signature) == .valid) == isZero, "\(count)")
            }
        }
    }

    @Test(arguments: curves)
    func `every bit of a signature, a key and a digest counts`(curve: LibcryptoECDSA.Curve) {
        let oracle = Oracle(curve)
        var random = Random("bits \(oracle.size)")
        let d = oracle.scalar(&random)
        let digest = random.bytes(20)
        let (r, s) = oracle.sign(digest, d: d, k: oracle.scalar(&random))
        let key = oracle.combine(d, as: POINT_CONVERSION_COMPRESSED)!
        let signature = der(r, s)
        #expect(oracle.verdict(key, digest, signature) == .valid)
        for (bit, input) in [(key, 0), (digest, 1), (signature, 2)].flatMap({ bytes, input in
            (0..<8 * bytes.count).map { ($0, input) }
        }) {
            func flipped(_ bytes: [UInt8], _ number: Int) -> [UInt8] {
                input == number ? bytes.setting(bit / 8, to: bytes[bit / 8] ^ 1 << UInt8(bit % 8)) : bytes
            }
            #expect(
                oracle.verdict(flipped(key, 0), flipped(digest, 1), flipped(signature, 2)) == .invalid,
                "bit \(bit) of input \(input)")
        }
    }

    @Test(arguments: curves)
    func `r and s outside 1 to n - 1 are bad signatures`(curve: LibcryptoECDSA.Curve) {
        let oracle = Oracle(curve)
        var random = Random("range \(oracle.size)")
        let n = oracle.order
        let d = oracle.scalar(&random)
        let key = oracle.combine(d, as: POINT_CONVERSION_COMPRESSED)!
        let digest = random.bytes(20)
        let (r, s) = oracle.sign(digest, d: d, k: oracle.scalar(&random))
        #expect(oracle.verdict(key, digest, der(r, s)) == .valid)
        let all = [UInt8](repeating: 0xFF, count: oracle.size)
        let edges = [
            Number(0), Number(1), n - Number(1), n, n + Number(1), Number(bytes: all), Number(bytes: [1] + all),
            Number(bytes: all + all.prefix(8)), oracle.fieldPrime,
        ]
        for edge in edges {
            #expect(oracle.verdict(key, digest, der(edge, s)) == .invalid)
            #expect(oracle.verdict(key, digest, der(r, edge)) == .invalid)
            for other in edges { #expect(oracle.verdict(key, digest, der(edge, other)) == .invalid) }
        }
        // Correct modulo n, but out of range.
        #expect(oracle.verdict(key, digest, der(r + n, s)) == .invalid)
        #expect(oracle.verdict(key, digest, der(r, s + n)) == .invalid)
        #expect(oracle.verdict(key, digest, der(r, n - s)) == .valid)
    }

    @Test(arguments: curves)
    func `an s of 1, of n - 1 and at the middle of the order can be good`(curve: LibcryptoECDSA.Curve) {
        let oracle = Oracle(curve)
        var random = Random("good s \(oracle.size)")
        let n = oracle.order
        let half = n.half
        for s in [Number(1), n - Number(1), half, half + Number(1)] {
            // The digest is computed from s: z = s k - r d.
            let (d, k) = (oracle.scalar(&random), oracle.scalar(&random))
            let (r, _) = oracle.sign([], d: d, k: k)
            let digest = s.times(k, modulo: n).minus(r.times(d, modulo: n), modulo: n).bytes(oracle.size)
            let key = oracle.combine(d, as: POINT_CONVERSION_COMPRESSED)!
            #expect(oracle.verdict(key, digest, der(r, s)) == .valid)
            #expect(oracle.verdict(key, digest, der(r, n - s)) == .valid)
            #expect(oracle.verdict(key, digest, der(r, s + Number(2))) == .invalid)
        }
    }

    @Test(arguments: curves)
    func `the smallest and the largest r, and an x above the order, can be good`(curve: LibcryptoECDSA.Curve) {
        let oracle = Oracle(curve)
        var random = Random("good r \(oracle.size)")
        let n = oracle.order
        var (small, large, wrapped) = (0, 0, 0)
        for step in 1...24 {
            for (x, kind) in [(Number(step), 0), (n - Number(step), 1), (n + Number(step), 2)] {
                if !x.isBelow(oracle.fieldPrime) { continue }
                let point = [2] + x.bytes(oracle.size)
                guard oracle.reencode(point, as: POINT_CONVERSION_COMPRESSED) != nil else { continue }
                // The key is computed from the point: Q = (s R - z G) / r.
                let r = x.minus(Number(0), modulo: n)
                let (s, digest) = (oracle.scalar(&random), random.bytes(20))
                let inverse = r.inverse(modulo: n)
                let g = Number(0).minus(oracle.number(ofDigest: digest), modulo: n).times(inverse, modulo: n)
                let key = oracle.combine(g, s.times(inverse, modulo: n), point, as: POINT_CONVERSION_COMPRESSED)!
                #expect(oracle.verdict(key, digest, der(r, s)) == .valid, "x \(kind) \(step)")
                if kind == 2 { #expect(oracle.verdict(key, digest, der(x, s)) == .invalid, "r not reduced") }
                switch kind {
                case 0: small += 1
                case 1: large += 1
                default: wrapped += 1
                }
            }
        }
        #expect(small > 4)
        #expect(large > 4)
        #expect(wrapped > 4)
    }

    @Test(arguments: curves)
    func `a sum at infinity is a bad signature and no fault`(curve: LibcryptoECDSA.Curve) {
        let oracle = Oracle(curve)
        var random = Random("infinity \(oracle.size)")
        let (key, digest, signature) = oracle.infinity(&random)
        #expect(oracle.verdict(key, digest, signature) == .invalid)
    }

    @Test(arguments: curves)
    func `a digest that is zero and one that is the order are digests`(curve: LibcryptoECDSA.Curve) {
        let oracle = Oracle(curve)
        var random = Random("zero \(oracle.size)")
        let n = oracle.order
        let d = oracle.scalar(&random)
        let key = oracle.combine(d, as: POINT_CONVERSION_COMPRESSED)!
        let zero = [UInt8](repeating: 0, count: oracle.size)
        for digest in [[], zero, n.bytes(oracle.size)] {
            let (r, s) = oracle.sign(zero, d: d, k: oracle.scalar(&random))
            #expect(oracle.verdict(key, digest, der(r, s)) == .valid)
            #expect(oracle.verdict(key, digest, der(s, r)) == .invalid)
        }
    }

    @Test(arguments: curves)
    func `keys near the ends of the order and with s chosen at random agree`(curve: LibcryptoECDSA.Curve) {
        let oracle = Oracle(curve)
        var random = Random("agree \(oracle.size)")
        for d in [Number(1), Number(2), oracle.order - Number(1), oracle.order - Number(2), oracle.scalar(&random)] {
            let key = oracle.combine(d, as: POINT_CONVERSION_COMPRESSED)!
            let digest = random.bytes(random.below(65))
            let (r, s) = oracle.sign(digest, d: d, k: oracle.scalar(&random))
            #expect(oracle.verdict(key, digest, der(r, s)) == .valid)
            for _ in 0..<20 {
                #expect(oracle.verdict(key, digest, der(oracle.scalar(&random), oracle.scalar(&random))) == .invalid)
                #expect(oracle.verdict(key, digest, der(r, oracle.scalar(&random))) == .invalid)
            }
        }
    }

    @Test(arguments: curves)
    func `DER is strict`(curve: LibcryptoECDSA.Curve) {
        let oracle = Oracle(curve)
        var random = Random("der \(oracle.size)")
        let d = oracle.scalar(&random)
        let key = oracle.combine(d, as: POINT_CONVERSION_COMPRESSED)!
        let digest = random.bytes(20)
        let (r, s) = oracle.sign(digest, d: d, k: oracle.scalar(&random))
        let (rBytes, sBytes) = (r.bytes(oracle.size), s.bytes(oracle.size))
        let good = der(r, s)
        #expect(oracle.verdict(key, digest, good) == .valid)
        func integer(_ body: [UInt8]) -> [UInt8] { [2, UInt8(body.count)] + body }
        func sequence(_ body: [UInt8]) -> [UInt8] { [0x30, UInt8(body.count)] + body }
        let (rField, sField) = (integer([UInt8](good[4..<4 + Int(good[3])])), Array(good[(4 + Int(good[3]))...]))
        #expect(sequence(rField + sField) == good)
        let bad: [(String, [UInt8])] = [
            ("empty", []), ("one byte", [0x30]), ("no content", [0x30, 0]), ("only r", sequence(rField)),
            ("a third number", sequence(rField + sField + integer([1]))), ("trailing byte", good + [0]),
            ("trailing byte inside", sequence(rField + sField + [0])),
            ("length too small", good.setting(1, to: good[1] - 1)),
            ("length too large", good.setting(1, to: good[1] + 1)), ("long form", [0x30, 0x81] + good.dropFirst()),
            ("indefinite", [0x30, 0x80] + good.dropFirst(2) + [0, 0]), ("set", good.setting(0, to: 0x31)),
            ("primitive sequence", good.setting(0, to: 0x10)), ("octet string r", good.setting(2, to: 4)),
            ("r padded", sequence(integer([0] + good[4..<4 + Int(good[3])]) + sField)),
            ("s padded", sequence(rField + integer([0] + sField.dropFirst(2)))),
            ("empty r", sequence(integer([]) + sField)), ("empty s", sequence(rField + integer([]))),
            ("r negative", sequence(integer([0x80] + rBytes.dropFirst()) + sField)),
            ("s negative", sequence(rField + integer([0xFF] + sBytes.dropFirst()))),
            ("long r length", sequence([2, 0x81] + rField.dropFirst() + sField)),
            ("long s length", sequence(rField + [2, 0x81] + sField.dropFirst())),
            ("two sequences", good + good), ("raw", rBytes + sBytes),
        ]
        for (name, signature) in bad { #expect(oracle.verdict(key, digest, signature) == .invalid, "\(name)") }
        for count in good.indices { #expect(oracle.verdict(key, digest, Array(good[..<count])) == .invalid) }
    }

    @Test(arguments: curves)
    func `keys are points of the curve in plain form`(curve: LibcryptoECDSA.Curve) {
        let oracle = Oracle(curve)
        var random = Random("keys \(oracle.size)")
        let d = oracle.scalar(&random)
        let digest = random.bytes(20)
        let (r, s) = oracle.sign(digest, d: d, k: oracle.scalar(&random))
        let signature = der(r, s)
        let compressed = oracle.combine(d, as: POINT_CONVERSION_COMPRESSED)!
        let uncompressed = oracle.combine(d, as: POINT_CONVERSION_UNCOMPRESSED)!
        let hybrid = oracle.combine(d, as: POINT_CONVERSION_HYBRID)!
        for good in [compressed, uncompressed] { #expect(oracle.verdict(good, digest, signature) == .valid) }

        let x = Array(compressed.dropFirst())
        let all = [UInt8](repeating: 0xFF, count: oracle.size)
        var offCurve: [[UInt8]] = []
        while offCurve.count < 8 {
            let candidate = [2 | UInt8(offCurve.count & 1)] + random.bytes(oracle.size)
            if oracle.reencode(candidate, as: POINT_CONVERSION_COMPRESSED) == nil { offCurve.append(candidate) }
        }
        var bad: [[UInt8]] =
            offCurve + [
                [], [0], [2], [4], hybrid, hybrid.setting(0, to: hybrid[0] ^ 1), [0] + x,
                Array(compressed.dropLast()),
                compressed + [0], Array(uncompressed.dropLast()), uncompressed + [0], [2] + all, [3] + all,
                [4] + all + all,
                [2] + oracle.fieldPrime.bytes(oracle.size),
                uncompressed.setting(2 * oracle.size, to: uncompressed.last! ^ 1),
                uncompressed.setting(1, to: uncompressed[1] ^ 1), [4] + x + all,
                [4] + [UInt8](repeating: 0, count: 2 * oracle.size),
                [4] + x, [2] + uncompressed.dropFirst(), [2] + x + x,
            ]
        for first in 0...UInt8.max where first != 2 && first != 3 { bad.append([first] + x) }
        for first in 0...UInt8.max where first != 4 { bad.append([first] + uncompressed.dropFirst()) }
        for key in bad { #expect(oracle.verdict(key, digest, signature) == .invalid, "\(key)") }
        // libcrypto accepts a hybrid key, so the backend has to refuse it.
        #expect(oracle.reencode(hybrid, as: POINT_CONVERSION_COMPRESSED) == compressed)
    }

    @Test func `an issuer key is read in both plain forms, and in no other`() {
        let oracle = Oracle(.secp256k1)
        var random = Random("issuer keys")
        let d = oracle.scalar(&random)
        for (form, passes) in [
            (POINT_CONVERSION_COMPRESSED, true), (POINT_CONVERSION_UNCOMPRESSED, true),
            (POINT_CONVERSION_HYBRID, false),
        ] {
            let bytes = oracle.combine(d, as: form)!
            let isKey = HostBackend.issuerKey(bytes.span) != nil
            #expect(isKey == passes)
        }
        // A key of the other curve is not a key of this one.
        let other = Oracle(.secp192k1).combine(d, as: POINT_CONVERSION_COMPRESSED)!
        #expect(HostBackend.issuerKey(other.span) == nil)
    }

    @Test func `errors that the caller has queued stay queued`() {
        let oracle = Oracle(.secp192k1)
        oracle.queueError()
        let before = ERR_peek_last_error()
        #expect(before != 0)
        let offCurve = [2] + [UInt8](repeating: 0xFF, count: 24)
        let signature = der(Number(1), Number(1))
        let verdict = HostBackend.verifyUser(offCurve.span, digest: offCurve.span, signature: signature.span)
        #expect(verdict == .invalid)
        #expect(ERR_peek_last_error() == before)
        ERR_clear_error()
    }
}

/// docs/format.md, "Signatures": DER and SEC 1 by themselves.
@Suite struct EncodingTests {
    private func numbers(_ bytes: [UInt8]) -> [[UInt8]]? {
        guard let signature = DERSignature(bytes.span) else { return nil }
        return [[UInt8](signature.r), [UInt8](signature.s)]
    }

    @Test func `numbers come without the zero that keeps them positive`() {
        #expect(numbers([0x30, 6, 2, 1, 0, 2, 1, 0x7F]) == [[0], [0x7F]])
        #expect(numbers([0x30, 8, 2, 2, 0, 0x80, 2, 2, 0, 0xFF]) == [[0x80], [0xFF]])
        #expect(numbers([0x30, 8, 2, 2, 0, 0x7F, 2, 2, 0, 0xFF]) == nil)
        #expect(numbers([0x30, 8, 2, 2, 0, 0x80, 2, 2, 0, 0x7F]) == nil)
        #expect(numbers([0x30, 8, 2, 2, 0, 0x80, 2, 2, 0, 0]) == nil)
        #expect(numbers([0x30, 6, 2, 1, 0x80, 2, 1, 1]) == nil)
        #expect(numbers([0x30, 6, 2, 1, 1, 2, 1, 0x80]) == nil)
        #expect(numbers([0x30, 8, 2, 2, 1, 0, 2, 2, 0x7F, 0xFF]) == [[1, 0], [0x7F, 0xFF]])
    }

    @Test func `the longest short form is read, and nothing longer`() {
        let (r, s) = ([UInt8](repeating: 1, count: 61), [UInt8](repeating: 2, count: 62))
        #expect(numbers([0x30, 127, 2, 61] + r + [2, 62] + s) == [r, s])
        #expect(numbers([0x30, 128, 2, 62] + r + [1] + [2, 62] + s) == nil)
        #expect(numbers([0x30, 129, 128, 2, 62] + r + [1] + [2, 62] + s) == nil)
    }

    @Test func `a key is plain by its first byte and its length`() {
        for first in 0...UInt8.max {
            for count in 0...66 {
                let bytes = Array(([first] + [UInt8](repeating: 7, count: 66)).prefix(count))
                let isPlain = SEC1.isPlain(bytes.span, coordinateCount: 32)
                let expected = count == 33 && (first == 2 || first == 3) || count == 65 && first == 4
                if isPlain != expected { Issue.record("\(first) of \(count)") }
            }
        }
    }
}
