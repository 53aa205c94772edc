import PlatformAPI
import Testing

/// The order of the envelope's checks, and what is signed.
@Suite struct EnvelopeTests {
    static let key = Result { try RSAPrivateKey() }
    let clock = WallClock(secondsFromUTC: 8 * 3600)

    static let good = [
        "app_id": "app", "method": Method.keyQuery.rawValue, "sign_type": "RSA2", "timestamp": "2026-01-02 03:04:05",
        "version": "1.0", "charset": "utf-8", "format": "JSON", "biz_content": "{\"a\":1}",
    ]

    private func encoded(_ values: [String: String]) -> String {
        values.map { name, value in
            name + "=" + value.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }.joined(separator: "&")
    }

    /// The sub code of what `change` makes of a good call; nil when it passes. `isSigned`: by the right key, after the change.
    private func outcome(
        isSigned: Bool = true, caller: Caller? = nil, _ change: (inout [String: String]) -> Void = { _ in }
    ) async throws -> String? {
        let key = try Self.key.get()
        var values = Self.good
        change(&values)
        if isSigned {
            let text = FormParameters(query: encoded(values), body: []).signedText
            values["sign"] = try GatewayKey(key: key).sign(text)
        }
        let known =
            try caller
            ?? Caller(appID: "app", key: .success(ApplicationKey(der: key.publicKey.der)), isContracted: true)
        do {
            let call = try await Envelope.open(FormParameters(query: encoded(values), body: []), clock: clock) {
                appID in
                appID == "app" ? known : nil
            }
            #expect(call.method == .keyQuery)
            return nil
        } catch let refusal as Refusal { return refusal.subCode }
    }

    @Test func `a good call passes`() async throws {
        #expect(try await outcome() == nil)
        #expect(
            try await outcome {
                $0["charset"] = nil; $0["format"] = nil; $0["biz_content"] = nil
            } == nil)
        #expect(
            try await outcome {
                $0["charset"] = "UTF8"; $0["format"] = "json"
            } == nil)
    }

    /// What breaks each check, in the order of docs/gateway.md.
    static let violations: [(String, @Sendable (inout [String: String]) -> Void)] = [
        ("isv.missing-app-id", { $0["app_id"] = nil }), ("isv.missing-method", { $0["method"] = "" }),
        ("isv.invalid-app-id", { $0["app_id"] = "nobody" }), ("isv.invalid-method", { $0["method"] = "x" }),
        ("isv.missing-signature-type", { $0["sign_type"] = nil }), ("isv.missing-timestamp", { $0["timestamp"] = nil }),
        ("isv.missing-version", { $0["version"] = nil }), ("isv.invalid-signature-type", { $0["sign_type"] = "RSA" }),
        ("isv.invalid-charset", { $0["charset"] = "GBK" }), ("isv.invalid-format", { $0["format"] = "XML" }),
        ("isv.invalid-parameter", { $0["version"] = "1.1" }), ("isv.invalid-timestamp", { $0["timestamp"] = "now" }),
        ("isv.illegal-json", { $0["biz_content"] = "[]" }),
    ]

    @Test(arguments: violations.indices) func `of two failures the earlier check is named`(_ first: Int) async throws {
        for second in Self.violations.indices where second >= first {
            let outcome = try await outcome { values in
                Self.violations[second].1(&values)
                Self.violations[first].1(&values)
            }
            #expect(outcome == Self.violations[first].0, "with \(Self.violations[second].0)")
        }
    }

    @Test func `the signature is checked before the time, the contract and the content`() async throws {
        #expect(try await outcome(isSigned: false) == "isv.missing-signature")
        #expect(
            try await outcome(isSigned: false) {
                $0["sign"] = "AAAA"; $0["timestamp"] = "now"
            } == "isv.invalid-signature")
        #expect(
            try await outcome(caller: Caller(appID: "app", key: nil, isContracted: false))
                == "isv.missing-signature-config")
        let key = try ApplicationKey(der: try Self.key.get().publicKey.der)
        #expect(
            try await outcome(caller: Caller(appID: "app", key: .success(key), isContracted: false)) {
                $0["biz_content"] = ""
            }
                == "isv.insufficient-isv-permissions")
    }

    @Test func `all but sign and what is empty is signed, by name, the first of two`() {
        let parameters = FormParameters(query: "b=2&sign=x&a=%31&empty=&b=3", body: Array("c=+%2B&b=4".utf8))
        #expect(parameters.signedText == "a=1&b=2&c= +")
    }

    @Test func `more than 20,000 parameters are too many`() {
        let text = { (count: Int) in (0..<count).map { "p\($0)=1" }.joined(separator: "&") }
        #expect(!FormParameters(query: text(FormParameters.largestCount), body: []).isTooMany)
        #expect(FormParameters(query: text(FormParameters.largestCount + 1), body: []).isTooMany)
    }
}
