/// Up to sixteen bytes of text as one number and a count, so that names compare without strings. The first byte is the
/// highest.
struct ShortText: Equatable {
    private(set) var bits: UInt128 = 0
    private(set) var count = 0

    static let capacity = 16

    init() {}

    /// `text` has at most sixteen bytes: the callers are constants of this module.
    init(_ text: StaticString) {
        self = text.withUTF8Buffer { bytes in
            var word = ShortText()
            for byte in bytes { word.append(byte) }
            return word
        }
    }

    /// Counts past the capacity too, so that a longer text never equals a shorter one.
    mutating func append(_ byte: UInt8) {
        if count < Self.capacity { bits = bits << 8 | UInt128(byte) }
        count &+= 1
    }
}

extension UInt8 {
    /// Space to tilde.
    public var isPrintableASCII: Bool { self >= 0x20 && self <= 0x7E }

    /// The value of a decimal digit.
    var decimalDigitValue: UInt8? { self >= 0x30 && self <= 0x39 ? self &- 0x30 : nil }

    /// The value of a hex digit of either case.
    public var hexDigitValue: UInt8? {
        switch self {
        case 0x30...0x39: self &- 0x30
        case 0x41...0x46: self &- 0x41 &+ 10
        case 0x61...0x66: self &- 0x61 &+ 10
        default: nil
        }
    }

    /// The uppercase hex digit for a value below 16. The only place that writes hex digits.
    @inline(__always)
    public init(hexDigit value: UInt8) { self = value < 10 ? 0x30 &+ value : 0x41 &- 10 &+ value }
}

extension Span where Element == UInt8 {
    public var isPrintableASCII: Bool {
        for index in indices where !self[index].isPrintableASCII { return false }
        return true
    }
}
