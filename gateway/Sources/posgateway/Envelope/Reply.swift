import BackOffice

/// The answer to one call, before it is signed.
struct Reply: Sendable {
    let members: [(String, JSONValue)]
    /// For the operator's list of calls: nil for a success.
    let refusal: Refusal?

    /// 10000, and what the interface adds.
    static func success(_ members: [(String, JSONValue)] = []) -> Reply {
        Reply(members: [("code", .string("10000")), ("msg", .string("Success"))] + members, refusal: nil)
    }

    /// A refusal with its reason.
    static func refused(_ refusal: Refusal) -> Reply {
        Reply(
            members: [
                ("code", .string(refusal.code.rawValue)), ("msg", .string(refusal.code.message)),
                ("sub_code", .string(refusal.subCode)), ("sub_msg", .string(refusal.reason)),
            ] + refusal.members,
            refusal: refusal)
    }

    /// The body. What is signed is the node as it is sent, so it is made once and put in as it is (docs/gateway.md).
    func body(method: String?, key: GatewayKey) throws -> String {
        let name = method.map { $0.replacing(".", with: "_") + "_response" } ?? "error_response"
        let node = JSONValue.object(members).text
        return "{\(JSONValue.string(name).text):\(node),\"sign\":\"\(try key.sign(node))\"}"
    }
}
