/// An ECDSA signature in strict DER (X.690): `SEQUENCE { r INTEGER, s INTEGER }`, and nothing else.
///
/// There is one encoding for each pair, and only that one is read: lengths in short form (a length that needs the long
/// form belongs to a number of more than 500 bits, which no curve here has), integers in the fewest bytes, none
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
        // Tag of a constructed SEQUENCE; a length in short form that takes up all that is there.
        guard count >= 2, bytes[0] == 0x30, bytes[1] < 0x80, Int(bytes[1]) == count &- 2 else { return nil }
        guard let first = DERSignature.integer(bytes, at: 2) else { return nil }
        guard let second = DERSignature.integer(bytes, at: first.end) else { return nil }
        // Nothing after s.
        guard second.end == count else { return nil }
        r = bytes.extracting(first.start..<first.end)
        s = bytes.extracting(second.start..<second.end)
    }

    /// The extent of the magnitude of the INTEGER whose tag is at `offset`, 0 <= start < end <= bytes.count.
    private static func integer(_ bytes: Span<UInt8>, at offset: Int) -> (start: Int, end: Int)? {
        // Tag and length.
        guard bytes.count &- offset >= 2, bytes[offset] == 0x02 else { return nil }
        let length = Int(bytes[offset &+ 1])
        let start = offset &+ 2
        // Not empty, in short form, and inside.
        guard length >= 1, length < 0x80, length <= bytes.count &- start else { return nil }
        // Not negative.
        guard bytes[start] < 0x80 else { return nil }
        if bytes[start] != 0 || length == 1 { return (start, start &+ length) }
        // A byte of zero in front only before a set top bit.
        guard bytes[start &+ 1] >= 0x80 else { return nil }
        return (start &+ 1, start &+ length)
    }
}
