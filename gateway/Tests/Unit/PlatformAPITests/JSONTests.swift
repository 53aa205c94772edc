import GatewayText
import PlatformAPI
import Testing

@Suite struct JSONTests {
    private func error(_ text: String) -> JSONError? {
        do throws(JSONError) {
            _ = try JSON(text)
            return nil
        } catch { return error }
    }

    @Test func `what is read is written the same, members in their order`() throws {
        let text = #"{"b":[1,-2,0,true,false,null,"x",{}],"a":{"z":"","é":"\"\\\n"}}"#
        #expect(try JSON(text).text == text)
    }

    @Test func `canonical text has members by name and numbers in one form`() throws {
        #expect(
            try JSON(#"{"b": 1.50, "a": [1e2, 0.0, 12345678901234567890123]}"#).canonicalText
                == #"{"a":[100.0,0.0,12345678901234567890123],"b":1.5}"#)
        #expect(try JSON("1.50").canonicalText == JSON("15e-1").canonicalText)
        #expect(try JSON("1.5").canonicalText != JSON("1.5000000000000000000001").canonicalText)
    }

    @Test(arguments: [
        ("", JSONError.malformed(at: 0)), ("\u{FEFF}{}", .byteOrderMark), ("[1,]", .commaBehindLast(at: 3)),
        ("{\"a\":1,}", .commaBehindLast(at: 7)), ("{\"a\":1,\"a\":2}", .nameTwice(at: 7)),
        ("{\"\u{E9}\":1,\"e\u{301}\":2}", .nameTwice(at: 8)), ("01", .malformed(at: 1)), ("1.", .malformed(at: 2)),
        ("+1", .malformed(at: 0)), ("'a'", .malformed(at: 0)), ("\"\t\"", .malformed(at: 1)),
        ("\"\\ud800\"", .malformed(at: 1)), ("{} {}", .malformed(at: 3)), ("nul", .malformed(at: 0)),
    ]) func `what is not JSON is refused at its first wrong byte`(_ text: String, _ expected: JSONError) {
        #expect(error(text) == expected)
    }

    @Test func `128 levels are read, 129 are not`() {
        #expect(error(String(repeating: "[", count: 128) + String(repeating: "]", count: 128)) == nil)
        #expect(error(String(repeating: "[", count: 129) + String(repeating: "]", count: 129)) == .tooDeep(at: 128))
    }

    @Test func `30 combining marks in a row are read, 31 are not`() {
        #expect(error("\"e" + String(repeating: "\u{301}", count: String.mostMarks) + "\"") == nil)
        #expect(error("\"e" + String(repeating: "\u{301}", count: String.mostMarks + 1) + "\"") == .tooManyMarks(at: 0))
    }

    @Test func `the integers of 64 bits are integers, all others are numbers`() throws {
        #expect(try JSON("9223372036854775807") == .integer(.max))
        #expect(try JSON("-9223372036854775808") == .integer(.min))
        for text in ["9223372036854775808", "-0", "1.0", "1e0"] {
            guard case .number(let number) = try JSON(text) else {
                Issue.record("\(text)")
                continue
            }
            #expect(number.text == text)
        }
    }

    @Test func `an object refuses a name twice and keeps the first value`() {
        var object: JSONObject = ["a": .integer(1), "b": .integer(2)]
        let isNew = object.append(.integer(3), as: "a")
        #expect(!isNew)
        #expect(object["a"] == .integer(1) && object["b"] == .integer(2) && object["c"] == nil)
        let isAppended = object.append(.null, as: "c")
        #expect(isAppended)
        #expect(object.members.map(\.name) == ["a", "b", "c"])
    }
}
