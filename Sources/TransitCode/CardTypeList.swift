/// Reads the JSON text of a card type list, one type after the other (docs/rules.md, "JSON inputs"). A text is well
/// formed only when `next()` has returned nil.
public struct CardTypeListReader: ~Escapable {
    private var list: JSONArrayReader

    @_lifetime(copy json)
    public init(_ json: Span<UInt8>) {
        list = JSONArrayReader(json)
    }

    /// The next card type; nil after the last one.
    public mutating func next() throws(PosError) -> CardType? {
        guard try list.advance() else { return nil }
        var text = EightCharacters()
        guard list.json.takeString(into: &text), text.count == CardType.count,
            let cardType = CardType(text.bytes.span), cardType != .plain
        else { throw .illegalParam }
        return cardType
    }
}

/// The first eight bytes of a string, and how many it had.
private struct EightCharacters: JSONTextSink {
    var bytes = InlineArray<8, UInt8>(repeating: 0)
    var count = 0

    mutating func append(_ byte: UInt8) {
        if count < CardType.count { bytes[count] = byte }
        count &+= 1
    }
}
