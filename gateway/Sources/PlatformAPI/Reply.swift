/// The answer to one call, before it is signed.
package struct Reply: Sendable, Equatable {
    private enum Content: Equatable {
        /// 10000, with these members behind the code.
        case success(JSONObject)
        /// 10000, with a result for each trade.
        case trades([TradeResult])
        case refused(Refusal)
    }

    private let content: Content

    /// 10000, and what the method adds.
    package static func success(_ members: JSONObject = [:]) -> Reply { Reply(content: .success(members)) }

    package static func trades(_ results: [TradeResult]) -> Reply { Reply(content: .trades(results)) }

    package static func refused(_ refusal: Refusal) -> Reply { Reply(content: .refused(refusal)) }

    /// Nil for a success.
    package var refusal: Refusal? {
        if case .refused(let refusal) = content { refusal } else { nil }
    }

    /// One for each trade of a trade.settle.
    package var trades: [TradeResult] {
        if case .trades(let results) = content { results } else { [] }
    }

    /// The members of the response node.
    package var node: JSONObject {
        switch content {
        case .success(let members): Self.success + members
        case .trades(let results): Self.success + ["result_list": .array(results.map { .object($0.members) })]
        case .refused(let refusal):
            [
                "code": .string(refusal.code.rawValue), "msg": .string(refusal.code.message),
                "sub_code": .string(refusal.subCode), "sub_msg": .string(refusal.reason),
            ] + refusal.members
        }
    }

    private static let success: JSONObject = ["code": .string("10000"), "msg": .string("Success")]

    /// The body. The signature is over the node as it is sent, so the node's text is made once (docs/gateway.md).
    package func body(method: String?, key: GatewayKey) throws -> String {
        let name = method.map { $0.replacing(".", with: "_") + "_response" } ?? "error_response"
        let text = JSON.object(node).text
        return "{\(JSON.string(name).text):\(text),\"sign\":\"\(try key.sign(text))\"}"
    }
}
