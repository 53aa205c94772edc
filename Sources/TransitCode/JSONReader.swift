/// Reads strict JSON (RFC 8259) in UTF-8 from front to back, without storing it.
///
/// It allocates nothing and does not recurse, so that deep nesting cannot exhaust memory or stack. A fault is a nil or
/// a false. Do not use the reader after one.
struct JSONReader: ~Escapable {
    /// Deeper nesting is refused. RFC 8259 section 9 lets a parser set a limit.
    static let maxDepth = 1024

    private let bytes: Span<UInt8>
    private var position = 0

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) {
        self.bytes = bytes
    }

    // MARK: Tokens

    /// The byte at the position; nil at the end.
    private var current: UInt8? { bytes.indices.contains(position) ? bytes[position] : nil }

    /// Takes the byte at the position; nil at the end.
    private mutating func takeByte() -> UInt8? {
        guard let byte = current else { return nil }
        position &+= 1
        return byte
    }

    /// The byte at which the next token begins, after any white space; nil at the end.
    private mutating func next() -> UInt8? {
        while let byte = current {
            guard byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D else { return byte }
            position &+= 1
        }
        return nil
    }

    /// Takes a one-byte token if it comes next.
    mutating func take(_ token: UInt8) -> Bool {
        guard next() == token else { return false }
        position &+= 1
        return true
    }

    /// Whether nothing but white space is left.
    mutating func isAtEnd() -> Bool { next() == nil }

    static let beginArray = UInt8(ascii: "[")
    static let endArray = UInt8(ascii: "]")
    static let beginObject = UInt8(ascii: "{")
    static let endObject = UInt8(ascii: "}")
    static let comma = UInt8(ascii: ",")
    static let colon = UInt8(ascii: ":")
    static let quote = UInt8(ascii: "\"")

    // MARK: Values

    /// A string, its escapes resolved byte by byte into `sink`; false when no well-formed string comes next.
    // Not inlined: it has many callers, and the library would grow.
    @inline(never)
    mutating func takeString(into sink: inout some JSONTextSink) -> Bool {
        guard take(Self.quote) else { return false }
        while let byte = takeByte() {
            switch byte {
            case Self.quote: return true
            case UInt8(ascii: "\\"): guard takeEscape(into: &sink) else { return false }
            case 0x20...0x7F: sink.append(byte)
            case 0x80...: guard takeUTF8(after: byte, into: &sink) else { return false }
            default: return false
            }
        }
        return false
    }

    /// A name and its colon.
    mutating func takeName() -> ShortText? {
        var name = ShortText()
        guard takeString(into: &name), take(Self.colon) else { return nil }
        return name
    }

    /// A number written as an integer from 0 to 255, without sign, fraction or exponent.
    mutating func takeUInt8() -> UInt8? {
        guard let first = next(), let digit = first.decimalDigitValue else { return nil }
        position &+= 1
        var value = UInt16(digit)
        // A leading zero ends the number.
        while value > 0, let digit = current?.decimalDigitValue {
            position &+= 1
            value = value &* 10 &+ UInt16(digit)
            guard value <= 255 else { return nil }
        }
        return UInt8(truncatingIfNeeded: value)
    }

    /// Skips one value of any kind; false when it is malformed.
    mutating func skipValue() -> Bool {
        var open = NestingStack()
        var ignored = Discard()
        while true {
            guard let byte = next() else { return false }
            switch byte {
            case Self.beginObject:
                position &+= 1
                guard open.push(isObject: true) else { return false }
                if !take(Self.endObject) {
                    guard takeString(into: &ignored), take(Self.colon) else { return false }
                    continue
                }
                open.pop()
            case Self.beginArray:
                position &+= 1
                guard open.push(isObject: false) else { return false }
                if !take(Self.endArray) { continue }
                open.pop()
            case Self.quote: guard takeString(into: &ignored) else { return false }
            case UInt8(ascii: "t"): guard skipWord(ShortText("true")) else { return false }
            case UInt8(ascii: "f"): guard skipWord(ShortText("false")) else { return false }
            case UInt8(ascii: "n"): guard skipWord(ShortText("null")) else { return false }
            default: guard skipNumber() else { return false }
            }
            // A value has ended. The containers around it may end too.
            while true {
                guard let inObject = open.top else { return true }
                if take(Self.comma) {
                    if inObject { guard takeString(into: &ignored), take(Self.colon) else { return false } }
                    break
                }
                guard take(inObject ? Self.endObject : Self.endArray) else { return false }
                open.pop()
            }
        }
    }

    // MARK: Pieces

    private mutating func takeEscape(into sink: inout some JSONTextSink) -> Bool {
        guard let byte = takeByte() else { return false }
        switch byte {
        case Self.quote, UInt8(ascii: "\\"), UInt8(ascii: "/"): sink.append(byte)
        case UInt8(ascii: "b"): sink.append(0x08)
        case UInt8(ascii: "f"): sink.append(0x0C)
        case UInt8(ascii: "n"): sink.append(0x0A)
        case UInt8(ascii: "r"): sink.append(0x0D)
        case UInt8(ascii: "t"): sink.append(0x09)
        case UInt8(ascii: "u"):
            guard let unit = takeHex4() else { return false }
            if unit & 0xF800 == 0xD800 { guard takeLowSurrogate(after: unit) else { return false } }
            // Every text that is compared is ASCII, so one byte outside ASCII can stand for any other character.
            sink.append(unit < 0x80 ? UInt8(truncatingIfNeeded: unit) : 0xFF)
        default: return false
        }
        return true
    }

    /// Refuses half a surrogate pair: it names no character.
    private mutating func takeLowSurrogate(after unit: UInt32) -> Bool {
        guard unit < 0xDC00, takeByte() == UInt8(ascii: "\\"), takeByte() == UInt8(ascii: "u"), let low = takeHex4()
        else { return false }
        return low & 0xFC00 == 0xDC00
    }

    private mutating func takeHex4() -> UInt32? {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = takeByte()?.hexDigitValue else { return nil }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    /// The rest of a character of two to four bytes (RFC 3629): no overlong form, no surrogate, none past U+10FFFF.
    private mutating func takeUTF8(after lead: UInt8, into sink: inout some JSONTextSink) -> Bool {
        let following: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch lead {
        case 0xC2...0xDF: following = 1
        case 0xE0: (following, second) = (2, 0xA0...0xBF)
        case 0xED: (following, second) = (2, 0x80...0x9F)
        case 0xE1...0xEF: following = 2
        case 0xF0: (following, second) = (3, 0x90...0xBF)
        case 0xF4: (following, second) = (3, 0x80...0x8F)
        case 0xF1...0xF3: following = 3
        default: return false
        }
        guard let byte = current, second.contains(byte) else { return false }
        sink.append(lead)
        for _ in 0..<following {
            guard let byte = takeByte(), byte & 0xC0 == 0x80 else { return false }
            sink.append(byte)
        }
        return true
    }

    private mutating func skipNumber() -> Bool {
        skipByte(UInt8(ascii: "-"))
        if !skipByte(UInt8(ascii: "0")) { guard skipDigits() else { return false } }
        if skipByte(UInt8(ascii: ".")) { guard skipDigits() else { return false } }
        if skipByte(UInt8(ascii: "e")) || skipByte(UInt8(ascii: "E")) {
            if !skipByte(UInt8(ascii: "+")) { skipByte(UInt8(ascii: "-")) }
            guard skipDigits() else { return false }
        }
        return true
    }

    private mutating func skipDigits() -> Bool {
        let start = position
        while current?.decimalDigitValue != nil { position &+= 1 }
        return position > start
    }

    @discardableResult
    private mutating func skipByte(_ byte: UInt8) -> Bool {
        guard current == byte else { return false }
        position &+= 1
        return true
    }

    private mutating func skipWord(_ word: ShortText) -> Bool {
        var found = ShortText()
        while found.count < word.count, let byte = takeByte() { found.append(byte) }
        return found == word
    }
}

/// Receives the bytes of a string.
protocol JSONTextSink {
    mutating func append(_ byte: UInt8)
}

extension ShortText: JSONTextSink {}

/// Drops the bytes of a string.
private struct Discard: JSONTextSink {
    mutating func append(_ byte: UInt8) {}
}

/// The kinds of the open containers, one bit each.
private struct NestingStack {
    private var isObject = InlineArray<16, UInt64>(repeating: 0)
    private var depth = 0

    /// Whether the innermost open container is an object; nil when none is open.
    var top: Bool? {
        guard depth > 0 else { return nil }
        let index = depth &- 1
        return isObject[index >> 6 & 15] >> UInt64(index & 63) & 1 == 1
    }

    /// False when `JSONReader.maxDepth` containers are open already.
    mutating func push(isObject object: Bool) -> Bool {
        guard depth < JSONReader.maxDepth else { return false }
        let bit: UInt64 = 1 << UInt64(depth & 63)
        let index = depth >> 6 & 15
        if object { isObject[index] |= bit } else { isObject[index] &= ~bit }
        depth &+= 1
        return true
    }

    mutating func pop() { depth &-= 1 }
}
