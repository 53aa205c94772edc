import TestSupport
import Testing
import TransitCode

/// docs/rules.md, "JSON inputs": strict RFC 8259, tested through the readers that use it.
@Suite struct JSONTests {
    static let hexKey = "02AB2FDB0AB23506C48012642E1A572FC46B5D8B8EE3B92A602CC1109921F84B0E"

    static func posParam(with value: [UInt8]) -> [UInt8] {
        [UInt8](text: #"{"pos_id":"1","x":"#) + value
            + [UInt8](text: #","type":"IN","subject":"s","record_id":"r"}"#)
    }

    static func keyList(with value: [UInt8]) -> [UInt8] {
        [UInt8](text: #"[{"x":"#) + value + [UInt8](text: #","key_id":5,"public_key":""# + hexKey + #""}]"#)
    }

    static func refusesPosParam(_ text: [UInt8]) -> PosError? {
        refusal { () throws(PosError) in try PosParam.check(text.span) }
    }

    static func refusesKeyList(_ text: [UInt8]) -> PosError? {
        refusal { () throws(PosError) in
            var reader = KeyListReader(text.span)
            while try reader.next() != nil {}
        }
    }

    static func refusesCardTypes(_ text: [UInt8]) -> PosError? {
        refusal { () throws(PosError) in
            var reader = CardTypeListReader(text.span)
            while try reader.next() != nil {}
        }
    }

    /// Puts a value at a position where any value is allowed, in both kinds of object.
    private func expect(_ value: [UInt8], isJSON: Bool, _ location: SourceLocation = #_sourceLocation) {
        let shown = String(decoding: value.prefix(80), as: UTF8.self)
        #expect(
            Self.refusesKeyList(Self.keyList(with: value)) == (isJSON ? nil : .illegalParam), "\(shown)",
            sourceLocation: location)
        let text = Self.posParam(with: value)
        guard text.count <= PosParam.maxCount else { return }
        #expect(Self.refusesPosParam(text) == (isJSON ? nil : .posParam), "\(shown)", sourceLocation: location)
    }

    private func expect(_ value: String, isJSON: Bool, _ location: SourceLocation = #_sourceLocation) {
        expect([UInt8](text: value), isJSON: isJSON, location)
    }

    @Test(arguments: [
        "null", "true", "false", "0", "-0", "1", "-1", "10", "12345678901234567890123456789012345678901234567890",
        "0.0", "0.5", "-0.5", "10.25", "1e5", "1E5", "1e+5", "1e-5", "0e0", "0E+0", "1.5e10", "-12.34E-56", "1e0005",
        "1.00", "0.0e00", "-0.0", #""""#, #""a""#, "[]", "{}", "[ ]", "{ }", "[[]]", "[{}]", "[1]", "[1,2]",
        "[1 , 2 ]",
        "[[],[]]", #"{"a":1}"#, #"{"a":{}}"#, #"{"a":[],"b":{}}"#, #"{ "a" : [ 1 , { } ] , "b" : null }"#,
        #"{"a":1,"a":2}"#, #"{"":0}"#, "[null,true,false]", "\t\r\n null \t\r\n", "[\t\r\n1\t\r\n,\t\r\n2\t\r\n]",
        #"{"a":[{"b":[{"c":"d"}]}],"e":[[],{},"",0]}"#, #"["a","b"]"#, "[-1]", "[0]", "[1e1]",
    ])
    func `a value of RFC 8259 is read past`(value: String) { expect(value, isJSON: true) }

    @Test(arguments: [
        "", " ", "nul", "nulll", "NULL", "Null", "tru", "True", "truE", "fals", "falsee", "undefined", "NaN",
        "Infinity", "-Infinity", "+1", "-", "--1", "01", "00", "-01", "-00", ".5", "-.5", "1.", "0.", "-1.", "1.e5",
        "1e", "1E",
        "1e+", "1e-", "1e+-5", "1e5.5", "1.2.3", "0x10", "1_000", "1 2", "1a", "0e", "- 1", "1e 5", "1. 5",
        "e5", "١",
        "[", "]", "{", "}", "[}", "{]", "[1", "[1,", "[1,]", "[,1]", "[,]", "[1 2]", "[1,,2]", "[1:2]", "[[]", "[]]",
        #"{"a"}"#, #"{"a":}"#, #"{"a" 1}"#, #"{"a":1,}"#, #"{,"a":1}"#, #"{"a":1 "b":2}"#, #"{a:1}"#, "{1:1}",
        "{'a':1}",
        "{null:1}", #"{"a":1,,"b":2}"#, #"{"a"::1}"#, #"{"a":1:2}"#, #"{"a","b"}"#, #"["a":1]"#, #"{["a"]:1}"#,
        #"{"a":1]"#, #"[{"a":1]}"#, #"{"a":[1}]"#, "'a'", "`a`", #""a"#, #"a""#, #""a" "b""#, #""a"b"#,
        "// c\n1", "1 // c", "/* c */ 1", "1 /* c */", "\u{000B}1", "\u{000C}1", "\u{00A0}1", "\u{FEFF}1",
        "1\u{2028}",
        "\0", "1\0", "\u{08}1", "(1)", "<1>", "=1", "1;", "truefalse", "[true false]", "nulL",
    ])
    func `what is no value of RFC 8259 is refused`(value: String) { expect(value, isJSON: false) }

    @Test func `in a string, all but quote, backslash and control characters stand for themselves`() {
        for byte in 0..<0x80 as Range<UInt8> {
            let isPlain = byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
            expect([0x22, byte, 0x22], isJSON: isPlain)
            expect([0x22, 0x61, byte, 0x61, 0x22], isJSON: isPlain)
            expect([0x22, 0x61, byte], isJSON: byte == UInt8(ascii: "\""))
        }
    }

    @Test func `there are nine escapes and no other`() {
        for byte in 0...UInt8.max {
            let isEscape = [UInt8](text: #""\/bfnrt"#).contains(byte)
            expect([0x22, 0x5C, byte, 0x22], isJSON: isEscape)
        }
        expect(#""\"\\\/\b\f\n\r\t\u0041""#, isJSON: true)
        expect(#""\"#, isJSON: false)
        expect(#""\\\""#, isJSON: false)
    }

    @Test(arguments: [
        (#""\u0000""#, true), (#""\uFFFF""#, true), (#""\uffff""#, true), (#""\uaBcD""#, true), (#""\u004""#, false),
        (#""\u""#, false), (#""\u00g0""#, false), (#""\u 041""#, false), (#""\u+041""#, false), (#""\u-041""#, false),
        (#""\U0041""#, false), (#""\x41""#, false), (#""\u{41}""#, false), (#""\u00411""#, true),
        // Surrogates: the first and last value of each half, with their neighbours.
        (#""\uD7FF""#, true), (#""\uD800""#, false), (#""\uDBFF""#, false), (#""\uDC00""#, false),
        (#""\uDFFF""#, false), (#""\uE000""#, true), (#""\uD800\uDC00""#, true), (#""\uDBFF\uDFFF""#, true),
        (#""\ud83d\ude00""#, true), (#""\uD800\uDBFF""#, false), (#""\uD800\uE000""#, false),
        (#""\uDC00\uD800""#, false), (#""\uDC00\uDC00""#, false), (#""\uDFFF\uDFFF""#, false),
        (#""\uD800\uD800\uDC00""#, false), (#""\uD800\n""#, false),
        (#""\uD800 ""#, false), (#""\uD800uDC00""#, false), (#""\uD800\u""#, false), (#""\uD800\uDC0""#, false),
        (#""\uD800\"#, false), (#""\uD800\uDC00\uDC00""#, false), (#""\uD800\UDC00""#, false),
        (#""\uD800/uDC00""#, false),
    ])
    func `a Unicode escape has four hex digits, and surrogates come in pairs`(value: String, isJSON: Bool) {
        expect(value, isJSON: isJSON)
    }

    @Test(
        arguments: [
            // RFC 3629: the first and the last character of each length, with their neighbours.
            ([0x7F], true), ([0x80], false), ([0xBF], false), ([0xC0, 0x80], false), ([0xC1, 0xBF], false),
            ([0xC2, 0x80], true), ([0xDF, 0xBF], true), ([0xC2, 0x7F], false), ([0xC2, 0xC0], false),
            ([0xDF, 0xC0], false),
            ([0xC2], false), ([0xDF], false), ([0xE0, 0x9F, 0xBF], false), ([0xE0, 0xA0, 0x80], true),
            ([0xE0, 0xBF, 0xBF], true), ([0xE0, 0xC0, 0x80], false), ([0xE1, 0x80, 0x80], true),
            ([0xE1, 0x7F, 0x80], false),
            ([0xE1, 0x80, 0x7F], false), ([0xE1, 0x80, 0xC0], false), ([0xEC, 0xBF, 0xBF], true),
            ([0xEC, 0xC0, 0xBF], false),
            ([0xED, 0x9F, 0xBF], true), ([0xED, 0xA0, 0x80], false), ([0xED, 0xBF, 0xBF], false),
            ([0xED, 0x7F, 0x80], false),
            ([0xEE, 0x80, 0x80], true), ([0xEF, 0xBF, 0xBF], true), ([0xEF, 0xBF, 0xBE], true),
            ([0xEF, 0xBB, 0xBF], true),
            ([0xE0, 0xA0], false), ([0xE0], false), ([0xEF, 0xBF], false), ([0xF0, 0x8F, 0xBF, 0xBF], false),
            ([0xF0, 0x90, 0x80, 0x80], true), ([0xF0, 0xC0, 0x80, 0x80], false), ([0xF0, 0x90, 0x7F, 0x80], false),
            ([0xF0, 0x90, 0x80, 0x7F], false), ([0xF0, 0x90, 0xC0, 0x80], false), ([0xF0, 0x90, 0x80, 0xC0], false),
            ([0xF0, 0x9F, 0x98, 0x80], true), ([0xF1, 0x80, 0x80, 0x80], true), ([0xF3, 0xBF, 0xBF, 0xBF], true),
            ([0xF3, 0xC0, 0x80, 0x80], false), ([0xF1, 0x7F, 0x80, 0x80], false), ([0xF4, 0x8F, 0xBF, 0xBF], true),
            ([0xF4, 0x90, 0x80, 0x80], false), ([0xF4, 0x7F, 0x80, 0x80], false), ([0xF5, 0x80, 0x80, 0x80], false),
            ([0xF7, 0xBF, 0xBF, 0xBF], false), ([0xF8, 0x88, 0x80, 0x80, 0x80], false), ([0xFE], false),
            ([0xFF], false),
            ([0xFC, 0x84, 0x80, 0x80, 0x80, 0x80], false), ([0xF0, 0x90, 0x80], false), ([0xF0, 0x90], false),
            ([0xF0], false), ([0xF4, 0x8F, 0xBF], false), ([0xC3, 0xA9, 0xA9], false),
            ([0xE7, 0x8E, 0x8B], true), ([0xE7, 0x8E, 0x8B, 0x8B], false),
        ] as [([UInt8], Bool)])
    func `strings are UTF-8`(bytes: [UInt8], isUTF8: Bool) {
        expect([0x22] + bytes + [0x22], isJSON: isUTF8)
        expect([UInt8](text: #"{"a"#) + bytes + [UInt8](text: #"z":0}"#), isJSON: isUTF8)
    }

    @Test func `a text that ends within a character is refused and not read beyond`() {
        for lead in [0xC2, 0xE1, 0xF1] as [UInt8] {
            for count in 0..<3 {
                let end = [lead] + [UInt8](repeating: 0x80, count: count)
                #expect(Self.refusesPosParam([UInt8](text: #"{"pos_id":""#) + end) == .posParam)
                #expect(Self.refusesKeyList([UInt8](text: #"[{""#) + end) == .illegalParam)
                #expect(Self.refusesCardTypes([UInt8](text: #"[""#) + end) == .illegalParam)
            }
        }
    }

    @Test func `1024 open containers are read, 1025 are not`() {
        for (open, close) in [("[", "]"), (#"{"a":"#, "}")] {
            for (depth, passes) in [(1, true), (63, true), (64, true), (65, true), (1024, true), (1025, false)] {
                let value = String(repeating: open, count: depth) + "0" + String(repeating: close, count: depth)
                expect(value, isJSON: passes)
                // One closing bracket too few, and one too many.
                expect(String(value.dropLast()), isJSON: false)
                expect(value + close, isJSON: false)
            }
        }
        let hostile = String(repeating: "[", count: 1_000_000)
        expect(hostile, isJSON: false)
    }

    @Test func `every close must match its open, at every depth`() {
        // Arrays and objects alternate, so that a kind stored at the wrong depth is detected.
        for depth in [2, 63, 64, 65, 130, 1024] {
            for phase in 0..<2 {
                var (text, closes): (String, [String]) = ("", [])
                for level in 0..<depth {
                    let isObject = (level / 3 + phase) % 2 == 0
                    text += isObject ? #"{"a":"# : "["
                    closes.append(isObject ? "}" : "]")
                }
                closes.reverse()
                expect(text + "0" + closes.joined(), isJSON: true)
                var random = Random("containers \(depth) \(phase)")
                for _ in 0..<4 {
                    var wrong = closes
                    let index = random.below(depth)
                    wrong[index] = wrong[index] == "}" ? "]" : "}"
                    expect(text + "0" + wrong.joined(), isJSON: false)
                }
            }
        }
    }

    @Test func `containers close and others open in their place`() {
        expect(#"[[],{"a":[]},[{"b":{}},[]],{"c":[1,{"d":2}]},3]"#, isJSON: true)
        let siblings = "[" + String(repeating: #"[{"a":[0]}],"#, count: 2000) + "0]"
        expect(siblings, isJSON: true)
    }

    @Test func `a long string is read to its end`() {
        let long = String(repeating: "é\\n\\u4E2D😀", count: 5000)
        expect("\"\(long)\"", isJSON: true)
        expect("\"\(long)\\\"", isJSON: false)
    }

    @Test func `every proper prefix of a list and of a pos_param is refused`() {
        let value = [UInt8](text: #"{"a":[1.5e+3,"\uD83D\uDE00é",null,true,false,{}]}"#)
        let param = Self.posParam(with: value)
        for count in param.indices { #expect(Self.refusesPosParam(Array(param[..<count])) == .posParam) }
        let keys = Self.keyList(with: value)
        for count in keys.indices { #expect(Self.refusesKeyList(Array(keys[..<count])) == .illegalParam) }
        let types = [UInt8](text: #"[ "ANT00001" , "S0JP0000" ]"#)
        for count in types.indices { #expect(Self.refusesCardTypes(Array(types[..<count])) == .illegalParam) }
        #expect(Self.refusesPosParam(param) == nil)
        #expect(Self.refusesKeyList(keys) == nil)
        #expect(Self.refusesCardTypes(types) == nil)
    }

    @Test(arguments: [
        (" ", true), ("\t\r\n ", true), ("\0", false), (",", false), ("]", false), ("}", false), ("x", false),
        ("null", false),
        ("\u{FEFF}", false), ("\u{00A0}", false), ("\u{000B}", false), ("//", false),
    ])
    func `only white space stands before and after a text`(rest: String, passes: Bool) {
        let (before, after) = ([UInt8](text: rest), [UInt8](text: rest))
        let param = Self.posParam(with: [0x30])
        #expect(Self.refusesPosParam(param + after) == (passes ? nil : .posParam))
        #expect(Self.refusesPosParam(before + param) == (passes ? nil : .posParam))
        let keys = Self.keyList(with: [0x30])
        #expect(Self.refusesKeyList(keys + after) == (passes ? nil : .illegalParam))
        #expect(Self.refusesKeyList(before + keys) == (passes ? nil : .illegalParam))
        let types = [UInt8](text: #"["ANT00001"]"#)
        #expect(Self.refusesCardTypes(types + after) == (passes ? nil : .illegalParam))
        #expect(Self.refusesCardTypes(before + types) == (passes ? nil : .illegalParam))
    }

    @Test func `random corruption of a valid text never traps`() {
        var random = Random("corruption")
        let texts = [
            Self.posParam(with: [UInt8](text: #"[{"a":"\uD83D\uDE00é😀"},-1.5e+3,null,true,false,[[]]]"#)),
            Self.keyList(with: [UInt8](text: #"[{"a":"\uD83D\uDE00é😀"},-1.5e+3,null,true,false,[[]]]"#)),
            [UInt8](text: #"["ANT00001","S0JP0000","\u0041NT00002"]"#),
        ]
        var refused = 0
        for _ in 0..<20_000 {
            var text = texts[random.below(3)]
            for _ in 0...random.below(3) {
                switch random.below(3) {
                case 0: text[random.below(text.count)] = UInt8(truncatingIfNeeded: random.next())
                case 1: text.remove(at: random.below(text.count))
                default:
                    text.insert(
                        [UInt8](text: "[]{},:\"\\u09eE+-. \n")[random.below(18)], at: random.below(text.count))
                }
            }
            let outcomes = [Self.refusesPosParam(text), Self.refusesKeyList(text), Self.refusesCardTypes(text)]
            refused += outcomes.compactMap(\.self).count
        }
        #expect(refused > 40_000)
    }
}
