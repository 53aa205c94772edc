import TransitCode

// #expect cannot capture spans, so tests use arrays and thrown errors.

extension Array where Element == UInt8 {
    /// `text` in UTF-8.
    public init(text: String) { self = Array(text.utf8) }

    /// Reads hex digits of either case. Their number is even.
    public init(hex: String) {
        let digits = hex.compactMap(\.hexDigitValue)
        precondition(digits.count == hex.count && digits.count % 2 == 0, "not hex: \(hex)")
        self = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    public init(_ span: Span<UInt8>) { self = span.indices.map { span[$0] } }

    public init<let size: Int>(_ inline: InlineArray<size, UInt8>) { self = (0..<size).map { inline[$0] } }

    /// The low `count` bytes of a number, big-endian.
    public init(_ value: Int, count: Int) {
        self = (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    /// A copy with one byte changed.
    public func setting(_ index: Int, to byte: UInt8) -> [UInt8] {
        var copy = self
        copy[index] = byte
        return copy
    }
}

/// Needed because `Optional.map` does not take spans.
public func copy(of span: Span<UInt8>?) -> [UInt8]? {
    if let span { return [UInt8](span) }
    return nil
}

/// The error that `body` threw; nil when it returned.
public func refusal(_ body: () throws(PosError) -> Void) -> PosError? {
    do throws(PosError) {
        try body()
        return nil
    } catch {
        return error
    }
}
