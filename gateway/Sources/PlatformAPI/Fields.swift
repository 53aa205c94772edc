import Foundation
import BackOffice

/// What is wrong with a field of biz_content. The sentence names the field.
package struct FieldError: Error, Equatable {
    package let reason: String

    package init(_ field: String, _ chinese: String, _ english: String) {
        reason = "\(field) \(chinese) / \(field) \(english)"
    }
}

/// Reads and checks the members of a JSON object from outside.
package struct Fields {
    package let object: JSONObject
    /// Precedes the field's name in errors: "trade_list[0].".
    package let path: String

    package init(object: JSONObject, path: String = "") {
        self.object = object
        self.path = path
    }

    /// Text of at most `limit` characters. Nil when absent, null or empty: some SDKs omit empty members.
    package func text(_ name: String, limit: Int = .max) throws(FieldError) -> String? {
        let text: String
        switch object[name] {
        case nil, .null: return nil
        case .string(let value): text = value
        case .integer(let value): text = "\(value)"
        case .number, .bool, .array, .object: throw FieldError(path + name, "应为字符串", "has to be a string")
        }
        guard text.unicodeScalars.count <= limit else {
            throw FieldError(path + name, "长度不能超过 \(limit)", "has more than \(limit) characters")
        }
        guard !text.unicodeScalars.contains(where: { $0.value < 0x20 && $0 != "\n" && $0 != "\t" && $0 != "\r" }) else {
            throw FieldError(path + name, "含有控制字符", "has control characters in it")
        }
        return text.isEmpty ? nil : text
    }

    /// Text without control characters, so in one line.
    package func identifier(_ name: String, limit: Int) throws(FieldError) -> String? {
        guard let text = try text(name, limit: limit) else { return nil }
        guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw FieldError(path + name, "含有控制字符", "has control characters in it")
        }
        return text
    }

    package func requiredIdentifier(_ name: String, limit: Int) throws(FieldError) -> String {
        guard let text = try identifier(name, limit: limit) else { throw missing(name) }
        return text
    }

    package func requiredText(_ name: String, limit: Int = .max) throws(FieldError) -> String {
        guard let text = try text(name, limit: limit) else { throw missing(name) }
        return text
    }

    /// One of a few words.
    package func word<Word: RawRepresentable & CaseIterable>(_ name: String, _: Word.Type) throws(FieldError) -> Word
    where Word.RawValue == String {
        guard let word = Word(rawValue: try requiredText(name)) else {
            let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw FieldError(path + name, "应为 \(words) 之一", "has to be one of \(words)")
        }
        return word
    }

    /// A boolean, or a string with its spelling. False when absent.
    package func bool(_ name: String) throws(FieldError) -> Bool {
        switch object[name] {
        case nil, .null: return false
        case .bool(let value): return value
        case .string("true"): return true
        case .string("false"), .string(""): return false
        default: throw FieldError(path + name, "应为 true 或 false", "has to be true or false")
        }
    }

    /// yyyy-MM-dd HH:mm:ss.
    package func time(_ name: String, _ clock: WallClock) throws(FieldError) -> Int64? {
        guard let text = try text(name) else { return nil }
        guard let time = clock.parse(text) else {
            throw FieldError(path + name, "格式应为 yyyy-MM-dd HH:mm:ss", "has to be yyyy-MM-dd HH:mm:ss")
        }
        return time
    }

    package func requiredTime(_ name: String, _ clock: WallClock) throws(FieldError) -> Int64 {
        guard let time = try time(name, clock) else { throw missing(name) }
        return time
    }

    /// An amount in yuan, as string or number with at most two decimals, in cents.
    package func amount(_ name: String) throws(FieldError) -> Int64? {
        let cents: Int64?
        switch object[name] {
        case nil, .null, .string(""): return nil
        case .string(let text): cents = Self.cents(text)
        case .integer(let yuan):
            let (value, overflows) = yuan.multipliedReportingOverflow(by: 100)
            cents = overflows ? nil : value
        case .number(let yuan): cents = yuan.hundredths(upTo: Self.largestAmount)
        default: cents = nil
        }
        guard let cents, (0...Self.largestAmount).contains(cents) else {
            throw FieldError(path + name, "应为以元为单位、至多两位小数的金额", "has to be an amount in yuan with at most two decimals")
        }
        return cents
    }

    package func requiredAmount(_ name: String) throws(FieldError) -> Int64 {
        guard let amount = try amount(name) else { throw missing(name) }
        return amount
    }

    /// A string that holds a JSON object, unchanged.
    package func objectText(_ name: String, limit: Int) throws(FieldError) -> String? {
        guard let text = try text(name, limit: limit) else { return nil }
        do throws(JSONError) {
            if case .object = try JSON(text) { return text }
        } catch {
            throw FieldError(path + name, "不是合法的 JSON：\(error.chinese)", "has to hold a JSON object: \(error.english)")
        }
        throw FieldError(path + name, "应为 JSON 对象字符串", "has to be a string that holds a JSON object")
    }

    /// Hex digits, as bytes.
    package func hex(_ name: String, limit: Int) throws(FieldError) -> [UInt8]? {
        guard let text = try text(name, limit: limit) else { return nil }
        guard let bytes = [UInt8](hex: text) else {
            throw FieldError(path + name, "应为十六进制字符串", "has to be hex digits, two for a byte")
        }
        return bytes
    }

    package func array(_ name: String) throws(FieldError) -> [JSON] {
        switch object[name] {
        case nil, .null: throw missing(name)
        case .array(let items) where !items.isEmpty: return items
        case .array: throw FieldError(path + name, "不能为空", "is empty")
        default: throw FieldError(path + name, "应为数组", "has to be an array")
        }
    }

    package func missing(_ name: String) -> FieldError {
        FieldError(path + name, "不能为空", "is missing")
    }

    /// A hundred million yuan. No sum in a ledger overflows.
    private static let largestAmount: Int64 = 10_000_000_000

    /// "2", "2.0", "2.00"; digits and one point only.
    private static func cents(_ text: String) -> Int64? {
        let halves = text.split(separator: ".", omittingEmptySubsequences: false)
        guard halves.count <= 2,
            halves.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            halves[0].utf8.count <= 9
        else { return nil }
        let decimals = halves.count == 2 ? halves[1] : ""
        guard decimals.utf8.count <= 2 else { return nil }
        return Int64(halves[0] + decimals + String(repeating: "0", count: 2 - decimals.utf8.count))
    }
}
