/// Reads the JSON text of a card type list, one type at a time (docs/rules.md, "JSON inputs"). The text is well formed
/// only when `next()` has returned nil.
public struct CardTypeListReader: ~Escapable {
    private var list: JSONArrayReader

    @_lifetime(copy json)
    public init(_ json: Span<UInt8>) {
        list = JSONArrayReader(json)
    }

    /// The next card type; nil after the last one. Throws `.illegalParam` when the text is malformed.
    public mutating func next() throws(PosError) -> CardType? {
        guard try list.advance() else { return nil }
        var text = ShortText()
        guard list.json.takeString(into: &text), let cardType = CardType(text), cardType != .plain
        else { throw .illegalParam }
        return cardType
    }
}
