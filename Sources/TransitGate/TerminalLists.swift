import TransitCode
import TransitCrypto

/// One issuer key in force.
public struct IssuerKey<Key: BitwiseCopyable>: BitwiseCopyable {
    fileprivate let id: UInt8
    fileprivate let encoded: InlineArray<33, UInt8>
    fileprivate let key: Key
}

/// Parses and searches the key list and the card type list of a terminal. The caller owns the storage.
public enum TerminalLists {
    /// The most keys that a list holds.
    public static var keyCapacity: Int { KeyListReader.maxCount }

    /// Parses a key list into `keys`, which has room for `keyCapacity`. Returns the number of keys, at least 1.
    ///
    /// Throws `.illegalParam` unless the whole text is a well-formed list (docs/rules.md, "JSON inputs"); `keys` then
    /// holds anything.
    public static func loadKeys<Backend: CryptoBackend>(
        from json: Span<UInt8>, into keys: inout MutableSpan<IssuerKey<Backend.IssuerKey>>, by backend: Backend.Type
    ) throws(PosError) -> Int {
        var reader = KeyListReader(json)
        var count = 0
        while let listed = try reader.next() {
            guard count < keys.count, let key = Backend.issuerKey(listed.publicKey.span) else { throw .illegalParam }
            for index in 0..<count where keys[index].id == listed.id {
                guard isSame(keys[index].encoded, listed.publicKey) else { throw .illegalParam }
            }
            keys[count] = IssuerKey(id: listed.id, encoded: listed.publicKey, key: key)
            count &+= 1
        }
        return count
    }

    /// The key with this id; nil when there is none.
    public static func key<Key>(_ id: UInt8, in keys: Span<IssuerKey<Key>>) -> Key? {
        for index in keys.indices where keys[index].id == id { return keys[index].key }
        return nil
    }

    /// An upper bound of the number of card types in a text: each takes more than eight bytes. Never 0. A shift, because
    /// ARM before version 7 divides in a library function, which can raise a signal.
    public static func cardTypeCapacity(of json: Span<UInt8>) -> Int { json.count >> 3 &+ 1 }

    /// Parses a card type list into `cardTypes`, which has room for `cardTypeCapacity(of: json)`. Returns the number of
    /// card types, at least 1.
    ///
    /// Throws `.illegalParam` unless the whole text is a well-formed list; `cardTypes` then holds anything.
    public static func loadCardTypes(
        from json: Span<UInt8>, into cardTypes: inout MutableSpan<CardType>
    ) throws(PosError) -> Int {
        var reader = CardTypeListReader(json)
        var count = 0
        while let cardType = try reader.next() {
            guard count < cardTypes.count else { throw .illegalParam }
            cardTypes[count] = cardType
            count &+= 1
        }
        return count
    }

    /// Whether a list has a card type. The plain code's type stands in a list as ANT00001.
    public static func supports(_ cardType: CardType, in cardTypes: Span<CardType>) -> Bool {
        for index in cardTypes.indices where cardTypes[index] == cardType.listed { return true }
        return false
    }

    private static func isSame(_ a: InlineArray<33, UInt8>, _ b: InlineArray<33, UInt8>) -> Bool {
        for index in a.indices where a[index] != b[index] { return false }
        return true
    }
}
