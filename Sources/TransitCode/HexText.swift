/// Decodes hex digits of either case, one after the other, into at most `capacity` bytes.
public struct HexText<let capacity: Int>: BitwiseCopyable {
    /// The decoded bytes, then zeros.
    public private(set) var bytes = InlineArray<capacity, UInt8>(repeating: 0)
    private var digits: UInt = 0
    private var isWellFormed = true

    public init() {}

    /// Adds a digit. Anything but a hex digit, and any digit past the capacity, makes the text malformed.
    public mutating func append(_ byte: UInt8) {
        guard digits < 2 &* UInt(capacity), let digit = byte.hexDigitValue else { return isWellFormed = false }
        let index = Int(digits >> 1)
        bytes[index] = bytes[index] << 4 | digit
        digits &+= 1
    }

    /// Adds digits.
    public mutating func append(_ digits: Span<UInt8>) {
        for index in digits.indices { append(digits[index]) }
    }

    /// The number of bytes; nil when the text is malformed or has an odd number of digits.
    public var count: Int? { isWellFormed && digits & 1 == 0 ? Int(digits >> 1) : nil }

    /// Whether the text has exactly `capacity` bytes.
    public var isComplete: Bool { count == capacity }
}
