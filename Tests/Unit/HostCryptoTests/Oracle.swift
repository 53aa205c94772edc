import CLibcrypto
import HostCrypto
import TestSupport
import Testing
import TransitCrypto

/// A non-negative number of libcrypto. `raw` must not be used outside this file, because the number may be freed after
/// its last use.
final class Number {
    fileprivate let raw: OpaquePointer

    init() { raw = BN_new() }

    convenience init(_ value: Int) {
        self.init()
        BN_set_word(raw, UInt(value))
    }

    convenience init(bytes: [UInt8]) {
        self.init()
        BN_bin2bn(bytes, Int32(bytes.count), raw)
    }

    deinit { BN_free(raw) }

    func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        precondition(BN_bn2binpad(raw, &bytes, Int32(count)) == Int32(count))
        return bytes
    }

    private static func result(_ body: (OpaquePointer) -> Int32) -> Number {
        let number = Number()
        precondition(body(number.raw) == 1)
        return number
    }

    static func + (a: Number, b: Number) -> Number { result { BN_add($0, a.raw, b.raw) } }
    static func - (a: Number, b: Number) -> Number { result { BN_sub($0, a.raw, b.raw) } }

    func times(_ other: Number, modulo n: Number) -> Number {
        result(n) { BN_mod_mul($0, raw, other.raw, n.raw, $1) }
    }

    func minus(_ other: Number, modulo n: Number) -> Number {
        result(n) { BN_mod_sub($0, raw, other.raw, n.raw, $1) }
    }

    func inverse(modulo n: Number) -> Number { result(n) { BN_mod_inverse($0, raw, n.raw, $1) == nil ? 0 : 1 } }

    private func result(_ n: Number, _ body: (OpaquePointer, OpaquePointer) -> Int32) -> Number {
        let context = BN_CTX_new()!
        defer { BN_CTX_free(context) }
        return Self.result { body($0, context) }
    }

    /// floor(self / 2).
    var half: Number { Self.result { BN_rshift1($0, raw) } }

    func isBelow(_ other: Number) -> Bool { BN_cmp(raw, other.raw) < 0 }

    var isZero: Bool { BN_is_zero(raw) == 1 }
}

/// A curve of libcrypto. Tests make keys and signatures from chosen numbers with it.
final class Oracle {
    let curve: LibcryptoECDSA.Curve
    /// The length of a coordinate and of a scalar, in bytes.
    let size: Int
    let order: Number
    let fieldPrime: Number
    private let group: OpaquePointer

    init(_ curve: LibcryptoECDSA.Curve) {
        self.curve = curve
        size = curve == .secp192k1 ? 24 : 32
        group = EC_GROUP_new_by_curve_name(curve == .secp192k1 ? NID_secp192k1 : NID_secp256k1)
        order = Number()
        fieldPrime = Number()
        EC_GROUP_get_order(group, order.raw, nil)
        EC_GROUP_get_curve(group, fieldPrime.raw, nil, nil, nil)
    }

    deinit { EC_GROUP_free(group) }

    /// g * G + k * point, encoded; nil for the point at infinity.
    func combine(
        _ g: Number, _ k: Number? = nil, _ point: [UInt8]? = nil, as form: point_conversion_form_t
    ) -> [UInt8]? {
        let sum = EC_POINT_new(group)!
        defer { EC_POINT_free(sum) }
        if let k, let point {
            let other = EC_POINT_new(group)!
            defer { EC_POINT_free(other) }
            precondition(EC_POINT_oct2point(group, other, point, point.count, nil) == 1)
            precondition(EC_POINT_mul(group, sum, g.raw, other, k.raw, nil) == 1)
        } else {
            precondition(EC_POINT_mul(group, sum, g.raw, nil, nil, nil) == 1)
        }
        guard EC_POINT_is_at_infinity(group, sum) == 0 else { return nil }
        return encode(sum, form)
    }

    private func encode(_ point: OpaquePointer, _ form: point_conversion_form_t) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 1 + 2 * size)
        let count = EC_POINT_point2oct(group, point, form, &bytes, bytes.count, nil)
        return Array(bytes[..<count])
    }

    /// The same point in another encoding; nil when the bytes are not a point of the curve.
    func reencode(_ bytes: [UInt8], as form: point_conversion_form_t) -> [UInt8]? {
        let point = EC_POINT_new(group)!
        defer { EC_POINT_free(point) }
        ERR_set_mark()
        defer { ERR_pop_to_mark() }
        guard EC_POINT_oct2point(group, point, bytes, bytes.count, nil) == 1 else { return nil }
        return encode(point, form)
    }

    /// Leaves an error in the thread's queue, as an earlier call of libcrypto by the caller may have done.
    func queueError() {
        let point = EC_POINT_new(group)!
        defer { EC_POINT_free(point) }
        precondition(EC_POINT_oct2point(group, point, [9, 9, 9], 3, nil) == 0)
    }

    /// The number that verification derives from a digest: its leftmost bytes, as many as the order has.
    func number(ofDigest digest: [UInt8]) -> Number { Number(bytes: Array(digest.prefix(size))) }

    /// A signature of a digest by key `d` with nonce `k`.
    func sign(_ digest: [UInt8], d: Number, k: Number) -> (r: Number, s: Number) {
        let x = Array(combine(k, as: POINT_CONVERSION_COMPRESSED)!.dropFirst())
        let r = Number(bytes: x).minus(Number(0), modulo: order)
        let z = number(ofDigest: digest)
        let sum = r.times(d, modulo: order) + z
        return (r, k.inverse(modulo: order).times(sum, modulo: order))
    }

    /// A key, a digest and a signature for which u1 G + u2 Q is the point at infinity. The holder of a key can make
    /// such a signature: z = -r d.
    func infinity(_ random: inout Random) -> (key: [UInt8], digest: [UInt8], signature: [UInt8]) {
        let (d, r, s) = (scalar(&random), scalar(&random), scalar(&random))
        let digest = Number(0).minus(r.times(d, modulo: order), modulo: order).bytes(size)
        return (combine(d, as: POINT_CONVERSION_COMPRESSED)!, digest, der(r, s))
    }

    func scalar(_ random: inout Random) -> Number {
        while true {
            let number = Number(bytes: random.bytes(size + 8)).times(Number(1), modulo: order)
            if !number.isZero { return number }
        }
    }

    /// The verdict of the shipped backend for this curve. Checks that libcrypto gives the same verdict.
    func verdict(
        _ publicKey: [UInt8], _ digest: [UInt8], _ signature: [UInt8], _ location: SourceLocation = #_sourceLocation
    ) -> Verdict {
        let reference = LibcryptoECDSA.verify(
            on: curve, publicKey: publicKey.span, digest: digest.span, signature: signature.span)
        let verdict: Verdict
        switch curve {
        case .secp192k1:
            verdict = HostBackend.verifyUser(publicKey.span, digest: digest.span, signature: signature.span)
        case .secp256k1:
            if let key = HostBackend.issuerKey(publicKey.span) {
                verdict = HostBackend.verifyIssuer(key, digest: digest.span, signature: signature.span)
            } else {
                verdict = .invalid
            }
        }
        #expect(verdict == reference, sourceLocation: location)
        #expect(ERR_peek_error() == 0, "the error queue is as it was", sourceLocation: location)
        return verdict
    }
}

/// The DER encoding of two numbers, in the fewest bytes.
func der(_ r: [UInt8], _ s: [UInt8]) -> [UInt8] {
    func integer(_ number: [UInt8]) -> [UInt8] {
        var magnitude = Array(number.drop { $0 == 0 })
        if magnitude.isEmpty || magnitude[0] >= 0x80 { magnitude.insert(0, at: 0) }
        return [0x02, UInt8(magnitude.count)] + magnitude
    }
    let body = integer(r) + integer(s)
    return [0x30, UInt8(body.count)] + body
}

func der(_ r: Number, _ s: Number) -> [UInt8] { der(r.bytes(40), s.bytes(40)) }
