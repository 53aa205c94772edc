import Foundation

typealias JSONObject = [String: JSONInput]

/// JSON from outside.
enum JSONInput: Sendable, Equatable {
    case string(String)
    /// As Foundation reads it.
    case number(Double)
    case integer(Int64)
    case bool(Bool)
    case null
    case array([JSONInput])
    case object(JSONObject)

    /// Nil for what is not JSON.
    init?(_ text: String) {
        guard let value = try? JSONSerialization.jsonObject(with: Data(text.utf8), options: [.fragmentsAllowed]) else {
            return nil
        }
        self.init(value)
    }

    private init?(_ value: Any) {
        switch value {
        case let value as String: self = .string(value)
        case let value as NSNumber:
            switch UInt8(bitPattern: value.objCType.pointee) {
            case UInt8(ascii: "c"), UInt8(ascii: "B"): self = .bool(value.boolValue)
            case UInt8(ascii: "d"), UInt8(ascii: "f"): self = .number(value.doubleValue)
            case UInt8(ascii: "Q"): self = .number(value.doubleValue)
            default: self = .integer(value.int64Value)
            }
        case is NSNull: self = .null
        case let value as [Any]:
            var items: [JSONInput] = []
            for item in value {
                guard let item = JSONInput(item) else { return nil }
                items.append(item)
            }
            self = .array(items)
        case let value as [String: Any]:
            var members: JSONObject = [:]
            for (name, item) in value {
                guard let item = JSONInput(item) else { return nil }
                members[name] = item
            }
            self = .object(members)
        default: return nil
        }
    }
}
