import TestSupport
import Testing
import TransitCode

/// docs/rules.md, "JSON inputs": pos_param.
@Suite struct PosParamTests {
    private func trip(_ text: String) throws(PosError) -> PosParam.Trip {
        let bytes = [UInt8](text: text)
        return try PosParam.check(bytes.span)
    }

    private func refuses(_ text: String) -> PosError? {
        refusal { () throws(PosError) in _ = try trip(text) }
    }

    private func text(type: String = "\"SINGLE\"") -> String {
        #"{"pos_id":"20170000000001","type":\#(type),"subject":"bus 12","record_id":"r1"}"#
    }

    @Test func `the trip type is told`() throws {
        #expect(try trip(text(type: "\"SINGLE\"")) == .single)
        #expect(try trip(text(type: "\"IN\"")) == .entry)
        #expect(try trip(text(type: "\"OUT\"")) == .exit)
        #expect(try trip(text(type: #""\u0049\u004E""#)) == .entry)
    }

    @Test(arguments: [
        "\"\"", "\"single\"", "\"In\"", "\"INN\"", "\"I\"", "\"OU\"", "\"OUT \"", "\" IN\"", "\"SINGLEX\"",
        "\"SINGL\"", "null", "1",
        "[]", "{}", "true", "[\"IN\"]", "IN", "\"IN\\u0000\"", "\"\\u0149N\"", "\"IN,OUT\"", "",
        "\"SINGLE          SINGLE\"",
    ])
    func `no other trip type is known`(type: String) { #expect(refuses(text(type: type)) == .posParam) }

    @Test(arguments: ["pos_id", "type", "subject", "record_id"])
    func `each of the four members must be a string that is not empty, once`(name: String) {
        let members = ["pos_id": "\"1\"", "type": "\"IN\"", "subject": "\"s\"", "record_id": "\"r\""]
        func object(_ change: (inout [String: String]) -> Void = { _ in }, more: String = "") -> String {
            var members = members
            change(&members)
            return "{" + members.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + more + "}"
        }
        #expect(refuses(object()) == nil)
        #expect(refuses(object { $0[name] = nil }) == .posParam)
        for wrong in ["\"\"", "null", "1", "0", "true", "[]", "{}", "[\"IN\"]"] {
            #expect(refuses(object { $0[name] = wrong }) == .posParam, "\(wrong)")
        }
        #expect(refuses(object(more: ",\"\(name)\":\(members[name]!)")) == .posParam)
        #expect(refuses(object(more: ",\"\(name)x\":\(members[name]!)")) == nil)
        #expect(refuses(object(more: ",\"\(name.uppercased())\":null")) == nil)
        let escaped = name.unicodeScalars.map { "\\u00" + String($0.value, radix: 16) }.joined()
        #expect(refuses(object({ $0[escaped] = $0.removeValue(forKey: name) })) == nil)
        #expect(refuses(object(more: ",\"\(escaped)\":\(members[name]!)")) == .posParam)
    }

    @Test func `members stand in any order, and others are ignored`() throws {
        #expect(
            try trip(
                #" { "record_id" : "r", "x" : {"type":"OUT"}, "subject":"地铁","type":"IN","y":[],"pos_id":"1" } "#)
                == .entry)
    }

    @Test func `a long value and a one-character value are values`() throws {
        let long = String(repeating: "x", count: 300)
        #expect(try trip(#"{"pos_id":"\#(long)","type":"OUT","subject":"\#(long)","record_id":"0"}"#) == .exit)
    }

    @Test func `1024 bytes are taken, 1025 are not`() {
        for (count, passes) in [(1023, true), (1024, true), (1025, false), (2048, false)] {
            let padded = text() + String(repeating: " ", count: count - text().utf8.count)
            #expect(refuses(padded) == (passes ? nil : .posParam), "\(count)")
            let filler = count - text().utf8.count
            let filled = text().replacing("bus 12", with: "bus 12" + String(repeating: "x", count: filler))
            #expect(filled.utf8.count == count)
            #expect(refuses(filled) == (passes ? nil : .posParam), "\(count)")
        }
        #expect(PosParam.maxCount == 1024)
    }

    @Test(arguments: ["", " ", "{}", "{ }", "[]", "null", "\"IN\"", "0", "{,}", "{\"pos_id\"}", "{\"pos_id\":}"])
    func `anything but an object with members is refused`(text: String) { #expect(refuses(text) == .posParam) }

    @Test func `nothing but white space follows`() {
        #expect(refuses(text() + "\n") == nil)
        #expect(refuses(text() + "}") == .posParam)
        #expect(refuses(text() + text()) == .posParam)
        #expect(refuses(text().dropLast() + ",}") == .posParam)
        #expect(refuses(text().dropLast() + "]") == .posParam)
        #expect(refuses(String(text().dropLast())) == .posParam)
        #expect(refuses("[" + text() + "]") == .posParam)
    }
}
