import TestSupport
import Testing
import TransitCode
import TransitCrypto
import TransitGate

/// docs/format.md, "The record": the key that signs records.
@Suite struct RecordKeyTests {
    /// Signs a record. Returns the key id, the MAC and the bytes that the MAC should cover.
    private func sign(with key: inout RecordKey) throws(PosError) -> (id: [UInt8], mac: [UInt8], signed: [UInt8]) {
        var record = RecordBuffer()
        let (code, posParam, version): ([UInt8], [UInt8], [UInt8]) = ([1, 2, 3], [4, 5], [0x31])
        try record.compose(
            code: code.span, posParam: posParam.span, amountCent: 6, acceptedAt: 7, version: version.span)
        try key.sign(&record, by: MockBackend.self)
        let bytes = [UInt8](record.bytes)
        guard let read = Record(bytes.span) else { throw .system }
        return ([UInt8](read.keyID), [UInt8](read.mac), [UInt8](read.authenticated))
    }

    private func expect(
        _ key: inout RecordKey, signsAs bytes: [UInt8], _ location: SourceLocation = #_sourceLocation
    ) throws {
        let (id, mac, signed) = try sign(with: &key)
        let expectedID = [UInt8](MockBackend.sha256(bytes.span)).prefix(4)
        let expectedMAC = [UInt8](MockBackend.hmacSHA256(key: bytes.span, message: signed.span))
        #expect(id == Array(expectedID), sourceLocation: location)
        #expect(mac == expectedMAC, sourceLocation: location)
    }

    @Test func `the development key signs until another is set`() throws {
        var key = RecordKey()
        let isSet = key.isSet
        #expect(!isSet)
        #expect([UInt8](RecordKey.development) == [UInt8](text: "posoffline development key"))
        try expect(&key, signsAs: [UInt8](text: "posoffline development key"))
    }

    @Test(arguments: [
        (0, false), (1, false), (15, false), (16, true), (17, true), (63, true), (64, true), (65, false),
        (1000, false),
    ])
    func `a key has 16 to 64 bytes`(count: Int, passes: Bool) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 + 1) }
        var key = RecordKey()
        let isTaken = key.set(bytes.span)
        #expect(isTaken == passes)
        let isSet = key.isSet
        #expect(isSet == passes)
        try expect(&key, signsAs: passes ? bytes : [UInt8](text: "posoffline development key"))
    }

    /// The key in the text of a key file; nil when the text is not a key.
    private func decode(_ text: String) -> [UInt8]? {
        let bytes = [UInt8](text: text)
        var hex = HexText<64>()
        guard let count = RecordKey.decode(bytes.span, into: &hex) else { return nil }
        return [UInt8](hex.bytes.span.extracting(first: count))
    }

    @Test(arguments: [(15, false), (16, true), (17, true), (63, true), (64, true), (65, false)])
    func `a key file has 32 to 128 hex digits`(count: Int, passes: Bool) {
        let expected = passes ? [UInt8](repeating: 0xAB, count: count) : nil
        #expect(decode(String(repeating: "ab", count: count)) == expected)
        #expect(decode(String(repeating: "AB", count: count)) == expected)
        #expect(decode(String(repeating: "ab", count: count) + "a") == nil)
    }

    @Test func `white space may follow the digits of a key file, and stand nowhere else`() {
        let key = "00112233445566778899aabbccddeeff"
        for end in ["\n", "\r\n", " ", "\t", " \t\r\n\n"] { #expect(decode(key + end)?.count == 16, "\(end.utf8)") }
        for text in [
            "", "\n", " " + key, key.prefix(16) + " " + key.suffix(16), key + "\u{0B}", key + "\0", key + "\nx",
        ] {
            #expect(decode(String(text)) == nil, "\(text)")
        }
    }

    @Test func `a key that is refused leaves the one before in force`() throws {
        let good = [UInt8](repeating: 0xA5, count: 20)
        var key = RecordKey()
        let isTaken = key.set(good.span)
        #expect(isTaken)
        for count in [0, 15, 65] {
            let bad = [UInt8](repeating: 0x5A, count: count)
            let isBadTaken = key.set(bad.span)
            #expect(!isBadTaken)
            try expect(&key, signsAs: good)
        }
    }

    @Test func `a shorter key replaces a longer one whole`() throws {
        var key = RecordKey()
        let (long, short) = ([UInt8](repeating: 0xA5, count: 64), [UInt8](repeating: 0x5A, count: 16))
        for bytes in [long, short, long] {
            let isTaken = key.set(bytes.span)
            #expect(isTaken)
            try expect(&key, signsAs: bytes)
        }
    }

    @Test func `a wiped key is gone`() throws {
        var key = RecordKey()
        let bytes = [UInt8](repeating: 0xA5, count: 64)
        let isTaken = key.set(bytes.span)
        #expect(isTaken)
        key.wipe()
        let isSet = key.isSet
        #expect(!isSet)
        try expect(&key, signsAs: [UInt8](text: "posoffline development key"))
        // No byte of the key is left in memory, also when a shorter key replaced it.
        let short = [UInt8](repeating: 0, count: 16)
        _ = key.set(bytes.span)
        _ = key.set(short.span)
        let remains = withUnsafeBytes(of: &key) { $0.contains(0xA5) }
        #expect(!remains)
        key.wipe()
        let isZero = withUnsafeBytes(of: &key) { $0.allSatisfy { $0 == 0 } }
        #expect(isZero)
    }

    @Test func `a copy signs alike and is wiped alone`() throws {
        let bytes = [UInt8](repeating: 0xA5, count: 40)
        var key = RecordKey()
        var copy = RecordKey()
        _ = key.set(bytes.span)
        copy.copy(from: key)
        try expect(&copy, signsAs: bytes)
        copy.wipe()
        try expect(&copy, signsAs: [UInt8](text: "posoffline development key"))
        try expect(&key, signsAs: bytes)
        key.copy(from: RecordKey())
        let isZero = withUnsafeBytes(of: &key) { $0.allSatisfy { $0 == 0 } }
        #expect(isZero)
    }

    @Test func `the id is the beginning of SHA-256 over the key`() {
        let bytes: [UInt8] = [1, 2, 3]
        let id = RecordKey.id(of: bytes.span, by: MockBackend.self)
        #expect([UInt8](id) == Array([UInt8](MockBackend.sha256(bytes.span)).prefix(4)))
    }
}
