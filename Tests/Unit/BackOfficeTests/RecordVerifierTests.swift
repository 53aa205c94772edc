import HostCrypto
import Testing
import TransitCode

@testable import BackOffice

@Suite struct RecordVerifierTests {
    private static let key: [UInt8] = Array("sixteen byte key".utf8)

    private func verifier(
        _ sample: Sample, keys: [[UInt8]] = [key], policy: RecordVerifier.DevelopmentKeyPolicy = .refused
    ) throws -> RecordVerifier {
        try RecordVerifier(issuerKeys: sample.keys, recordKeys: keys, developmentKey: policy)
    }

    @Test func aGoodRecordPassesEveryCheck() throws {
        let sample = try Sample()
        let report = try verifier(sample).check(sample.record(code: sample.code(), key: Self.key))
        #expect(report.isGood && !report.isMalformed)
        #expect(report.findings.all.map(\.check) == Check.allCases)
        #expect(report.findings.all.allSatisfy { $0.outcome == .passed })
        let summary = try #require(report.summary)
        #expect(summary.amountCent == 200 && summary.acceptedAt == Sample.generated && summary.trip == .single)
        #expect(summary.rider?.userID == sample.draft.userID)
        #expect(summary.rider?.cardType == Array("ABCD1234".utf8))
        #expect(summary.recordKeyID == RecordVerifier.id(of: Self.key))
    }

    @Test func aChangedBitInAnyByteOfARecordIsFound() throws {
        let sample = try Sample()
        let record = try sample.record(code: sample.code(), key: Self.key)
        let verifier = try verifier(sample)
        for index in record.indices {
            var changed = record
            changed[index] ^= 1 << UInt8(index % 8)
            #expect(!verifier.check(changed).isGood, "byte \(index), bit \(index % 8)")
        }
        #expect(verifier.check(record).isGood)
    }

    @Test func aChangedMACIsNothingButAWrongMAC() throws {
        let sample = try Sample()
        var record = try sample.record(code: sample.code(), key: Self.key)
        record[record.count - 1] ^= 1
        #expect(try verifier(sample).check(record).findings.failedChecks == [.mac])
    }

    @Test func timesAreThoseOfTheRecord() throws {
        var sample = try Sample()
        let window = UInt32(Sample.window)
        for (time, checks) in [
            (Sample.generated - window - 1, [Check.window]), (Sample.generated - window, []),
            (Sample.generated + window, []), (Sample.generated + window + 1, [.window]),
        ] {
            let record = try sample.record(code: sample.code(), acceptedAt: time, key: Self.key)
            #expect(try verifier(sample).check(record).findings.failedChecks == checks)
        }
        sample.draft.expiry = Sample.generated + 1
        for (time, checks) in [(Sample.generated + 1, []), (Sample.generated + 2, [Check.expiry])] {
            let record = try sample.record(code: sample.code(), acceptedAt: time, key: Self.key)
            #expect(try verifier(sample).check(record).findings.failedChecks == checks)
        }
    }

    @Test func theAmountIsWithinTheQuota() throws {
        let sample = try Sample()
        let quota = UInt32(Sample.quota)
        for (amount, checks) in [(0, []), (quota, []), (quota + 1, [Check.quota]), (.max, [.quota])] {
            let record = try sample.record(code: sample.code(), amountCent: amount, key: Self.key)
            #expect(try verifier(sample).check(record).findings.failedChecks == checks)
        }
    }

    @Test func posParamIsChecked() throws {
        let sample = try Sample()
        let record = try sample.record(code: sample.code(), posParam: "{}", key: Self.key)
        let report = try verifier(sample).check(record)
        #expect(report.findings.failedChecks == [.posParam])
        #expect(report.summary?.trip == nil)
    }

    @Test func signaturesInsideAreChecked() throws {
        let sample = try Sample()
        for (fault, check) in [
            (CodeFault.issuerSignature(.corrupted), Check.issuerSignature),
            (.userSignature(.corrupted), .userSignature),
            (.trailing([0]), .codeShape), (.number(.issuerKeyID, 9), .issuerKey),
        ] {
            let record = try sample.record(code: sample.code([fault]), key: Self.key)
            #expect(try verifier(sample).check(record).findings.failedChecks == [check])
        }
    }

    @Test func anUnknownRecordKeyIsNamedByItsID() throws {
        let sample = try Sample()
        let record = try sample.record(code: sample.code(), key: Array("another key that is known".utf8))
        let report = try verifier(sample).check(record)
        let id = RecordVerifier.id(of: Array("another key that is known".utf8))
        #expect(report.findings[.recordKey] == .failed(.recordKeyUnknown(id: id)))
        #expect(report.findings[.mac] == .notChecked)
        #expect(!report.isGood)
        // The same record passes when its key is one of two known keys.
        let both = try verifier(sample, keys: [Self.key, Array("another key that is known".utf8)])
        #expect(both.check(record).isGood)
    }

    @Test func theDevelopmentKeyIsRefusedUnlessAccepted() throws {
        let sample = try Sample()
        let record = try sample.record(code: sample.code(), key: nil)
        let refused = try verifier(sample).check(record)
        #expect(refused.findings[.recordKey] == .failed(.developmentRecordKey))
        #expect(refused.hasDevelopmentRecordKey && !refused.isGood)
        let accepted = try verifier(sample, policy: .accepted).check(record)
        #expect(accepted.hasDevelopmentRecordKey && accepted.isGood)
        // The development key fails even when the operator gives it as a record key.
        #expect(!(try verifier(sample, keys: [DevelopmentKeys.record]).check(record).isGood))

        var forged = record
        forged[forged.count - 1] ^= 1
        let wrong = try verifier(sample, policy: .accepted).check(forged)
        #expect(wrong.findings.failedChecks == [.mac] && !wrong.hasDevelopmentRecordKey)
    }

    @Test func whatIsNoRecordIsMalformed() throws {
        let sample = try Sample()
        let record = try sample.record(code: sample.code(), key: Self.key)
        let verifier = try verifier(sample)
        for bytes in [[], [0x30], Array(record.dropLast()), record + [0], try sample.code()] {
            let report = verifier.check(bytes)
            #expect(report.isMalformed && report.findings.failedChecks == [.recordShape])
            #expect(report.findings.all.count == Check.allCases.count)
        }
    }

    @Test func macsCompareByEveryByte() {
        let mac = [UInt8](repeating: 0xA5, count: 32)
        #expect(Libcrypto.isEqualInConstantTime(mac, mac))
        for index in mac.indices {
            var other = mac
            other[index] ^= 0x80
            #expect(!Libcrypto.isEqualInConstantTime(mac, other))
        }
        #expect(!Libcrypto.isEqualInConstantTime(mac, Array(mac.dropLast())))
    }
}
