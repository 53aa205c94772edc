/// Bytes that arrive as hex digits of either case.
public struct HexText<let capacity: Int> {
    /// Complete bytes, then zeros.
    public private(set) var bytes = InlineArray<capacity, UInt8>(repeating: 0)
    private var digits: UInt = 0
    private var isWellFormed = true

    public init() {}

    /// Anything but a hex digit, and any digit past the capacity, spoils the text.
    public mutating func append(_ byte: UInt8) {
        guard digits < 2 &* UInt(capacity), let digit = byte.hexDigitValue else { return isWellFormed = false }
        let index = Int(digits >> 1)
        bytes[index] = bytes[index] << 4 | digit
        digits &+= 1
    }

    /// How many bytes have been spelt out; nil when the text is not hex, too long, or ends within a byte.
    public var count: Int? { isWellFormed && digits & 1 == 0 ? Int(digits >> 1) : nil }

    /// Whether the text spelt exactly `capacity` bytes.
    public var isComplete: Bool { count == capacity }
}
