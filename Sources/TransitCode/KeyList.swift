/// One entry of a key list.
public struct ListedKey: Sendable {
    public static let publicKeyCount = 33

    public let id: UInt8
    /// A compressed point. Not checked to be on the curve.
    public let publicKey: InlineArray<33, UInt8>
}

/// Reads the JSON text of a key list, one key at a time (docs/rules.md, "JSON inputs"). The text is well formed only
/// when `next()` has returned nil.
public struct KeyListReader: ~Escapable {
    /// The most keys that a list may hold. The reader does not count.
    public static let maxCount = 256

    private var list: JSONArrayReader

    @_lifetime(copy json)
    public init(_ json: Span<UInt8>) {
        list = JSONArrayReader(json)
    }

    /// The next key; nil after the last one. Throws `.illegalParam` when the text is malformed.
    public mutating func next() throws(PosError) -> ListedKey? {
        guard try list.advance() else { return nil }
        guard let key = Self.takeKey(from: &list.json) else { throw .illegalParam }
        return key
    }

    private static func takeKey(from json: inout JSONReader) -> ListedKey? {
        guard json.take(JSONReader.beginObject), !json.take(JSONReader.endObject) else { return nil }
        var id: UInt8?
        var publicKey: HexText<33>?
        repeat {
            guard let name = json.takeName() else { return nil }
            switch name {
            case ShortText("key_id"):
                // A duplicate member is ambiguous: another parser may use the other one.
                guard id == nil, let value = json.takeUInt8() else { return nil }
                id = value
            case ShortText("public_key"):
                var text = HexText<33>()
                guard publicKey == nil, json.takeString(into: &text), text.isComplete else { return nil }
                publicKey = text
            default:
                guard json.skipValue() else { return nil }
            }
        } while json.take(JSONReader.comma)
        guard json.take(JSONReader.endObject), let id, let publicKey else { return nil }
        return ListedKey(id: id, publicKey: publicKey.bytes)
    }
}

extension HexText: JSONTextSink {}

/// Iterates over the elements of a JSON array that is the whole text. An empty array is malformed.
struct JSONArrayReader: ~Escapable {
    var json: JSONReader
    private var isFirst = true

    @_lifetime(copy text)
    init(_ text: Span<UInt8>) {
        json = JSONReader(text)
    }

    /// Whether an element comes next. The caller then takes it from `json`.
    mutating func advance() throws(PosError) -> Bool {
        if isFirst {
            isFirst = false
            guard json.take(JSONReader.beginArray) else { throw .illegalParam }
            return true
        }
        if json.take(JSONReader.comma) { return true }
        guard json.take(JSONReader.endArray), json.isAtEnd() else { throw .illegalParam }
        return false
    }
}
