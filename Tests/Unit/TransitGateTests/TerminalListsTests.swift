import TestSupport
import Testing
import TransitCode
import TransitCrypto
import TransitGate

/// docs/rules.md, "JSON inputs": the lists in a terminal's memory.
@Suite struct TerminalListsTests {
    typealias Key = IssuerKey<MockBackend.IssuerKey>

    /// Loads a key list into zeroed memory, as the owner of the lists does. Then looks up `ids`.
    private func lookUp(
        _ ids: [UInt8], in json: String, capacity: Int = TerminalLists.keyCapacity
    ) throws(PosError) -> [UInt8?] {
        let text = [UInt8](text: json)
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: capacity * MemoryLayout<Key>.stride, alignment: MemoryLayout<Key>.alignment)
        defer { memory.deallocate() }
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: capacity * MemoryLayout<Key>.stride)
        let keys = memory.assumingMemoryBound(to: Key.self)
        var span = MutableSpan(_unsafeStart: keys, count: capacity)
        let count = try TerminalLists.loadKeys(from: text.span, into: &span, by: MockBackend.self)
        return ids.map { TerminalLists.key($0, in: Span(_unsafeStart: keys, count: count))?.last }
    }

    private func refuses(_ json: String) -> PosError? {
        refusal { () throws(PosError) in _ = try lookUp([], in: json) }
    }

    /// A key whose last byte is `last`.
    private func key(_ id: Int, _ last: UInt8) -> String {
        let digits = String(last, radix: 16)
        let hex = String(repeating: "0", count: 64).dropLast(0) + (digits.count == 1 ? "0" : "") + digits
        return #"{"key_id":\#(id),"public_key":"\#("02" + hex.suffix(64))"}"#
    }

    @Test func `each id finds its key, and no other id finds one`() throws {
        let json = "[\(key(0, 10)),\(key(31, 11)),\(key(255, 12))]"
        #expect(try lookUp([0, 31, 255, 1, 30, 254], in: json) == [10, 11, 12, nil, nil, nil])
    }

    @Test func `1 to 256 keys make a list`() throws {
        func list(_ count: Int) -> String {
            "[" + (0..<count).map { key($0 % 256, UInt8($0 % 256)) }.joined(separator: ",") + "]"
        }
        #expect(try lookUp([0], in: list(1)) == [0])
        #expect(refuses(list(0)) == .illegalParam)
        #expect(try lookUp([0, 100, 255], in: list(256)) == [0, 100, 255])
        #expect(refuses(list(257)) == .illegalParam)
        #expect(refuses(list(1000)) == .illegalParam)
    }

    @Test func `the same id twice needs the same key`() throws {
        let same = "[\(key(7, 0xAB)),\(key(8, 1)),\(key(7, 0xAB).replacing("ab", with: "AB"))]"
        #expect(try lookUp([7, 8], in: same) == [0xAB, 1])
        #expect(refuses("[\(key(7, 1)),\(key(8, 1)),\(key(7, 2))]") == .illegalParam)
        #expect(refuses("[\(key(7, 1)),\(key(7, 1).replacing("\"02", with: "\"03"))]") == .illegalParam)
        #expect(refuses("[\(key(0, 1)),\(key(0, 2))]") == .illegalParam)
        #expect(refuses("[\(key(7, 1)),\(key(8, 1))]") == nil)
    }

    @Test func `a key that is no point is refused, wherever it stands`() {
        let hex = MockBackend.noPoint.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        let bad = #"{"key_id":9,"public_key":"\#(hex)"}"#
        #expect(refuses("[\(bad)]") == .illegalParam)
        #expect(refuses("[\(key(1, 1)),\(bad)]") == .illegalParam)
        #expect(refuses("[\(bad),\(key(1, 1))]") == .illegalParam)
    }

    @Test func `what is no list is refused before anything is stored`() {
        for json in [
            "", "[]", "[\(key(1, 1))", "[\(key(1, 1)),]", "[\(key(1, 1))] x", "[\(key(1, 1)),\(key(256, 1))]",
        ] {
            #expect(refuses(json) == .illegalParam, "\(json)")
        }
    }

    @Test func `a list that has more entries than there is room for is refused`() throws {
        let keys = "[\(key(1, 1)),\(key(2, 2))]"
        let types = [UInt8](text: #"["S0JP0000","TEST0001"]"#)
        for (capacity, error) in [(1, .illegalParam), (2, nil), (3, nil)] as [(Int, PosError?)] {
            let refusedKeys = refusal { () throws(PosError) in
                let found = try lookUp([1, 2, 0], in: keys, capacity: capacity)
                #expect(found == [1, 2, nil])
            }
            #expect(refusedKeys == error)
            var room = [CardType](repeating: .plain, count: capacity)
            let refusedTypes = refusal { () throws(PosError) in
                var span = room.mutableSpan
                let count = try TerminalLists.loadCardTypes(from: types.span, into: &span)
                #expect(count == 2)
            }
            #expect(refusedTypes == error)
        }
    }

    @Test func `there is room for every card type of a text`() throws {
        for count in [1, 2, 3, 10, 300] {
            let text = [UInt8](
                text: "[" + Array(repeating: #""ANT00001""#, count: count).joined(separator: ",") + "]")
            #expect(TerminalLists.cardTypeCapacity(of: text.span) >= count)
            // The memory for a list is at most as large as its text, plus one entry.
            #expect(TerminalLists.cardTypeCapacity(of: text.span) * CardType.count <= text.count + CardType.count)
        }
        let empty: [UInt8] = []
        #expect(TerminalLists.cardTypeCapacity(of: empty.span) == 1)
    }

    private func supported(_ cardType: String, in json: String) throws(PosError) -> Bool {
        let (name, text) = ([UInt8](text: cardType), [UInt8](text: json))
        guard let cardType = CardType(name.span) else { throw .malformedCode }
        var types = [CardType](repeating: .plain, count: TerminalLists.cardTypeCapacity(of: text.span))
        var span = types.mutableSpan
        let count = try TerminalLists.loadCardTypes(from: text.span, into: &span)
        return TerminalLists.supports(cardType, in: types.span.extracting(first: count))
    }

    @Test func `a card type is supported when the list has it`() throws {
        let json = #"["S0JP0000","TEST0001","MAPPED01"]"#
        for name in ["S0JP0000", "TEST0001", "MAPPED01"] { #expect(try supported(name, in: json)) }
        for name in ["S0JP0001", "s0jp0000", "ANT00001", "        "] { #expect(try !supported(name, in: json)) }
    }

    @Test func `the plain code is supported where the list has ANT00001`() throws {
        let plain = "\0\0\0\0\0\0\0\0"
        #expect(try supported(plain, in: #"["S0JP0000","ANT00001"]"#))
        #expect(try !supported(plain, in: #"["S0JP0000"]"#))
        #expect(try supported("ANT00001", in: #"["ANT00001"]"#))
        #expect(try !supported("S0JP0000", in: #"["ANT00001"]"#))
    }

    @Test func `a card type list is counted in full`() throws {
        for count in [1, 2, 300] {
            let text = [UInt8](
                text: "[" + Array(repeating: #""ANT00001""#, count: count).joined(separator: ",") + "]")
            var types = [CardType](repeating: .plain, count: TerminalLists.cardTypeCapacity(of: text.span))
            var span = types.mutableSpan
            let loaded = try TerminalLists.loadCardTypes(from: text.span, into: &span)
            #expect(loaded == count)
        }
        for json in ["[]", "", #"["ANT00001"] x"#, #"["ANT00001","ANT0001"]"#] {
            let refused = refusal { () throws(PosError) in _ = try supported("ANT00001", in: json) }
            #expect(refused == .illegalParam)
        }
    }
}
