import BackOffice

/// A JSON value, read or to be written.
package enum JSON: Sendable, Equatable {
    case string(String)
    /// Any number that is not an `integer`, as it is spelt: a floating-point number rounds 1.9999999999999999999 to 2.
    case number(JSONNumber)
    case integer(Int64)
    case bool(Bool)
    case null
    case array([JSON])
    case object(JSONObject)

    /// On one line, members in their order.
    package var text: String { text(of: \.members, number: \.text) }

    /// The same text for the same value: members sorted by name, numbers in their shortest form.
    package var canonicalText: String {
        text(of: { $0.members.sorted { $0.name < $1.name } }, number: \.plainText)
    }

    private func text(
        of members: (JSONObject) -> [JSONObject.Member], number: (JSONNumber) -> String
    ) -> String {
        switch self {
        case .string(let text): JSONValue.string(text).text
        case .integer(let integer): "\(integer)"
        case .number(let value): number(value)
        case .bool(let bool): bool ? "true" : "false"
        case .null: "null"
        case .array(let items):
            "[" + items.map { $0.text(of: members, number: number) }.joined(separator: ",") + "]"
        case .object(let object):
            "{"
                + members(object).map {
                    JSON.string($0.name).text + ":" + $0.value.text(of: members, number: number)
                }.joined(separator: ",") + "}"
        }
    }
}

/// Members in their order, each name once.
package struct JSONObject: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    package struct Member: Sendable, Equatable {
        package let name: String
        package let value: JSON
    }

    package private(set) var members: [Member] = []
    private var places: [String: Int] = [:]

    package init() {}

    package init(dictionaryLiteral members: (String, JSON)...) {
        for (name, value) in members {
            precondition(append(value, as: name), "\(name) is there twice")
        }
    }

    package subscript(name: String) -> JSON? { places[name].map { members[$0].value } }

    /// False, without effect, when the name is there.
    package mutating func append(_ value: JSON, as name: String) -> Bool {
        guard places.updateValue(members.count, forKey: name) == nil else {
            places[name] = members.firstIndex { $0.name == name }
            return false
        }
        members.append(Member(name: name, value: value))
        return true
    }

    /// Both objects' members. They have no name in common.
    package static func + (first: JSONObject, second: JSONObject) -> JSONObject {
        var all = first
        for member in second.members {
            precondition(all.append(member.value, as: member.name), "\(member.name) is there twice")
        }
        return all
    }
}
