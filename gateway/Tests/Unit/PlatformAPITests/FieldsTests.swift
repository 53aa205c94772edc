import PlatformAPI
import Testing

@Suite struct FieldsTests {
    private func fields(_ value: String) throws -> Fields {
        guard case .object(let object) = try JSON("{\"f\":\(value)}") else { preconditionFailure(value) }
        return Fields(object: object, path: "list[0].")
    }

    @Test(arguments: [
        ("2", Int64(200)), ("0", 0), ("2.5", 250), ("200e-2", 200), ("0.01", 1), ("100000000", 10_000_000_000),
        ("\"2\"", 200), ("\"2.00\"", 200), ("\"0.1\"", 10), ("\"100000000.00\"", 10_000_000_000), ("\"\"", nil),
        ("null", nil),
    ]) func `an amount is yuan with at most two decimals`(_ text: String, _ cents: Int64?) throws {
        #expect(try fields(text).amount("f") == cents)
    }

    @Test(arguments: [
        "-1", "-0.01", "0.001", "1.9999999999999999999", "100000000.01", "1e99", "1e99999999999999999999", "true", "[]",
        "\"2.\"", "\".5\"", "\"1e2\"", "\"+1\"", "\"-1\"", "\" 1\"", "\"2.001\"", "\"1000000000\"", "\"１\"",
    ]) func `anything else is no amount`(_ text: String) throws {
        #expect(throws: FieldError.self) { try self.fields(text).amount("f") }
    }

    @Test func `lengths count characters, at their edge`() throws {
        #expect(try fields("\"字字字\"").text("f", limit: 3) == "字字字")
        #expect(throws: FieldError("list[0].f", "长度不能超过 2", "has more than 2 characters")) {
            try self.fields("\"字字字\"").text("f", limit: 2)
        }
    }

    @Test func `absent, null and empty are the same`() throws {
        for fields in [Fields(object: [:]), try fields("null"), try fields("\"\"")] {
            #expect(try fields.text("f") == nil)
            #expect(throws: fields.missing("f")) { try fields.requiredText("f") }
        }
    }

    @Test func `text may have line breaks and tabs, an identifier no control character`() throws {
        #expect(try fields(#""a\n\t\r""#).text("f") == "a\n\t\r")
        #expect(throws: FieldError.self) { try self.fields(#""a\u0001""#).text("f") }
        for text in [#""a\n""#, #""a\u007f""#, #""a\u0085""#] {
            #expect(throws: FieldError.self) { try self.fields(text).identifier("f", limit: 9) }
        }
        #expect(try fields("12").text("f") == "12")
    }

    @Test func `a boolean may be spelt as a string`() throws {
        for (text, value) in [
            ("true", true), ("\"true\"", true), ("false", false), ("\"false\"", false), ("\"\"", false),
            ("null", false),
        ] {
            #expect(try fields(text).bool("f") == value)
        }
        for text in ["1", "\"yes\"", "[]"] { #expect(throws: FieldError.self) { try self.fields(text).bool("f") } }
    }

    @Test func `a time has exactly one form`() throws {
        let clock = WallClock(secondsFromUTC: 8 * 3600)
        #expect(try fields("\"1970-01-01 08:00:01\"").time("f", clock) == 1)
        for text in [
            "1970-01-01T08:00:01", "1970-1-1 08:00:01", "1970-01-01 08:00", "1970-02-30 08:00:00",
            "1970-01-01 24:00:00",
        ] {
            #expect(throws: FieldError.self) { try self.fields("\"\(text)\"").time("f", clock) }
        }
    }

    @Test func `a list is there and not empty`() throws {
        #expect(try fields("[1]").array("f") == [.integer(1)])
        for text in ["[]", "null", "{}", "\"[1]\""] {
            #expect(throws: FieldError.self) { try self.fields(text).array("f") }
        }
    }
}
