import HostCrypto
import TestSupport
import Testing
import TransitCode
import TransitCrypto
import TransitGate

/// A gate with one issuer key and without a list of card types. It remembers accepted codes.
private final class OneKeyGate {
    private(set) var accepted: [ReplayIdentity] = []
    let keyID: UInt8 = 0

    private func status(of code: borrowing TransitCode) -> CodeStatus<HostBackend.IssuerKey> {
        let publicKey = GenuineCode.issuerPublicKey
        let issuerKey = HostBackend.issuerKey(publicKey.span)
        return CodeStatus(
            supportsCardType: true, hasBeenAccepted: accepted.contains(ReplayIdentity(of: code, by: HostBackend.self)),
            issuerKey: code.issuerKeyID == keyID ? issuerKey : nil)
    }

    /// Decides, signs and remembers, as the library does. Writes the record to `record`.
    func verify(
        _ code: borrowing TransitCode, request: borrowing VerificationRequest, version: Span<UInt8>,
        record: inout RecordBuffer
    ) throws(PosError) {
        let acceptedAt = try Gate.decide(code, status: status(of: code), request: request, by: HostBackend.self)
        try record.compose(
            code: code.bytes, posParam: request.posParam, amountCent: request.amountCent, acceptedAt: acceptedAt,
            version: version)
        var key = RecordKey()
        try key.sign(&record, by: HostBackend.self)
        accepted.append(ReplayIdentity(of: code, by: HostBackend.self))
    }
}

/// The genuine codes verify with the host backend (docs/format.md, docs/rules.md).
@Suite struct GenuineCodesTests {
    private func verify(
        _ code: [UInt8], at now: UInt32, on gate: OneKeyGate = OneKeyGate()
    ) -> (refusal: PosError?, record: [UInt8]) {
        let posParam = [UInt8](text: #"{"pos_id":"1","type":"SINGLE","subject":"s","record_id":"r"}"#)
        let version = [UInt8](text: "1.0.0")
        var record = RecordBuffer()
        let refused = refusal { () throws(PosError) in
            let request = VerificationRequest(posParam: posParam.span, amountCent: 200, now: now)
            try gate.verify(TransitCode(code.span), request: request, version: version.span, record: &record)
        }
        return (refused, [UInt8](record.bytes))
    }

    /// The two signatures of a code: the range, and the same signature with s replaced by n - s.
    private func signatures(in code: [UInt8]) throws -> [(range: Range<Int>, flipped: [UInt8])] {
        let parsed = try TransitCode(code.span)
        let issuerStart = 4 + parsed.credential.bytes.count + 1
        let ranges = [
            (issuerStart..<issuerStart + parsed.issuerSignature.count, LibcryptoECDSA.Curve.secp256k1),
            (code.count - parsed.userSignature.count..<code.count, .secp192k1),
        ]
        return ranges.map { range, curve in
            let bytes = Array(code[range])
            guard let signature = DERSignature(bytes.span) else { preconditionFailure("not DER") }
            let order = Oracle(curve).order
            let (r, s) = (Number(bytes: [UInt8](signature.r)), Number(bytes: [UInt8](signature.s)))
            return (range, der(r, order - s))
        }
    }

    /// The code with one signature replaced and its length byte updated.
    private func replacing(_ range: Range<Int>, in code: [UInt8], with signature: [UInt8]) -> [UInt8] {
        Array(code[..<(range.lowerBound - 1)]) + [UInt8(signature.count)] + signature
            + Array(code[range.upperBound...])
    }

    @Test(arguments: GenuineCode.all)
    func `a genuine code is accepted through its whole window, and not a second longer`(genuine: GenuineCode) {
        let window = UInt32(GenuineCode.window)
        for (now, error) in [
            (genuine.generated, nil), (genuine.generated + window, nil),
            (genuine.generated + window + 1, .codeExpired),
            (genuine.generated - window, nil), (genuine.generated - window - 1, .codeExpired),
            (genuine.expiry, .codeExpired), (genuine.expiry + 1, .credentialExpired),
        ] as [(UInt32, PosError?)] {
            #expect(verify(genuine.code, at: now).refusal == error, "\(now)")
        }
    }

    @Test(arguments: GenuineCode.all)
    func `both halves of s are genuine, and are the same code`(genuine: GenuineCode) throws {
        let gate = OneKeyGate()
        #expect(verify(genuine.code, at: genuine.generated, on: gate).refusal == nil)
        for (range, flipped) in try signatures(in: genuine.code) {
            let twin = replacing(range, in: genuine.code, with: flipped)
            #expect(twin != genuine.code)
            #expect(verify(twin, at: genuine.generated, on: gate).refusal == .duplicated)
            // The user signature with n - s is valid. The user signature covers the issuer signature, so another issuer
            // signature makes it invalid.
            let isUser = range.upperBound == genuine.code.count
            #expect(verify(twin, at: genuine.generated).refusal == (isUser ? nil : .malformedCode))
            let publicKey = GenuineCode.issuerPublicKey
            let read = HostBackend.issuerKey(publicKey.span)
            let key = try #require(read)
            let issuer = refusal { () throws(PosError) in
                try Gate.checkIssuerSignature(of: TransitCode(twin.span), by: HostBackend.self, key: key)
            }
            #expect(issuer == nil)
        }
        #expect(gate.accepted.count == 1)
    }

    @Test(arguments: GenuineCode.all)
    func `every bit counts`(genuine: GenuineCode) throws {
        let parsed = try TransitCode(genuine.code.span)
        let windowAndExpiry = 4 + 16..<4 + 22
        let generatedStart = parsed.userSigned.count - 4
        var tally: [PosError: Int] = [:]
        for bit in 0..<8 * genuine.code.count {
            let index = bit / 8
            let changed = genuine.code.setting(index, to: genuine.code[index] ^ 1 << UInt8(bit % 8))
            let gate = OneKeyGate()
            let refused = verify(changed, at: genuine.generated, on: gate).refusal
            var expected: [PosError] = [.malformedCode]
            switch index {
            case 0: expected = [.protocolUnsupported]
            case 2: expected = [.illegalParam]
            case _ where windowAndExpiry.contains(index): expected = [.malformedCode, .credentialExpired]
            case generatedStart...generatedStart + 3: expected = [.malformedCode, .codeExpired]
            default: break
            }
            #expect(refused.map(expected.contains) == true, "bit \(bit): \(String(describing: refused))")
            #expect(gate.accepted.isEmpty)
            if let refused { tally[refused, default: 0] += 1 }
        }
        #expect(tally.values.reduce(0, +) == 8 * genuine.code.count)
        #expect(tally[.protocolUnsupported] == 8)
        #expect(tally[.illegalParam] == 8)
    }

    @Test func `signatures of one code do not serve the other, nor each other`() throws {
        let (first, second) = (GenuineCode.all[0].code, GenuineCode.all[1].code)
        let (ofFirst, ofSecond) = (try signatures(in: first), try signatures(in: second))
        for index in 0..<2 {
            let swapped = replacing(ofFirst[index].range, in: first, with: Array(second[ofSecond[index].range]))
            #expect(verify(swapped, at: GenuineCode.all[0].generated).refusal == .malformedCode)
        }
        let crossed = replacing(ofFirst[1].range, in: first, with: Array(first[ofFirst[0].range]))
        #expect(verify(crossed, at: GenuineCode.all[0].generated).refusal == .malformedCode)
    }

    @Test func `another issuer's key does not do`() throws {
        let genuine = GenuineCode.all[0]
        let other = [UInt8](hex: "02AB2FDB0AB23506C48012642E1A572FC46B5D8B8EE3B92A602CC1109921F84B0E")
        for (bytes, error) in [(other, .malformedCode), (GenuineCode.issuerPublicKey, nil)] as [([UInt8], PosError?)] {
            let read = HostBackend.issuerKey(bytes.span)
            let key = try #require(read)
            let outcome = refusal { () throws(PosError) in
                try Gate.checkIssuerSignature(of: TransitCode(genuine.code.span), by: HostBackend.self, key: key)
            }
            #expect(outcome == error)
        }
    }

    @Test(arguments: GenuineCode.all)
    func `the record of a genuine code proves itself under the development key`(genuine: GenuineCode) throws {
        let (refused, bytes) = verify(genuine.code, at: genuine.generated)
        #expect(refused == nil)
        guard let record = Record(bytes.span) else {
            Issue.record("not a record")
            return
        }
        let key = RecordKey.development
        let mac = HostBackend.hmacSHA256(key: key.span, message: record.authenticated)
        let (isSame, keyID, code) = ([UInt8](record.mac) == [UInt8](mac), [UInt8](record.keyID), [UInt8](record.code))
        #expect(isSame)
        #expect(keyID == [0xF8, 0x84, 0xFB, 0xFB])
        #expect(code == genuine.code)
    }

    /// Anyone can compute the identity: it is the SHA-256 digest of the signed data.
    @Test(arguments: GenuineCode.all)
    func `two presentations of a code have one identity, and two codes have two`(genuine: GenuineCode) throws {
        let other = GenuineCode.all.first { $0.name != genuine.name }!.code
        let first = ReplayIdentity(of: try TransitCode(genuine.code.span), by: HostBackend.self)
        #expect(first == ReplayIdentity(of: try TransitCode(genuine.code.span), by: HostBackend.self))
        #expect(first != ReplayIdentity(of: try TransitCode(other.span), by: HostBackend.self))
    }
}
