import BackOffice
import Foundation

/// Reads the members of a JSON object that came from outside, and says by name which one is wrong.
struct Fields {
    /// What is wrong with a field; the sentence names it.
    struct Fault: Error, Equatable {
        let reason: String

        init(_ field: String, _ chinese: String, _ english: String) {
            reason = "\(field) \(chinese) / \(field) \(english)"
        }
    }

    let object: JSONObject
    /// Stands before the field's name: "trade_list[0].".
    var path = ""

    /// Text of at most `limit` characters. Absent, null and empty are the same: some SDKs drop what is empty.
    func text(_ name: String, limit: Int = .max) throws(Fault) -> String? {
        let text: String
        switch object[name] {
        case nil, .null: return nil
        case .string(let value): text = value
        case .integer(let value): text = "\(value)"
        case .number, .bool, .array, .object: throw Fault(path + name, "应为字符串", "has to be a string")
        }
        guard text.unicodeScalars.count <= limit else {
            throw Fault(path + name, "长度不能超过 \(limit)", "has more than \(limit) characters")
        }
        guard !text.unicodeScalars.contains(where: { $0.value < 0x20 && $0 != "\n" && $0 != "\t" && $0 != "\r" }) else {
            throw Fault(path + name, "含有控制字符", "has control characters in it")
        }
        return text.isEmpty ? nil : text
    }

    /// Text that names something: in one line.
    func identifier(_ name: String, limit: Int) throws(Fault) -> String? {
        guard let text = try text(name, limit: limit) else { return nil }
        guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw Fault(path + name, "含有控制字符", "has control characters in it")
        }
        return text
    }

    func requiredIdentifier(_ name: String, limit: Int) throws(Fault) -> String {
        guard let text = try identifier(name, limit: limit) else { throw missing(name) }
        return text
    }

    func requiredText(_ name: String, limit: Int = .max) throws(Fault) -> String {
        guard let text = try text(name, limit: limit) else { throw missing(name) }
        return text
    }

    /// One of a few words.
    func word<Word: RawRepresentable & CaseIterable>(_ name: String, _: Word.Type) throws(Fault) -> Word
    where Word.RawValue == String {
        guard let word = Word(rawValue: try requiredText(name)) else {
            let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw Fault(path + name, "应为 \(words) 之一", "has to be one of \(words)")
        }
        return word
    }

    /// A boolean, or the string that spells one; false when absent.
    func bool(_ name: String) throws(Fault) -> Bool {
        switch object[name] {
        case nil, .null: return false
        case .bool(let value): return value
        case .string("true"): return true
        case .string("false"), .string(""): return false
        default: throw Fault(path + name, "应为 true 或 false", "has to be true or false")
        }
    }

    /// yyyy-MM-dd HH:mm:ss.
    func time(_ name: String, _ clock: WallClock) throws(Fault) -> Int64? {
        guard let text = try text(name) else { return nil }
        guard let time = clock.parse(text) else {
            throw Fault(path + name, "格式应为 yyyy-MM-dd HH:mm:ss", "has to be yyyy-MM-dd HH:mm:ss")
        }
        return time
    }

    func requiredTime(_ name: String, _ clock: WallClock) throws(Fault) -> Int64 {
        guard let time = try time(name, clock) else { throw missing(name) }
        return time
    }

    /// An amount in yuan, as string or number with at most two decimals, in cents.
    func amount(_ name: String) throws(Fault) -> Int64? {
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
            throw Fault(path + name, "应为以元为单位、至多两位小数的金额", "has to be an amount in yuan with at most two decimals")
        }
        return cents
    }

    func requiredAmount(_ name: String) throws(Fault) -> Int64 {
        guard let amount = try amount(name) else { throw missing(name) }
        return amount
    }

    /// A string that holds a JSON object; kept as it came.
    func objectText(_ name: String, limit: Int) throws(Fault) -> String? {
        guard let text = try text(name, limit: limit) else { return nil }
        do throws(JSONFault) {
            if case .object = try JSONInput(text) { return text }
        } catch {
            throw Fault(path + name, "不是合法的 JSON：\(error.chinese)", "has to hold a JSON object: \(error.english)")
        }
        throw Fault(path + name, "应为 JSON 对象字符串", "has to be a string that holds a JSON object")
    }

    /// Hex digits, as bytes.
    func hex(_ name: String, limit: Int) throws(Fault) -> [UInt8]? {
        guard let text = try text(name, limit: limit) else { return nil }
        guard let bytes = [UInt8](hex: text) else {
            throw Fault(path + name, "应为十六进制字符串", "has to be hex digits, two for a byte")
        }
        return bytes
    }

    func array(_ name: String) throws(Fault) -> [JSONInput] {
        switch object[name] {
        case nil, .null: throw missing(name)
        case .array(let items) where !items.isEmpty: return items
        case .array: throw Fault(path + name, "不能为空", "is empty")
        default: throw Fault(path + name, "应为数组", "has to be an array")
        }
    }

    func missing(_ name: String) -> Fault {
        Fault(path + name, "不能为空", "is missing")
    }

    /// A hundred million yuan: what fits every sum of a ledger many times.
    private static let largestAmount: Int64 = 10_000_000_000

    /// "2", "2.0", "2.00"; digits and one point only.
    private static func cents(_ text: String) -> Int64? {
        let halves = text.split(separator: ".", omittingEmptySubsequences: false)
        guard halves.count <= 2, halves.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            halves[0].utf8.count <= 9
        else { return nil }
        let decimals = halves.count == 2 ? halves[1] : ""
        guard decimals.utf8.count <= 2 else { return nil }
        return Int64(halves[0] + decimals + String(repeating: "0", count: 2 - decimals.utf8.count))
    }
}
