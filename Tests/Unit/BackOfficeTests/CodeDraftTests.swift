import Testing
import TransitCode

@testable import BackOffice

@Suite struct CodeDraftTests {
    private func report(_ sample: Sample, _ code: [UInt8], at time: UInt32 = Sample.generated) throws
        -> CodeVerifier.Report
    {
        try CodeVerifier(issuerKeys: sample.keys).check(code, at: time)
    }

    @Test(arguments: SigningKey.SHalf.allCases) func aMadeCodeIsGood(_ half: SigningKey.SHalf) throws {
        let sample = try Sample()
        let report = try report(sample, sample.code(half: half))
        #expect(report.findings.failedChecks == [])
        #expect(report.findings.all.map(\.outcome) == [.passed, .passed, .passed, .passed, .passed, .passed])
        #expect(!report.isFromDevelopmentIssuer)
    }

    @Test func theWindowIsInclusiveAtBothEnds() throws {
        let sample = try Sample()
        let code = try sample.code()
        let window = UInt32(Sample.window)
        for (time, isGood) in [
            (Sample.generated - window - 1, false), (Sample.generated - window, true),
            (Sample.generated + window, true), (Sample.generated + window + 1, false),
        ] {
            #expect(try report(sample, code, at: time).findings.failedChecks == (isGood ? [] : [.window]))
        }
    }

    @Test func theCredentialIsGoodThroughItsLastSecond() throws {
        var sample = try Sample()
        sample.draft.expiry = Sample.generated + 10
        let code = try sample.code()
        #expect(try report(sample, code, at: Sample.generated + 10).findings.failedChecks == [])
        #expect(try report(sample, code, at: Sample.generated + 11).findings.failedChecks == [.expiry])
    }

    struct Wrong: Sendable {
        let fault: CodeFault
        let check: Check
    }

    @Test(arguments: [
        Wrong(fault: .number(.protocolVersion, 1), check: .codeShape),
        Wrong(fault: .number(.issuerKeyID, 8), check: .issuerKey),
        Wrong(fault: .number(.credentialCount, 89), check: .codeShape),
        Wrong(fault: .bytes(.userID, Array("short".utf8)), check: .codeShape),
        Wrong(fault: .bytes(.userPublicKey, [UInt8](repeating: 2, count: 25)), check: .userSignature),
        Wrong(fault: .bytes(.expiry, [0, 0, 0, 1]), check: .expiry),
        Wrong(fault: .issuerSignature(.corrupted), check: .issuerSignature),
        Wrong(fault: .issuerSignature(.otherKey), check: .issuerSignature),
        Wrong(fault: .issuerSignature(.zeroR), check: .issuerSignature),
        Wrong(fault: .issuerSignature(.zeroS), check: .issuerSignature),
        Wrong(fault: .issuerSignature(.padded), check: .issuerSignature),
        Wrong(fault: .issuerSignature(.trailingByte), check: .issuerSignature),
        Wrong(fault: .issuerSignature(.replaced([])), check: .issuerSignature),
        Wrong(fault: .userSignature(.corrupted), check: .userSignature),
        Wrong(fault: .userSignature(.otherKey), check: .userSignature),
        Wrong(fault: .userSignature(.zeroR), check: .userSignature),
        Wrong(fault: .userSignature(.zeroS), check: .userSignature),
        Wrong(fault: .userSignature(.padded), check: .userSignature),
        Wrong(fault: .userSignature(.trailingByte), check: .userSignature),
        Wrong(fault: .userSignature(.replaced([0x30, 0])), check: .userSignature),
        Wrong(fault: .trailing([0]), check: .codeShape),
        Wrong(fault: .truncated(count: 100), check: .codeShape),
    ])
    func oneFaultMakesOneThingWrong(_ wrong: Wrong) throws {
        let sample = try Sample()
        #expect(try report(sample, sample.code([wrong.fault])).findings.failedChecks == [wrong.check])
    }

    @Test func theAlgorithmIsNotInterpreted() throws {
        let sample = try Sample()
        #expect(try report(sample, sample.code([.number(.algorithm, 99)])).findings.failedChecks == [])
    }

    @Test func lengthsThatDoNotFitAreNamed() throws {
        var sample = try Sample()
        sample.draft.cardData = []
        // The other fields of the credential are 71 bytes.
        sample.draft.cardNumber = [UInt8](repeating: 0x30, count: 255 - 71)
        #expect(try report(sample, sample.code()).findings.failedChecks == [])
        sample.draft.cardNumber.append(0x30)
        #expect(throws: OfficeError.tooLong(.credentialCount, count: 256, limit: 255)) { try sample.code() }
        sample.draft.cardNumber = []
        sample.draft.cardData = [UInt8](repeating: 0, count: 256)
        #expect(throws: OfficeError.tooLong(.cardData, count: 256, limit: 255)) { try sample.code() }
        sample.draft.cardData = []
        sample.draft.userID.removeLast()
        #expect(throws: OfficeError.wrongCount(.userID, count: 15, expected: 16)) { try sample.code() }
    }

    @Test(arguments: GenuineCode.all) func genuineCodesVerifyAtTheEdgesOfTheirTime(_ genuine: GenuineCode) throws {
        let verifier = try CodeVerifier(issuerKeys: GenuineCode.keys())
        let window = GenuineCode.window
        for (time, isGood) in [
            (genuine.generated - window - 1, false), (genuine.generated - window, true),
            (genuine.generated + window, true), (genuine.generated + window + 1, false),
        ] {
            let report = verifier.check(genuine.bytes, at: time)
            #expect(report.findings.failedChecks == (isGood ? [] : [.window]))
            #expect(report.findings[.issuerSignature] == .passed)
        }
    }

    @Test func aKeyOfTheListThatDoesVerifyIsNamed() throws {
        let sample = try Sample()
        let other = try SigningKey(generatedOn: .secp256k1)
        let list = IssuerKeys.json([(Sample.keyID, other.publicKey), (200, sample.issuer.publicKey)])
        let verifier = try CodeVerifier(issuerKeys: IssuerKeys(json: Array(list.utf8)))
        let findings = verifier.check(try sample.code(), at: Sample.generated).findings
        #expect(
            findings[.issuerSignature] == .failed(.issuerSignatureWrong(id: Sample.keyID, verifiesWith: 200)))
    }

    @Test func withoutAKeyListOnlyTheDevelopmentIssuerIsKnown() throws {
        let sample = try Sample()
        let verifier = try CodeVerifier(issuerKeys: nil)
        let unknown = verifier.check(try sample.code(), at: Sample.generated)
        #expect(unknown.findings.failedChecks == [])
        #expect(unknown.findings[.issuerSignature] == .notChecked)
        #expect(!unknown.isFromDevelopmentIssuer)

        let credential = try IssuedCredential(
            sample.draft, userPublicKey: sample.rider.publicKey, issuerKeyID: 255, issuer: DevelopmentKeys.issuer())
        let known = verifier.check(
            try credential.code(generated: Sample.generated, rider: sample.rider), at: Sample.generated)
        #expect(known.findings[.issuerSignature] == .passed)
        #expect(known.isFromDevelopmentIssuer)
    }
}
