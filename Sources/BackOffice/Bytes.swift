import TransitCode

extension [UInt8] {
    /// A copy.
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

    /// Uppercase hex, as records have it.
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

    /// The bytes as one big-endian number; only the last eight count.
    var bigEndianValue: UInt64 { reduce(0) { $0 << 8 | UInt64($1) } }

    /// As text, when all of it is printable ASCII.
    public var printableText: String? {
        allSatisfy(\.isPrintableASCII) ? String(decoding: self, as: UTF8.self) : nil
    }
}

/// The lines of a text, without their ends (LF or CR LF) and the white space around them.
func lines(of text: [UInt8]) -> [ArraySlice<UInt8>] {
    text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
        let front = line.drop(while: isBlank)
        return front[front.startIndex..<(front.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? front.startIndex)]
    }
}
