import TestSupport
import Testing
import TransitCode

/// docs/format.md, "The record".
@Suite struct RecordTests {
    /// The fields of a record, each with its length, and the head.
    struct Parts {
        var nibble = 3
        var code = CodeParts().bytes
        var posParam = [UInt8](text: #"{"pos_id":"1"}"#)
        var amount = [UInt8](200, count: 4)
        var acceptedAt = [UInt8](1_516_167_400, count: 4)
        var version = [UInt8](text: "1.0.0")
        var keyID: [UInt8] = [1, 2, 3, 4]
        var mac = [UInt8](repeating: 0xCC, count: 32)
        var excess = 0

        var bytes: [UInt8] {
            let fields = [code, posParam, amount, acceptedAt, version, keyID, mac]
            let body = fields.flatMap { [UInt8]($0.count, count: 2) + $0 }
            return [UInt8](nibble << 12 | (body.count + excess), count: 2) + body
        }
    }

    private func isRecord(_ bytes: [UInt8]) -> Bool { Record(bytes.span) != nil }

    private func compose(_ parts: Parts) throws(PosError) -> [UInt8] {
        var record = RecordBuffer()
        let (code, posParam, version) = (parts.code, parts.posParam, parts.version)
        try record.compose(
            code: code.span, posParam: posParam.span, amountCent: 200, acceptedAt: 1_516_167_400,
            version: version.span)
        try record.append(parts.keyID.span)
        record.close()
        try record.append(parts.mac.span)
        return [UInt8](record.bytes)
    }

    @Test func `a record is composed byte by byte as the format says`() throws {
        #expect(try compose(Parts()) == Parts().bytes)
        #expect(
            try compose(Parts(code: [], posParam: [], version: []))
                == Parts(code: [], posParam: [], version: []).bytes)
    }

    @Test func `what is composed is read back`() throws {
        let parts = Parts()
        let bytes = try compose(parts)
        let record = try #require(isRecord(bytes) ? bytes : nil)
        guard let read = Record(record.span) else { return }
        let fields = [
            [UInt8](read.bytes), [UInt8](read.code), [UInt8](read.posParam), [UInt8](read.version),
            [UInt8](read.keyID), [UInt8](read.mac), [UInt8](read.authenticated),
        ]
        let (amount, acceptedAt) = (read.amountCent, read.acceptedAt)
        #expect(
            fields == [
                bytes, parts.code, parts.posParam, parts.version, parts.keyID, parts.mac, Array(bytes.dropLast(34)),
            ])
        #expect(amount == 200)
        #expect(acceptedAt == 1_516_167_400)
    }

    @Test func `the largest amount and the largest time are kept`() throws {
        var record = RecordBuffer()
        let empty: [UInt8] = []
        try record.compose(
            code: empty.span, posParam: empty.span, amountCent: .max, acceptedAt: 0x8000_0001, version: empty.span)
        #expect(
            [UInt8](record.bytes).dropFirst(2)
                == [0, 0, 0, 0, 0, 4, 0xFF, 0xFF, 0xFF, 0xFF, 0, 4, 0x80, 0, 0, 1, 0, 0])
    }

    @Test func `every proper prefix and every longer text is no record`() {
        let bytes = Parts().bytes
        #expect(isRecord(bytes))
        for count in bytes.indices { #expect(!isRecord(Array(bytes[..<count])), "\(count)") }
        for byte in 0...UInt8.max { #expect(!isRecord(bytes + [byte])) }
    }

    @Test func `the format is 3`() {
        for nibble in 0...15 { #expect(isRecord(Parts(nibble: nibble).bytes) == (nibble == 3)) }
    }

    @Test func `the length in the head is exact`() {
        for excess in [-1, 1, 256, -256] { #expect(!isRecord(Parts(excess: excess).bytes)) }
        #expect(!isRecord(Parts(code: Parts().code + [0], excess: -1).bytes))
    }

    @Test func `every length is exact, and fixed fields have their sizes`() {
        let parts = Parts()
        let bytes = parts.bytes
        var offset = 2
        for field in [
            parts.code, parts.posParam, parts.amount, parts.acceptedAt, parts.version, parts.keyID, parts.mac,
        ] {
            for wrong in [0, field.count - 1, field.count + 1, 255, 0xFFFF] {
                let length = [UInt8](wrong, count: 2)
                let corrupt = bytes.setting(offset, to: length[0]).setting(offset + 1, to: length[1])
                #expect(!isRecord(corrupt), "length at \(offset) of \(wrong)")
            }
            offset += 2 + field.count
        }
        #expect(!isRecord(Parts(amount: [0, 0, 200]).bytes))
        #expect(!isRecord(Parts(amount: [0, 0, 0, 0, 200]).bytes))
        #expect(!isRecord(Parts(acceptedAt: [0, 0, 200]).bytes))
        #expect(!isRecord(Parts(acceptedAt: [0, 0, 0, 0, 200]).bytes))
        #expect(!isRecord(Parts(keyID: [1, 2, 3]).bytes))
        #expect(!isRecord(Parts(keyID: [1, 2, 3, 4, 5]).bytes))
        #expect(!isRecord(Parts(mac: [UInt8](repeating: 0, count: 31)).bytes))
        #expect(!isRecord(Parts(mac: [UInt8](repeating: 0, count: 33)).bytes))
        #expect(!isRecord(Parts(mac: [UInt8](repeating: 0, count: 16)).bytes))
    }

    @Test func `the version is printable`() {
        #expect(isRecord(Parts(version: [0x20, 0x7E]).bytes))
        #expect(!isRecord(Parts(version: [0x1F, 0x7E]).bytes))
        #expect(!isRecord(Parts(version: [0x20, 0x7F]).bytes))
    }

    @Test func `the buffer is filled to its last byte, and not one further`() throws {
        for excess in [0, 1] {
            var record = RecordBuffer()
            let empty: [UInt8] = []
            try record.compose(
                code: empty.span, posParam: empty.span, amountCent: 0, acceptedAt: 0, version: empty.span)
            let room = RecordBuffer.capacity - record.count - 2
            let field = [UInt8](repeating: 0xEE, count: room + excess)
            let outcome = refusal { () throws(PosError) in try record.append(field.span) }
            #expect(outcome == (excess == 0 ? nil : .illegalParam))
            #expect(record.count == (excess == 0 ? RecordBuffer.capacity : RecordBuffer.capacity - room - 2))
        }
    }

    @Test func `a full buffer takes not even an empty field`() throws {
        var record = RecordBuffer()
        let field = [UInt8](repeating: 1, count: RecordBuffer.capacity - 2)
        try record.append(field.span)
        let empty: [UInt8] = []
        #expect(refusal { () throws(PosError) in try record.append(empty.span) } == .illegalParam)
    }

    @Test func `the longest code and the longest pos_param fit`() throws {
        let parts = Parts(
            code: [UInt8](repeating: 1, count: TransitCode.maxCount),
            posParam: [UInt8](repeating: 2, count: PosParam.maxCount))
        let bytes = try compose(parts)
        #expect(isRecord(bytes))
        #expect(bytes == parts.bytes)
    }

    @Test func `the longest record of a code that can verify is within what the header promises`() throws {
        // The longest DER signatures: numbers below a 256-bit order and below a 192-bit order.
        let code = 4 + 255 + 1 + 72 + 5 + 1 + 56
        let parts = Parts(
            code: [UInt8](repeating: 1, count: code), posParam: [UInt8](repeating: 2, count: PosParam.maxCount),
            version: [UInt8](repeating: 0x31, count: 15))
        #expect(try 2 * compose(parts).count + 1 <= 3072)
    }

    @Test func `composing again starts afresh`() throws {
        var record = RecordBuffer()
        let (first, second): ([UInt8], [UInt8]) = ([1, 2, 3], [9])
        try record.compose(code: first.span, posParam: first.span, amountCent: 1, acceptedAt: 2, version: first.span)
        try record.compose(
            code: second.span, posParam: second.span, amountCent: 0, acceptedAt: 0, version: second.span)
        #expect(
            [UInt8](record.bytes).dropFirst(2)
                == [0, 1, 9, 0, 1, 9, 0, 4, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 1, 9])
    }
}
