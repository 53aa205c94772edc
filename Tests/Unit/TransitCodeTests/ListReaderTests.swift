import TestSupport
import Testing
import TransitCode

/// docs/rules.md, "JSON inputs": the two lists of init_pos_verify.
@Suite struct KeyListReaderTests {
    private let hex = JSONTests.hexKey

    private func read(_ text: String) throws(PosError) -> [(id: UInt8, publicKey: [UInt8])] {
        let bytes = [UInt8](text: text)
        var reader = KeyListReader(bytes.span)
        var keys: [(UInt8, [UInt8])] = []
        while let key = try reader.next() { keys.append((key.id, [UInt8](key.publicKey))) }
        return keys
    }

    private func refuses(_ text: String) -> PosError? {
        refusal { () throws(PosError) in _ = try read(text) }
    }

    private func key(_ id: String, _ publicKey: String? = nil) -> String {
        #"{"key_id":\#(id),"public_key":"\#(publicKey ?? hex)"}"#
    }

    @Test func `keys come in order`() throws {
        let other = "03" + String(hex.dropFirst(2))
        let keys = try read("[\(key("31")), \(key("0", other)), \(key("255", hex.lowercased()))]")
        #expect(keys.map(\.id) == [31, 0, 255])
        #expect(keys.map(\.publicKey) == [[UInt8](hex: hex), [UInt8](hex: other), [UInt8](hex: hex)])
    }

    @Test func `members stand in any order, and others are ignored`() throws {
        let text = #"[{"note":{"key_id":9},"public_key":"\#(hex)","key_id_":1,"ke":[],"key_id":7,"Key_ID":8}]"#
        let keys = try read(text)
        #expect(keys.map(\.id) == [7])
    }

    @Test func `names may be spelt with escapes, and are exact`() throws {
        #expect(try read(#"[{"\u006bey_id":7,"public\u005Fkey":"\#(hex)"}]"#).map(\.id) == [7])
        for name in [
            "key_i", "key_idd", "KEY_ID", "key id", "key_id ", "key_\\u0000id", "\\u016Bey_id", "key_i\\n", "",
        ] {
            #expect(refuses(#"[{"\#(name)":7,"public_key":"\#(hex)"}]"#) == .illegalParam, "\(name)")
        }
        // Longer than the compared part, with the same beginning.
        let long = "public_key" + String(repeating: "x", count: 300)
        #expect(refuses(#"[{"key_id":7,"\#(long)":"\#(hex)"}]"#) == .illegalParam)
        #expect(refuses(#"[{"key_id":7,"\#(long)":"\#(hex)","public_key":"\#(hex)"}]"#) == nil)
    }

    @Test func `hex digits may be spelt with escapes`() throws {
        #expect(try read("[\(key("1", "\\u0030" + hex.dropFirst()))]").map(\.publicKey) == [[UInt8](hex: hex)])
    }

    @Test(arguments: [
        ("0", true), ("255", true), ("256", false), ("-1", false), ("-0", false), ("1.0", false), ("1e0", false),
        ("1E1", false), ("00", false), ("007", false), ("+1", false), ("\"1\"", false), ("null", false),
        ("true", false),
        ("[1]", false), ("99999999999999999999999999", false), ("18446744073709551616", false), ("4294967296", false),
        ("512", false), ("", false), (" 7 ", true), ("0x1", false), ("25 5", false), ("2.55e2", false), ("{}", false),
    ])
    func `the key id is an integer from 0 to 255`(id: String, passes: Bool) {
        #expect(refuses("[\(key(id))]") == (passes ? nil : .illegalParam))
        #expect(refuses(#"[{"public_key":"\#(hex)","key_id":\#(id)}]"#) == (passes ? nil : .illegalParam))
    }

    @Test func `the public key is 66 hex digits`() {
        #expect(refuses("[\(key("1", hex))]") == nil)
        for wrong in [
            "", "0", String(hex.dropLast()), String(hex.dropLast(2)), hex + "0", hex + "00", hex + " ", " " + hex,
            "0x" + hex.dropFirst(2), hex.dropLast() + "g", hex.dropLast() + "G", hex.dropLast() + "/",
            hex.dropLast() + ":", hex.dropLast() + "@", hex.dropLast() + "`", hex.dropLast() + "\\n", hex + hex,
            hex.dropLast(1) + "\\u0130",
        ] as [any StringProtocol] {
            #expect(refuses("[\(key("1", String(wrong)))]") == .illegalParam, "\(wrong)")
        }
        for wrong in ["null", "7", "[]", "{}", "true", "[\"\(hex)\"]", hex] {
            #expect(refuses(#"[{"key_id":1,"public_key":\#(wrong)}]"#) == .illegalParam, "\(wrong)")
        }
    }

    @Test func `both members must be there, each once`() {
        #expect(refuses(#"[{"key_id":1,"public_key":"\#(hex)"}]"#) == nil)
        for wrong in [
            #"[{"key_id":1}]"#, #"[{"public_key":"\#(hex)"}]"#, "[{}]",
            #"[{"key_id":1,"key_id":1,"public_key":"\#(hex)"}]"#,
            #"[{"key_id":1,"key_id":2,"public_key":"\#(hex)"}]"#,
            #"[{"key_id":1,"public_key":"\#(hex)","public_key":"\#(hex)"}]"#,
            #"[{"key_id":1,"public_key":"\#(hex)","\u006bey_id":1}]"#,
            #"[{"key_id":1,"public_key":"\#(hex)"},{}]"#,
            #"[{"key_id":1,"public_key":"\#(hex)"},{"key_id":2}]"#,
        ] {
            #expect(refuses(wrong) == .illegalParam, "\(wrong)")
        }
    }

    @Test func `the list is an array of objects and is not empty`() {
        let one = key("1")
        #expect(refuses("[\(one),\(one)]") == nil)
        for wrong in [
            "", " ", "[]", "[ ]", "{}", one, "null", "\"\"", "0", "[\(one),]", "[,\(one)]", "[\(one) \(one)]",
            "[\(one)",
            "\(one)]", "[\(one)]]", "[[\(one)]]", "[\(one),null]", "[null]", "[1]", "[\"a\"]", "{\"keys\":[\(one)]}",
            "[\(one);\(one)]", "[\(one),,\(one)]", "[\(one)}", "[\(one.dropLast()),}]", "[\(one.dropLast())]]",
            "[\(one)]{}",
        ] {
            #expect(refuses(wrong) == .illegalParam, "\(wrong)")
        }
    }
}

@Suite struct CardTypeListReaderTests {
    private func read(_ text: String) throws(PosError) -> [String] {
        let bytes = [UInt8](text: text)
        var reader = CardTypeListReader(bytes.span)
        var types: [String] = []
        while let type = try reader.next() { types.append(String(decoding: (0..<8).map { type[$0] }, as: UTF8.self)) }
        return types
    }

    private func refuses(_ text: String) -> PosError? {
        refusal { () throws(PosError) in _ = try read(text) }
    }

    @Test func `types come in order, and may stand twice`() throws {
        #expect(try read(#"["ANT00001","S0JP0000","ANT00001"]"#) == ["ANT00001", "S0JP0000", "ANT00001"])
        #expect(try read(#" [ "        " , "~~~~~~~~" ] "#) == ["        ", "~~~~~~~~"])
    }

    @Test func `characters may be escaped`() throws {
        #expect(try read(#"["\u0041NT0000\u0031"]"#) == ["ANT00001"])
        #expect(try read(#"["\"\\\/\u002F\u0022\u005c\u005C~"]"#) == [#""\//"\\~"#])
    }

    @Test(arguments: [
        (#"["ANT0000"]"#, false), (#"["ANT00001"]"#, true), (#"["ANT000012"]"#, false), (#"[""]"#, false),
        (#"["ANT00001ANT00001"]"#, false), ("[\"ANT0000\u{7E}\"]", true), ("[\"ANT0000\u{7F}\"]", false),
        ("[\"ANT0000\u{1F}\"]", false), ("[\"ANT0000 \"]", true), (#"["ANT0000\u001F"]"#, false),
        (#"["ANT0000\u0020"]"#, true), (#"["ANT0000\u007E"]"#, true), (#"["ANT0000\u007F"]"#, false),
        (#"["ANT0000\u0080"]"#, false), (#"["ANT0000\n"]"#, false), (#"["ANT000é"]"#, false),
        (#"["ANT0000é"]"#, false),
        (#"["\u0141NT00001"]"#, false), (#"["\u4141NT00001"]"#, false), (#"["\uD841\uDC41NT00001"]"#, false),
        (#"["\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000"]"#, false), (#"["中国ab"]"#, false),
        (#"["\u4E2D\u56FDab"]"#, false), (#"["😀😀"]"#, false), (#"["\b\b\b\b\b\b\b\b"]"#, false),
    ])
    func `a type has exactly eight printable ASCII characters`(text: String, passes: Bool) {
        #expect(refuses(text) == (passes ? nil : .illegalParam))
        // Before and after a valid entry.
        #expect(refuses(#"["S0JP0000","# + text.dropFirst()) == (passes ? nil : .illegalParam))
        #expect(refuses(text.dropLast() + #","S0JP0000"]"#) == (passes ? nil : .illegalParam))
    }

    @Test(arguments: [
        "", " ", "[]", "[ ]", "{}", "null", #""ANT00001""#, "[null]", "[12345678]", #"[["ANT00001"]]"#,
        #"["ANT00001",]"#,
        #"[,"ANT00001"]"#, #"["ANT00001""S0JP0000"]"#, #"["ANT00001" "S0JP0000"]"#, #"["ANT00001",null]"#,
        #"["ANT00001"}"#, #"{"ANT00001":"ANT00001"}"#, #"["ANT00001"]]"#, #"["ANT00001"],"#, #"['ANT00001']"#,
        "[ANT00001]",
        #"["ANT00001",{}]"#, #"["ANT00001":"S0JP0000"]"#,
    ])
    func `the list is an array of strings and is not empty`(text: String) {
        #expect(refuses(text) == .illegalParam)
    }
}
