/// One entry of a journal (docs/journal.md, "Entries"): 32 bytes with a checksum, by which an entry that a power cut
/// has torn is recognised.
public enum JournalEntry: BitwiseCopyable, Sendable {
    public static let count = 32

    /// A code was accepted.
    case accepted(ReplaySlot)
    /// Codes were evicted; the latest of their times.
    case evicted(EvictionWatermark)

    /// Parses the entry at `offset`; nil when the bytes there are not an entry.
    public init?(_ bytes: Span<UInt8>, at offset: Int) {
        guard offset >= 0, bytes.count &- offset >= Self.count else { return nil }
        let entry = bytes.extracting(offset..<offset &+ Self.count)
        guard Self.word(entry, 28) == Checksum.crc32(entry.extracting(first: 28)) else { return nil }
        switch Self.word(entry, 0) {
        case Self.acceptedMark:
            let slot = ReplaySlot(
                high: UInt64(Self.word(entry, 4)) << 32 | UInt64(Self.word(entry, 8)),
                low: UInt64(Self.word(entry, 12)) << 32 | UInt64(Self.word(entry, 16)),
                generated: Self.word(entry, 20), lastSecond: Self.word(entry, 24))
            guard slot.isIdentity else { return nil }
            self = .accepted(slot)
        case Self.evictedMark:
            self = .evicted(
                EvictionWatermark(generated: Self.word(entry, 20), lastSecond: Self.word(entry, 24)))
        default: return nil
        }
    }

    /// The encoded entry.
    public var bytes: InlineArray<32, UInt8> {
        var bytes = InlineArray<32, UInt8>(repeating: 0)
        switch self {
        case .accepted(let slot):
            Self.put(Self.acceptedMark, 0, in: &bytes)
            Self.put(UInt32(truncatingIfNeeded: slot.high >> 32), 4, in: &bytes)
            Self.put(UInt32(truncatingIfNeeded: slot.high), 8, in: &bytes)
            Self.put(UInt32(truncatingIfNeeded: slot.low >> 32), 12, in: &bytes)
            Self.put(UInt32(truncatingIfNeeded: slot.low), 16, in: &bytes)
            Self.put(slot.generated, 20, in: &bytes)
            Self.put(slot.lastSecond, 24, in: &bytes)
        case .evicted(let times):
            Self.put(Self.evictedMark, 0, in: &bytes)
            Self.put(times.generated, 20, in: &bytes)
            Self.put(times.lastSecond, 24, in: &bytes)
        }
        Self.put(Checksum.crc32(bytes.span.extracting(first: 28)), 28, in: &bytes)
        return bytes
    }

    /// "PJ", the version of the format, and the kind: "A" or "F".
    private static var acceptedMark: UInt32 { 0x504A_0141 }
    private static var evictedMark: UInt32 { 0x504A_0146 }

    private static func word(_ bytes: Span<UInt8>, _ at: Int) -> UInt32 {
        var word: UInt32 = 0
        for index in 0..<4 { word = word << 8 | UInt32(bytes[at &+ index]) }
        return word
    }

    private static func put(_ word: UInt32, _ at: Int, in bytes: inout InlineArray<32, UInt8>) {
        for index in 0..<4 { bytes[at &+ index] = UInt8(truncatingIfNeeded: word >> UInt32(24 &- 8 &* index)) }
    }
}
