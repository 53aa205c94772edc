import TransitCode

extension [UInt8] {
    /// Copies the bytes of a span.
    public init(_ span: Span<UInt8>) {
        self.init()
        reserveCapacity(span.count)
        for index in span.indices { append(span[index]) }
    }

    /// Reads hex digits of either case; nil for any other character or an odd number of digits.
    public init?(hex: some Collection<UInt8>) {
        guard hex.count.isMultiple(of: 2) else { return nil }
        self.init()
        reserveCapacity(hex.count / 2)
        var high: UInt8?
        for digit in hex {
            guard let value = digit.hexDigitValue else { return nil }
            if let first = high {
                append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
    }

    /// Reads hex digits of either case.
    public init?(hex: String) { self.init(hex: Array(hex.utf8)) }

    /// Uppercase hex, the form that records use.
    public var hex: String {
        var digits: [UInt8] = []
        digits.reserveCapacity(2 * count)
        for byte in self {
            digits.append(UInt8(hexDigit: byte >> 4))
            digits.append(UInt8(hexDigit: byte & 15))
        }
        return String(decoding: digits, as: UTF8.self)
    }

    mutating func append(bigEndian value: UInt16) {
        append(UInt8(value >> 8))
        append(UInt8(value & 0xFF))
    }

    mutating func append(bigEndian value: UInt32) {
        append(bigEndian: UInt16(value >> 16))
        append(bigEndian: UInt16(value & 0xFFFF))
    }

    /// The last eight bytes as a big-endian number. Earlier bytes are ignored.
    var bigEndianValue: UInt64 { reduce(0) { $0 << 8 | UInt64($1) } }

    /// The bytes as text; nil unless all of them are printable ASCII.
    public var printableText: String? {
        allSatisfy(\.isPrintableASCII) ? String(decoding: self, as: UTF8.self) : nil
    }
}

/// Splits a text into lines. Removes the line ends (LF or CR LF) and the white space around each line.
func lines(of text: [UInt8]) -> [ArraySlice<UInt8>] {
    text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
        let front = line.drop(while: isBlank)
        return front[front.startIndex..<(front.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? front.startIndex)]
    }
}
