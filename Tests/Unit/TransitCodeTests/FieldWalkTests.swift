import TestSupport
import Testing
import TransitCode

/// The calls that the parsers make to an observer.
@Suite struct FieldWalkTests {
    /// Records the calls.
    private final class Trace<Field>: FieldObserver {
        var fields: [Field] = []
        var counts: [Int] = []
        var covered = 0
        var stop: (field: Field, offset: Int, fault: FieldFault)?
        /// Whether every field began at the end of the field before it, and the stop came last.
        var isInOrder = true

        func takes(_ field: Field, at offset: Int, count: Int) {
            isInOrder = isInOrder && stop == nil && offset == covered
            fields.append(field)
            counts.append(count)
            covered += count
        }

        func stops(at field: Field, offset: Int, _ fault: FieldFault) {
            isInOrder = isInOrder && stop == nil && offset == covered
            stop = (field, offset, fault)
        }
    }

    private func trace(code bytes: [UInt8]) -> (trace: Trace<CodeField>, refusal: PosError?) {
        let trace = Trace<CodeField>()
        return (trace, refusal { () throws(PosError) in _ = try TransitCode(bytes.span, for: trace) })
    }

    private func trace(record bytes: [UInt8]) -> (trace: Trace<RecordField>, isRecord: Bool) {
        let trace = Trace<RecordField>()
        return (trace, Record(bytes.span, for: trace) != nil)
    }

    /// The input with one byte more, with every byte changed, and every prefix.
    private func neighbours(of bytes: [UInt8]) -> [[UInt8]] {
        [bytes + [0]] + bytes.indices.map { Array(bytes[..<$0]) }
            + bytes.indices.flatMap { index in
                [0, 0x1F, 0x7E, 0x7F, bytes[index] &- 1, bytes[index] &+ 1]
                    .map { bytes.setting(index, to: $0) }
            }
    }

    @Test func `the observer of a good input is told every field in order`() {
        for bytes in [CodeParts().bytes, CodeParts(cardNumber: [0x31], cardData: [4]).bytes]
            + GenuineCode.all.map(\.code)
        {
            let (trace, refusal) = trace(code: bytes)
            #expect(refusal == nil && trace.stop == nil && trace.isInOrder)
            #expect(trace.fields == CodeField.allCases && trace.covered == bytes.count)
            for (field, count) in zip(trace.fields, trace.counts) { #expect(count == field.fixedCount ?? count) }
        }
        for parts in [RecordTests.Parts(), RecordTests.Parts(code: [2, 1], posParam: [], version: [0x31, 0x32])] {
            let (trace, isRecord) = trace(record: parts.bytes)
            #expect(isRecord && trace.stop == nil && trace.isInOrder)
            #expect(trace.fields == RecordField.allCases && trace.covered == parts.bytes.count)
        }
    }

    @Test func `the issuer signs every field but those around the credential`() {
        let outside: [CodeField] = [
            .protocolVersion, .algorithm, .issuerKeyID, .credentialCount, .issuerSignatureCount, .issuerSignature,
            .generatedCount, .generated, .userSignatureCount, .userSignature,
        ]
        #expect(CodeField.allCases.filter { !$0.isInCredential } == outside)
    }

    @Test func `the observer changes nothing, and is told of all that is wrong but two things`() {
        var counts = (good: 0, bad: 0)
        for bytes in neighbours(of: CodeParts().bytes) {
            let (trace, refused) = trace(code: bytes)
            let unobserved = refusal { () throws(PosError) in _ = try TransitCode(bytes.span) }
            #expect(refused == unobserved, "\(bytes)")
            let isOverrun = trace.fields.last == .credentialCount && Int(bytes[3]) > bytes.count - 4
            #expect(trace.isInOrder && (trace.stop == nil) == (refused == nil || isOverrun), "\(bytes)")
            if refused == nil { counts.good += 1 } else { counts.bad += 1 }
        }
        #expect(counts.good > 500 && counts.bad > 200)

        counts = (0, 0)
        for bytes in neighbours(of: RecordTests.Parts().bytes) {
            let (trace, isRecord) = trace(record: bytes)
            #expect(isRecord == (Record(bytes.span) != nil), "\(bytes)")
            let isToldAll = trace.fields == RecordField.allCases && trace.covered == bytes.count
            let isHeadWrong = trace.fields == [.head] && bytes[0] >> 4 != 3 || isToldAll
            #expect(trace.isInOrder && (trace.stop == nil) == (isRecord || isHeadWrong), "\(bytes)")
            if isRecord { counts.good += 1 } else { counts.bad += 1 }
        }
        #expect(counts.good > 500 && counts.bad > 200)
    }

    @Test func `a stop says where and why`() {
        func expect(_ bytes: [UInt8], _ field: CodeField, _ offset: Int, _ fault: FieldFault) {
            let stop = trace(code: bytes).trace.stop
            #expect(stop?.field == field && stop?.offset == offset && stop?.fault == fault, "\(bytes)")
        }
        let code = CodeParts().bytes
        expect([], .protocolVersion, 0, .tooShort(needed: 1, left: 0))
        expect([3], .protocolVersion, 0, .mustBe(2))
        expect(code + [0, 0], .userSignature, code.count, .leftOver(2))
        expect(code.setting(6, to: 0), .userID, 4, .notPrintable(offset: 6))
        expect(Array(code.dropLast()), .userSignature, code.count - 55, .tooShort(needed: 55, left: 54))
    }
}
