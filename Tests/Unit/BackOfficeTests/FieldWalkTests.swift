import HostCrypto
import Testing
import TransitCode

@testable import BackOffice

/// A parser reports a stop for every input that it refuses, and for no other input.
@Suite struct FieldWalkTests {
    @Test func everyCodeThatTheParserRefusesHasAStop() throws {
        var sample = try Sample()
        var counts = (parsed: 0, refused: 0)
        let codes = try [sample.code(), plain(&sample), GenuineCode.all[0].bytes, GenuineCode.all[1].bytes]
        for code in codes.flatMap({ [$0] + neighbours(of: $0) }) {
            let isCode = (try? TransitCode(code.span)) != nil
            #expect((CodeVerifier.stop(in: code) == nil) == isCode, "\(code.hex)")
            if isCode { counts.parsed += 1 } else { counts.refused += 1 }
        }
        #expect(counts.parsed > 4000 && counts.refused > 2000)
    }

    private func plain(_ sample: inout Sample) throws -> [UInt8] {
        sample.draft.cardType = [UInt8](repeating: 0, count: 8)
        sample.draft.cardNumber = []
        sample.draft.cardData = []
        return try sample.code()
    }

    @Test func everyRecordThatTheParserRefusesHasAStop() throws {
        let sample = try Sample()
        let record = try sample.record(code: sample.code(), key: nil)
        var counts = (parsed: 0, refused: 0)
        for record in [record] + neighbours(of: record) {
            let isRecord = Record(record.span) != nil
            #expect((RecordVerifier.stop(in: record) == nil) == isRecord, "\(record.hex)")
            if isRecord { counts.parsed += 1 } else { counts.refused += 1 }
        }
        #expect(counts.parsed > 3000 && counts.refused > 500)
    }

    @Test func aLongInputIsNoRecordEvenWhenItsHeadSaysTheSameTwelveBits() {
        let long = [0x30, 0x00] + [UInt8](repeating: 0, count: 0x1000)
        let isRecord = Record(long.span) != nil
        #expect(RecordVerifier.stop(in: long) != nil && !isRecord)
    }

    @Test func everyFieldStandsWhereTheParserReadsIt() throws {
        let sample = try Sample()
        let bytes = try sample.code()
        let code = try TransitCode(bytes.span)
        let credential = code.credential
        let explained = Explanation(code: bytes)
        #expect(explained.stop == nil)
        #expect(explained.fields.map(\.name) == CodeField.allCases.map { .code($0) })
        for (field, found) in zip(CodeField.allCases, explained.fields) {
            #expect(found.bytes.count == field.fixedCount ?? found.bytes.count)
        }
        // The fields cover the input from the first byte to the last, without gaps.
        #expect(explained.fields.reduce(0) { $1.offset == $0 ? $0 + $1.bytes.count : -1 } == bytes.count)
        func value(_ field: CodeField) -> [UInt8]? { explained.fields.first { $0.name == .code(field) }?.bytes }
        #expect(value(.userID) == [UInt8](credential.userID))
        #expect(value(.expiry)?.bigEndianValue == UInt64(credential.expiry))
        #expect(value(.window)?.bigEndianValue == UInt64(credential.window))
        #expect(value(.quotaCent)?.bigEndianValue == UInt64(credential.quotaCent))
        #expect(value(.reserved) == [UInt8](credential.reserved))
        #expect(value(.userPublicKey) == [UInt8](credential.userPublicKey))
        #expect(value(.cardType) == Array("ABCD1234".utf8))
        #expect(value(.cardNumber) == [UInt8](credential.cardNumber))
        #expect(value(.cardData) == [UInt8](credential.cardData))
        #expect(value(.issuerSignature) == [UInt8](code.issuerSignature))
        #expect(value(.generated)?.bigEndianValue == UInt64(code.generated))
        #expect(value(.userSignature) == [UInt8](code.userSignature))
    }

    @Test func everyFieldOfARecordStandsWhereTheParserReadsIt() throws {
        let sample = try Sample()
        let bytes = try sample.record(code: sample.code(), key: nil)
        guard let record = Record(bytes.span) else {
            Issue.record("not a record: \(bytes.hex)")
            return
        }
        let parsed = [UInt8](record.mac) + [UInt8](record.keyID) + [UInt8](record.posParam)
        let explained = Explanation(record: bytes)
        #expect(explained.stop == nil)
        func value(_ field: RecordField) -> [UInt8] {
            explained.fields.first { $0.name == .record(field) }?.bytes ?? []
        }
        #expect(value(.mac) + value(.keyID) + value(.posParam) == parsed)
        let own = explained.fields.filter { if case .record = $0.name { true } else { false } }
        #expect(own.reduce(0) { $1.offset == $0 ? $0 + $1.bytes.count : -1 } == bytes.count)
        // The fields of the code have offsets in the record.
        let inner = try #require(explained.fields.first { $0.name == .code(.userID) })
        #expect(Array(bytes[inner.offset..<inner.offset + 16]) == Array("2088123412341234".utf8))
        #expect(inner.depth == 2)
    }

    struct Place: Sendable {
        let faults: [CodeFault]
        let field: CodeField
        let fault: FieldFault
    }

    @Test(arguments: [
        Place(faults: [.truncated(count: 0)], field: .protocolVersion, fault: .tooShort(needed: 1, left: 0)),
        Place(faults: [.number(.protocolVersion, 1)], field: .protocolVersion, fault: .mustBe(2)),
        Place(faults: [.truncated(count: 3)], field: .credentialCount, fault: .tooShort(needed: 1, left: 0)),
        Place(faults: [.truncated(count: 4)], field: .userID, fault: .tooShort(needed: 16, left: 0)),
        Place(faults: [.truncated(count: 22)], field: .expiry, fault: .tooShort(needed: 4, left: 2)),
        Place(
            faults: [.bytes(.userID, Array("2088123412341\u{7F}34".utf8))], field: .userID,
            fault: .notPrintable(offset: 17)),
        Place(
            faults: [.bytes(.cardType, [0x41, 0, 0, 0, 0, 0, 0, 0])], field: .cardType,
            fault: .notPrintable(offset: 66)),
        Place(faults: [.number(.cardNumberCount, 200)], field: .cardNumber, fault: .tooShort(needed: 200, left: 20)),
        Place(faults: [.number(.cardDataCount, 2)], field: .cardData, fault: .leftOver(1)),
        Place(faults: [.number(.cardDataCount, 4)], field: .cardData, fault: .tooShort(needed: 4, left: 3)),
        Place(faults: [.bytes(.generated, [1, 2, 3])], field: .generatedCount, fault: .mustBe(4)),
        Place(faults: [.trailing([0, 0])], field: .userSignature, fault: .leftOver(2)),
    ])
    func theStopNamesTheFieldAndTheFault(_ place: Place) throws {
        let code = try Sample().code(place.faults)
        let stop = try #require(Explanation(code: code).stop)
        #expect(stop.name == .code(place.field))
        #expect(stop.fault == place.fault)
    }

    @Test func aCredentialLengthPastTheEndIsNamedWhenTheCredentialIsWhole() throws {
        let code = try Sample().code([.number(.credentialCount, 255)])
        let stop = try #require(Explanation(code: code).stop)
        #expect(stop.name == .code(.credentialCount) && stop.offset == 3)
        #expect(stop.fault == .tooShort(needed: 255, left: code.count - 4))
    }

    @Test func inACredentialLengthPastTheEndTheFieldThatWasCutOrIsWrongIsNamed() throws {
        let code = try Sample().code()
        for (bytes, field, fault) in [
            (Array(code.prefix(30)), .reserved, .tooShort(needed: 12, left: 2)),
            (Array(code.prefix(91)), .cardData, .tooShort(needed: 3, left: 0)),
            ([2, 1, 0, 255] + [UInt8](repeating: 0, count: 20), .userID, .notPrintable(offset: 4)),
        ] as [([UInt8], CodeField, FieldFault)] {
            let explained = Explanation(code: bytes)
            #expect(explained.stop?.name == .code(field) && explained.stop?.fault == fault, "\(bytes)")
            #expect(explained.fields.count == Int(field.rawValue))
        }
    }

    @Test func aRecordStopsWhereItWasCutAndAtItsHeadOnlyWhenTheHeadIsWrong() throws {
        let sample = try Sample()
        let record = try sample.record(code: sample.code(), key: nil)
        #expect(Explanation(record: record).stop == nil)
        let cut = try #require(Explanation(record: Array(record.dropLast(33))).stop)
        #expect(cut.name == .record(.macCount) && cut.fault == .tooShort(needed: 2, left: 1))
        let long = try #require(Explanation(record: record + [1]).stop)
        #expect(long.name == .record(.mac) && long.offset == record.count && long.fault == .leftOver(1))
        var wrong = record
        wrong[1] ^= 1
        let head = try #require(Explanation(record: wrong).stop)
        let right = UInt16(record[0]) << 8 | UInt16(record[1])
        #expect(head.name == .record(.head) && head.offset == 0 && head.fault == .mustBe(right))
        wrong[0] ^= 0x10
        let format = Explanation(record: wrong)
        #expect(format.fields.isEmpty && format.stop?.fault == .mustBe(right))
    }
}
