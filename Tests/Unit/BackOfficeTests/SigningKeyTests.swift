import HostCrypto
import Testing
import TransitCrypto

@testable import BackOffice

@Suite struct SigningKeyTests {
    /// The group order and the compressed generator from SEC 2.
    struct Group: Sendable {
        let curve: SigningKey.Curve
        let order: String
        let generator: String
    }

    static let groups = [
        Group(
            curve: .secp256k1, order: "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141",
            generator: "0279BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798"),
        Group(
            curve: .secp192k1, order: "FFFFFFFFFFFFFFFFFFFFFFFE26F2FC170F69466A74DEFD8D",
            generator: "03DB4FF10EC057E9AE26B07D0280B7F4341DA5D1B1EAE06C7D"),
    ]

    @Test(arguments: groups) func scalarsGoFromOneToTheOrderLessOne(_ group: Group) throws {
        let order = try #require([UInt8](hex: group.order))
        var zero = [UInt8](repeating: 0, count: order.count)
        #expect(throws: OfficeError.badPrivateKey) { try SigningKey(scalar: zero, on: group.curve) }
        zero[order.count - 1] = 1
        #expect(try SigningKey(scalar: zero, on: group.curve).publicKey.hex == group.generator)

        #expect(throws: OfficeError.badPrivateKey) { try SigningKey(scalar: order, on: group.curve) }
        var last = order
        last[order.count - 1] -= 1
        // The order minus one, times the generator, is the negated generator.
        let mirror = try SigningKey(scalar: last, on: group.curve).publicKey
        #expect(mirror.dropFirst().elementsEqual(try #require([UInt8](hex: group.generator)).dropFirst()))
        #expect(mirror[0] == (group.generator.hasPrefix("02") ? 3 : 2))
    }

    @Test(arguments: groups) func scalarsHaveTheLengthOfTheCurve(_ group: Group) throws {
        let good = [UInt8](repeating: 1, count: group.curve.scalarCount)
        #expect(try SigningKey(scalar: good, on: group.curve).scalar == good)
        #expect(throws: OfficeError.badPrivateKey) { try SigningKey(scalar: good + [1], on: group.curve) }
        #expect(throws: OfficeError.badPrivateKey) { try SigningKey(scalar: Array(good.dropLast()), on: group.curve) }
        #expect(throws: OfficeError.badPrivateKey) { try SigningKey(scalar: [], on: group.curve) }
    }

    @Test(arguments: groups, SigningKey.SHalf.allCases)
    func signaturesVerifyAndHaveTheHalfThatWasAskedFor(_ group: Group, _ half: SigningKey.SHalf) throws {
        let key = try SigningKey(generatedOn: group.curve)
        let order = try #require([UInt8](hex: group.order))
        var seen: Set<Bool> = []
        for round in UInt8(0)..<32 {
            let digest = [UInt8](repeating: round, count: 20)
            let signature = try key.sign(digest: digest, half: half)
            #expect(verify(key, digest, signature) == .valid)
            #expect(verify(key, [UInt8](repeating: round ^ 1, count: 20), signature) == .invalid)
            guard let parsed = DERSignature(signature.span) else {
                Issue.record("not strict DER: \(signature.hex)")
                continue
            }
            seen.insert(isHigh([UInt8](parsed.s), order))
        }
        // Among 32 signatures, both values of s occur.
        #expect(seen == (half == .any ? [true, false] : half == .high ? [true] : [false]))
    }

    @Test func generatedKeysDifferAndComeBackFromTheirScalar() throws {
        for curve in SigningKey.Curve.allCases {
            let key = try SigningKey(generatedOn: curve)
            #expect(try SigningKey(generatedOn: curve).scalar != key.scalar)
            #expect(try SigningKey(scalar: key.scalar, on: curve).publicKey == key.publicKey)
        }
    }

    @Test func theWriterPutsAZeroBeforeASetTopBitOnly() {
        #expect(DERSignatureWriter.encode(r: [0x7F], s: [0x80]) == [0x30, 7, 2, 1, 0x7F, 2, 2, 0, 0x80])
        #expect(DERSignatureWriter.encode(r: [], s: [1]) == [0x30, 6, 2, 1, 0, 2, 1, 1])
    }

    private func verify(_ key: SigningKey, _ digest: [UInt8], _ signature: [UInt8]) -> Verdict {
        switch key.curve {
        case .secp256k1:
            guard let issuer = HostBackend.issuerKey(key.publicKey.span) else { return .failed }
            return HostBackend.verifyIssuer(issuer, digest: digest.span, signature: signature.span)
        case .secp192k1:
            return HostBackend.verifyUser(key.publicKey.span, digest: digest.span, signature: signature.span)
        }
    }

    /// Whether s is above half the order.
    private func isHigh(_ s: [UInt8], _ order: [UInt8]) -> Bool {
        let padded = [UInt8](repeating: 0, count: order.count - s.count) + s
        var doubled: [UInt8] = []
        var carry: UInt8 = 0
        for byte in padded.reversed() {
            doubled.insert(byte << 1 | carry, at: 0)
            carry = byte >> 7
        }
        return carry == 1 || order.lexicographicallyPrecedes(doubled)
    }
}
