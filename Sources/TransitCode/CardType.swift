/// A card type: eight characters, or eight NULs for the plain transit code (docs/format.md, "Credential").
public struct CardType: Equatable, BitwiseCopyable, Sendable {
    /// The eight bytes, the first one highest.
    public let bits: UInt64

    public static let count = 8

    /// Eight NULs, which the plain transit code carries.
    public static let plain = CardType(bits: 0)

    /// "ANT00001", which stands for the plain transit code in a terminal's list.
    public static let ant00001 = CardType(bits: 0x414E_5430_3030_3031)

    private init(bits: UInt64) {
        self.bits = bits
    }

    /// Eight printable ASCII characters, or eight NULs; nil for anything else.
    public init?(_ bytes: Span<UInt8>) {
        var text = ShortText()
        for index in bytes.indices { text.append(bytes[index]) }
        self.init(text)
    }

    init?(_ text: ShortText) {
        guard text.count == Self.count else { return nil }
        bits = UInt64(truncatingIfNeeded: text.bits)
        guard bits != 0 else { return }
        for index in 0..<Self.count {
            guard self[index].isPrintableASCII else { return nil }
        }
    }

    /// The type that stands for this one in a terminal's list.
    public var listed: CardType { self == .plain ? .ant00001 : self }

    /// The number of characters that a caller gets: none for the plain code.
    public var textCount: Int { self == .plain ? 0 : Self.count }

    /// One of the eight bytes.
    public subscript(index: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: bits >> (56 &- 8 &* index))
    }
}
