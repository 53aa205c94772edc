import TransitCode
import TransitGate

/// The key list and the card type list of a successful init_pos_verify; empty before the first.
struct IssuerLists: ~Copyable {
    private var keys = HeapBuffer<IssuerKey<Backend.IssuerKey>>()
    private var keyCount = 0
    private var cardTypes = HeapBuffer<CardType>()
    private var cardTypeCount = 0

    var isEmpty: Bool { keyCount == 0 }

    /// Parses both texts into empty lists. Throws `.illegalParam` when one of them is not a well-formed list, and
    /// `.outOfMemory`.
    mutating func load(keyList: Span<UInt8>, cardTypeList: Span<UInt8>) throws(PosError) {
        keys = try Self.buffer(count: TerminalLists.keyCapacity)
        var keySpan = keys.mutableSpan
        keyCount = try TerminalLists.loadKeys(from: keyList, into: &keySpan, by: Backend.self)

        cardTypes = try Self.buffer(count: TerminalLists.cardTypeCapacity(of: cardTypeList))
        var cardTypeSpan = cardTypes.mutableSpan
        cardTypeCount = try TerminalLists.loadCardTypes(from: cardTypeList, into: &cardTypeSpan)
    }

    /// The key with this id; nil when there is none.
    func key(_ id: UInt8) -> Backend.IssuerKey? {
        TerminalLists.key(id, in: keys.span.extracting(first: keyCount))
    }

    func supports(_ cardType: CardType) -> Bool {
        TerminalLists.supports(cardType, in: cardTypes.span.extracting(first: cardTypeCount))
    }

    private static func buffer<Element: BitwiseCopyable>(count: Int) throws(PosError) -> HeapBuffer<Element> {
        guard let buffer = HeapBuffer<Element>(count: count) else { throw .outOfMemory }
        return buffer
    }
}
