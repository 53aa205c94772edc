/// An ECDSA signature in strict DER (X.690): `SEQUENCE { r INTEGER, s INTEGER }`, and nothing else.
///
/// There is one encoding for each pair, and only that one is read: lengths in short form (a length that needs the
/// long form belongs to a number of more than 500 bits, which no curve here has), integers in the fewest bytes, none
/// negative, nothing left over in the sequence or behind it. Whether the numbers are in range is the caller's affair.
public struct DERSignature: ~Escapable {
    /// r, big-endian, without the byte of zero that DER puts before a set top bit. Zero is one byte of 00.
    public let r: Span<UInt8>
    /// s, in the same form.
    public let s: Span<UInt8>

    /// Nil unless all of `bytes` is one signature.
    @_lifetime(copy bytes)
    public init?(_ bytes: Span<UInt8>) {
        let count = bytes.count
        // Room for two integers of a byte. Tag of a constructed SEQUENCE; a length in short form that takes up all that
        // is there. Unchecked: count >= 2.
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

    /// Where the magnitude of the INTEGER is whose tag is at `offset`, for 0 <= offset <= bytes.count: a range inside
    /// of `bytes` that is not empty.
    private static func integer(_ bytes: Span<UInt8>, at offset: Int) -> Range<Int>? {
        // Tag, length and a byte. Unchecked: three bytes are left.
        guard bytes.count &- offset >= 3, bytes[unchecked: offset] == 0x02 else { return nil }
        let length = Int(bytes[unchecked: offset &+ 1])
        let start = offset &+ 2
        // Not empty, and inside, so that it is in short form as the whole is. From here on start..<end is in bounds.
        guard length >= 1, length <= bytes.count &- start else { return nil }
        let end = start &+ length
        // Not negative.
        let head = bytes[unchecked: start]
        guard head < 0x80 else { return nil }
        if head != 0 || length == 1 { return Range(uncheckedBounds: (start, end)) }
        // A byte of zero in front only before a set top bit. Unchecked: length >= 2.
        guard bytes[unchecked: start &+ 1] >= 0x80 else { return nil }
        return Range(uncheckedBounds: (start &+ 1, end))
    }
}
