import GatewayText
import TransitCode

extension JSON {
    /// Deeper nesting is refused (RFC 8259, section 9).
    package static let maxDepth = 128

    /// Strict JSON (RFC 8259): accepts nothing that two readers may understand differently.
    package init(_ text: String) throws(JSONError) {
        var reader = Reader(bytes: Array(text.utf8))
        self = try reader.document()
    }

    private struct Reader {
        let bytes: [UInt8]
        private var position = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        mutating func document() throws(JSONError) -> JSON {
            guard !bytes.starts(with: [0xEF, 0xBB, 0xBF]) else { throw .byteOrderMark }
            let value = try value(depth: 0)
            guard next() == nil else { throw .malformed(at: position) }
            return value
        }

        private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

        /// Skips white space; the first byte of the next token.
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

        private mutating func value(depth: Int) throws(JSONError) -> JSON {
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

        private mutating func object(depth: Int) throws(JSONError) -> JSONObject {
            guard depth <= JSON.maxDepth else { throw .tooDeep(at: position) }
            position += 1
            var members = JSONObject()
            if take(UInt8(ascii: "}")) { return members }
            repeat {
                guard let first = next(), first == UInt8(ascii: "\"") else { throw missing(before: UInt8(ascii: "}")) }
                let start = position
                let name = try string()
                guard take(UInt8(ascii: ":")) else { throw .malformed(at: position) }
                // Canonically equivalent spellings are one name.
                guard members.append(try value(depth: depth), as: name) else { throw .nameTwice(at: start) }
            } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "}")) else { throw .malformed(at: position) }
            return members
        }

        private mutating func array(depth: Int) throws(JSONError) -> [JSON] {
            guard depth <= JSON.maxDepth else { throw .tooDeep(at: position) }
            position += 1
            var items: [JSON] = []
            if take(UInt8(ascii: "]")) { return items }
            repeat {
                guard next() != UInt8(ascii: "]") else { throw missing(before: UInt8(ascii: "]")) }
                items.append(try value(depth: depth))
            } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "]")) else { throw .malformed(at: position) }
            return items
        }

        /// The error where an item is missing: a comma before the end of the container, or something else.
        private func missing(before end: UInt8) -> JSONError {
            guard current == end else { return .malformed(at: position) }
            return .commaBehindLast(at: position)
        }

        private mutating func word(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
            let end = position + word.utf8CodeUnitCount
            let isThere = end <= bytes.count && word.withUTF8Buffer { $0.elementsEqual(bytes[position..<end]) }
            guard isThere else { throw .malformed(at: position) }
            position = end
            return value
        }

        private mutating func number() throws(JSONError) -> JSON {
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

        private mutating func digits() throws(JSONError) {
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

        private mutating func string() throws(JSONError) -> String {
            let first = position
            position += 1
            var start = position
            // The text before `start`. It grows in place: concatenation at each escape would take quadratic time.
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

        private mutating func escape() throws(JSONError) -> Unicode.Scalar {
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
                // A high surrogate needs a low one behind it.
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

        private mutating func hex4() throws(JSONError) -> UInt32 {
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
