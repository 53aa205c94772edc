import TransitCode

typealias JSONObject = [String: JSONInput]

/// JSON from outside.
enum JSONInput: Sendable, Equatable {
    case string(String)
    /// Any number that is not an `integer`, as it is spelt: a floating-point number takes 1.9999999999999999999 for 2.
    case number(JSONNumber)
    case integer(Int64)
    case bool(Bool)
    case null
    case array([JSONInput])
    case object(JSONObject)

    /// Strict JSON (RFC 8259): nothing that one reader may take for one thing and another for something else.
    init(_ text: String) throws(JSONFault) {
        var reader = Reader(bytes: Array(text.utf8))
        self = try reader.document()
    }
}

/// Why a text is not JSON, and the offset of the byte at which that shows.
enum JSONFault: Error, Equatable {
    case byteOrderMark
    case commaBehindLast(at: Int)
    case nameTwice(at: Int)
    case tooDeep(at: Int)
    case tooManyMarks(at: Int)
    case malformed(at: Int)

    var chinese: String {
        switch self {
        case .byteOrderMark: "以字节顺序标记（BOM）开头"
        case .commaBehindLast(let offset): "第 \(offset) 字节处有多余的逗号"
        case .nameTwice(let offset): "第 \(offset) 字节处的名称重复"
        case .tooDeep(let offset): "第 \(offset) 字节处嵌套超过 \(JSONInput.maxDepth) 层"
        case .tooManyMarks(let offset): "第 \(offset) 字节处的字符串含有连续 \(String.mostMarks) 个以上的组合字符"
        case .malformed(let offset): "第 \(offset) 字节处格式错误"
        }
    }

    var english: String {
        switch self {
        case .byteOrderMark: "it begins with a byte order mark"
        case .commaBehindLast(let offset): "nothing follows the comma before byte \(offset)"
        case .nameTwice(let offset): "the name at byte \(offset) is there twice"
        case .tooDeep(let offset): "more than \(JSONInput.maxDepth) levels at byte \(offset)"
        case .tooManyMarks(let offset): "more than \(String.mostMarks) combining marks in a row in the string at byte \(offset)"
        case .malformed(let offset): "malformed at byte \(offset)"
        }
    }
}

/// A number's decimal digits, with no rounding anywhere.
struct JSONNumber: Sendable, Equatable {
    /// As RFC 8259 has it.
    let text: String
    private let isNegative: Bool
    /// Without zeros at either end; empty for zero.
    private let digits: [UInt8]
    /// Of ten, by which `digits` are multiplied. Nil for an exponent that is out of all bounds.
    private let power: Int?

    /// `text` is a JSON number.
    fileprivate init(_ text: String) {
        self.text = text
        var rest = text.utf8[...]
        isNegative = rest.first == UInt8(ascii: "-")
        if isNegative { rest.removeFirst() }
        let parts = rest.split(maxSplits: 1) { $0 | 0x20 == UInt8(ascii: "e") }
        let halves = parts[0].split(separator: UInt8(ascii: "."))
        var digits = halves.reduce(into: []) { $0 += $1 }
        var power = -(halves.count == 2 ? halves[1].count : 0)
        while digits.last == UInt8(ascii: "0") {
            digits.removeLast()
            power += 1
        }
        self.digits = Array(digits.drop { $0 == UInt8(ascii: "0") })
        // Int takes a sign in front, and nothing too long.
        let exponent = parts.count == 2 ? Int(Substring(parts[1])) : 0
        self.power = exponent.flatMap { $0.magnitude < 10_000 ? power + $0 : nil }
    }

    /// One text for one number, however it is spelt, as long as it is one that a Double has: 1.50 is 1.5.
    var plainText: String {
        guard let double = Double(text), double.isFinite else { return text }
        let plain = JSONNumber("\(double)")
        let isSame = plain.isNegative == isNegative && plain.digits == digits && (digits.isEmpty || plain.power == power)
        return isSame ? plain.text : text
    }

    /// The number times 100, when that is a whole number from 0 to `limit`.
    func hundredths(upTo limit: Int64) -> Int64? {
        if digits.isEmpty { return isNegative ? nil : 0 }
        guard !isNegative, let power, power >= -2, digits.count + power + 2 <= 18,
            let value = Int64(String(decoding: digits, as: UTF8.self) + String(repeating: "0", count: power + 2))
        else { return nil }
        return value <= limit ? value : nil
    }
}

extension JSONInput {
    /// Deeper nesting is refused (RFC 8259, section 9).
    static let maxDepth = 128

    private struct Reader {
        let bytes: [UInt8]
        private var position = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        mutating func document() throws(JSONFault) -> JSONInput {
            guard !bytes.starts(with: [0xEF, 0xBB, 0xBF]) else { throw .byteOrderMark }
            let value = try value(depth: 0)
            guard next() == nil else { throw .malformed(at: position) }
            return value
        }

        private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

        /// The byte at which the next token begins.
        private mutating func next() -> UInt8? {
            while let byte = current {
                guard byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D else { return byte }
                position += 1
            }
            return nil
        }

        private mutating func take(_ token: UInt8) -> Bool {
            guard next() == token else { return false }
            position += 1
            return true
        }

        private mutating func value(depth: Int) throws(JSONFault) -> JSONInput {
            switch next() {
            case UInt8(ascii: "{"): return .object(try object(depth: depth + 1))
            case UInt8(ascii: "["): return .array(try array(depth: depth + 1))
            case UInt8(ascii: "\""): return .string(try string())
            case UInt8(ascii: "t"): return try word("true", .bool(true))
            case UInt8(ascii: "f"): return try word("false", .bool(false))
            case UInt8(ascii: "n"): return try word("null", .null)
            case UInt8(ascii: "-"): return try number()
            case let byte? where (0x30...0x39).contains(byte): return try number()
            default: throw .malformed(at: position)
            }
        }

        private mutating func object(depth: Int) throws(JSONFault) -> JSONObject {
            guard depth <= JSONInput.maxDepth else { throw .tooDeep(at: position) }
            position += 1
            var members = JSONObject()
            if take(UInt8(ascii: "}")) { return members }
            repeat {
                guard let first = next(), first == UInt8(ascii: "\"") else { throw missing(before: UInt8(ascii: "}")) }
                let start = position
                let name = try string()
                guard take(UInt8(ascii: ":")) else { throw .malformed(at: position) }
                // Spellings of one character that Swift takes for equal are one name, too.
                guard members.updateValue(try value(depth: depth), forKey: name) == nil else {
                    throw .nameTwice(at: start)
                }
            } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "}")) else { throw .malformed(at: position) }
            return members
        }

        private mutating func array(depth: Int) throws(JSONFault) -> [JSONInput] {
            guard depth <= JSONInput.maxDepth else { throw .tooDeep(at: position) }
            position += 1
            var items: [JSONInput] = []
            if take(UInt8(ascii: "]")) { return items }
            repeat {
                guard next() != UInt8(ascii: "]") else { throw missing(before: UInt8(ascii: "]")) }
                items.append(try value(depth: depth))
            } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "]")) else { throw .malformed(at: position) }
            return items
        }

        /// What is wrong where an item should be and the container's end may be.
        private func missing(before end: UInt8) -> JSONFault {
            guard current == end else { return .malformed(at: position) }
            return .commaBehindLast(at: position)
        }

        private mutating func word(_ word: StaticString, _ value: JSONInput) throws(JSONFault) -> JSONInput {
            let end = position + word.utf8CodeUnitCount
            let isThere = end <= bytes.count && word.withUTF8Buffer { $0.elementsEqual(bytes[position..<end]) }
            guard isThere else { throw .malformed(at: position) }
            position = end
            return value
        }

        private mutating func number() throws(JSONFault) -> JSONInput {
            let start = position
            skip(UInt8(ascii: "-"))
            if !skip(UInt8(ascii: "0")) { try digits() }
            var isInteger = true
            if skip(UInt8(ascii: ".")) {
                isInteger = false
                try digits()
            }
            if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
                isInteger = false
                if !skip(UInt8(ascii: "+")) { skip(UInt8(ascii: "-")) }
                try digits()
            }
            let text = String(decoding: bytes[start..<position], as: UTF8.self)
            if isInteger, let integer = Int64(text), text != "-0" { return .integer(integer) }
            return .number(JSONNumber(text))
        }

        private mutating func digits() throws(JSONFault) {
            let start = position
            while let byte = current, (0x30...0x39).contains(byte) { position += 1 }
            guard position > start else { throw .malformed(at: position) }
        }

        @discardableResult
        private mutating func skip(_ byte: UInt8) -> Bool {
            guard current == byte else { return false }
            position += 1
            return true
        }

        private mutating func string() throws(JSONFault) -> String {
            let first = position
            position += 1
            var start = position
            // What is before `start`. It grows in place: put together anew at each escape, it would take the square of its length.
            var text = ""
            while let byte = current {
                switch byte {
                case UInt8(ascii: "\""):
                    text += String(decoding: bytes[start..<position], as: UTF8.self)
                    position += 1
                    guard text.untilSurplusMark == nil else { throw .tooManyMarks(at: first) }
                    return text
                case UInt8(ascii: "\\"):
                    text += String(decoding: bytes[start..<position], as: UTF8.self)
                    position += 1
                    text += String(try escape())
                    start = position
                case ..<0x20: throw .malformed(at: position)
                default: position += 1
                }
            }
            throw .malformed(at: position)
        }

        private mutating func escape() throws(JSONFault) -> Unicode.Scalar {
            let start = position - 1
            let byte = current
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return "\""
            case UInt8(ascii: "\\"): return "\\"
            case UInt8(ascii: "/"): return "/"
            case UInt8(ascii: "b"): return "\u{8}"
            case UInt8(ascii: "f"): return "\u{C}"
            case UInt8(ascii: "n"): return "\n"
            case UInt8(ascii: "r"): return "\r"
            case UInt8(ascii: "t"): return "\t"
            case UInt8(ascii: "u"):
                let unit = try hex4()
                if let scalar = Unicode.Scalar(unit) { return scalar }
                // A surrogate names a character only with its partner.
                guard unit < 0xDC00, skip(UInt8(ascii: "\\")), skip(UInt8(ascii: "u")) else {
                    throw .malformed(at: start)
                }
                let low = try hex4()
                guard low & 0xFC00 == 0xDC00, let scalar = Unicode.Scalar(0x10000 + (unit & 0x3FF) << 10 + low & 0x3FF)
                else { throw .malformed(at: start) }
                return scalar
            default: throw .malformed(at: start)
            }
        }

        private mutating func hex4() throws(JSONFault) -> UInt32 {
            var value: UInt32 = 0
            for _ in 0..<4 {
                guard let digit = current?.hexDigitValue else { throw .malformed(at: position) }
                position += 1
                value = value << 4 | UInt32(digit)
            }
            return value
        }
    }
}
