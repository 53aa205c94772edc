/// An ECDSA signature in strict DER (X.690): `SEQUENCE { r INTEGER, s INTEGER }`, and nothing else.
///
/// Only the one DER encoding of a pair is accepted: lengths in short form (a length in long form means a number of more
/// than 500 bits, which no curve here has), integers in the fewest bytes, not negative, no bytes left over in the
/// sequence or behind it. The caller checks the range of the numbers.
public struct DERSignature: ~Escapable {
    /// r, big-endian, without the zero byte that DER puts before a set top bit. Zero is one byte of 00.
    public let r: Span<UInt8>
    /// s, in the same form.
    public let s: Span<UInt8>

    /// Nil unless `bytes` is exactly one signature.
    @_lifetime(copy bytes)
    public init?(_ bytes: Span<UInt8>) {
        let count = bytes.count
        // At least two integers of one byte. The tag of a constructed SEQUENCE; a length in short form that covers all
        // that follows. Unchecked: count >= 2.
        guard count >= 8, bytes[unchecked: 0] == 0x30 else { return nil }
        guard bytes[unchecked: 1] < 0x80, Int(bytes[unchecked: 1]) == count &- 2 else { return nil }
        guard let first = DERSignature.integer(bytes, at: 2) else { return nil }
        guard let second = DERSignature.integer(bytes, at: first.upperBound) else { return nil }
        // Nothing after s.
        guard second.upperBound == count else { return nil }
        // Unchecked: `integer` gives ranges inside of bytes.
        r = bytes.extracting(unchecked: first)
        s = bytes.extracting(unchecked: second)
    }

    /// The range of the magnitude of the INTEGER whose tag is at `offset`, for 0 <= offset <= bytes.count. The range is
    /// inside `bytes` and not empty.
    private static func integer(_ bytes: Span<UInt8>, at offset: Int) -> Range<Int>? {
        // Tag, length and a byte. Unchecked: three bytes are left.
        guard bytes.count &- offset >= 3, bytes[unchecked: offset] == 0x02 else { return nil }
        let length = Int(bytes[unchecked: offset &+ 1])
        let start = offset &+ 2
        // Not empty and inside the sequence, which implies the short form. From here on start..<end is in bounds.
        guard length >= 1, length <= bytes.count &- start else { return nil }
        let end = start &+ length
        // Not negative.
        let head = bytes[unchecked: start]
        guard head < 0x80 else { return nil }
        if head != 0 || length == 1 { return Range(uncheckedBounds: (start, end)) }
        // A leading zero byte only before a set top bit. Unchecked: length >= 2.
        guard bytes[unchecked: start &+ 1] >= 0x80 else { return nil }
        return Range(uncheckedBounds: (start &+ 1, end))
    }
}
