import TransitCode
import TransitCrypto

/// One issuer key in force.
public struct IssuerKey<Key: BitwiseCopyable>: BitwiseCopyable {
    fileprivate let id: UInt8
    fileprivate let encoded: InlineArray<33, UInt8>
    fileprivate let key: Key
}

/// The key list and the card type list of a terminal, over storage that their owner keeps.
public enum TerminalLists {
    /// How many keys a list holds; throws unless the whole text is well formed and holds 1 to 256.
    public static func countKeys(in json: Span<UInt8>) throws(PosError) -> Int {
        var reader = KeyListReader(json)
        var count = 0
        while try reader.next() != nil { count &+= 1 }
        guard count <= KeyListReader.maxCount else { throw .illegalParam }
        return count
    }

    /// Fills `keys`, which is as long as `countKeys` said.
    public static func loadKeys<Backend: CryptoBackend>(
        from json: Span<UInt8>, into keys: inout MutableSpan<IssuerKey<Backend.IssuerKey>>, by backend: Backend.Type
    ) throws(PosError) {
        var reader = KeyListReader(json)
        var count = 0
        while let listed = try reader.next(), count < keys.count {
            guard let key = Backend.issuerKey(listed.publicKey.span) else { throw .illegalParam }
            for index in 0..<count where keys[index].id == listed.id {
                guard isSame(keys[index].encoded, listed.publicKey) else { throw .illegalParam }
            }
            keys[count] = IssuerKey(id: listed.id, encoded: listed.publicKey, key: key)
            count &+= 1
        }
        // Fewer than were counted: the caller has changed the text in between.
        guard count == keys.count else { throw .illegalParam }
    }

    public static func key<Key>(_ id: UInt8, in keys: Span<IssuerKey<Key>>) -> Key? {
        for index in keys.indices where keys[index].id == id { return keys[index].key }
        return nil
    }

    /// How many card types a list holds; throws unless the whole text is well formed and holds at least one.
    public static func countCardTypes(in json: Span<UInt8>) throws(PosError) -> Int {
        var reader = CardTypeListReader(json)
        var count = 0
        while try reader.next() != nil { count &+= 1 }
        return count
    }

    /// Fills `cardTypes`, which is as long as `countCardTypes` said.
    public static func loadCardTypes(
        from json: Span<UInt8>, into cardTypes: inout MutableSpan<CardType>
    ) throws(PosError) {
        var reader = CardTypeListReader(json)
        var count = 0
        while let cardType = try reader.next(), count < cardTypes.count {
            cardTypes[count] = cardType
            count &+= 1
        }
        guard count == cardTypes.count else { throw .illegalParam }
    }

    public static func supports(_ cardType: CardType, in cardTypes: Span<CardType>) -> Bool {
        for index in cardTypes.indices where cardTypes[index] == cardType.listed { return true }
        return false
    }

    private static func isSame(_ a: InlineArray<33, UInt8>, _ b: InlineArray<33, UInt8>) -> Bool {
        for index in a.indices where a[index] != b[index] { return false }
        return true
    }
}
