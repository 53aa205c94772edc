/// One issuer key as a key list holds it.
public struct ListedKey: Sendable {
    public static let publicKeyCount = 33

    public let id: UInt8
    /// A compressed point, not yet checked to be one.
    public let publicKey: InlineArray<33, UInt8>
}

/// Reads the JSON text of a key list, one key after the other (docs/rules.md, "JSON inputs"). A text is well formed
/// only when `next()` has returned nil.
public struct KeyListReader: ~Escapable {
    public static let maxCount = 256

    private var list: JSONArrayReader

    @_lifetime(copy json)
    public init(_ json: Span<UInt8>) {
        list = JSONArrayReader(json)
    }

    /// The next key; nil after the last one.
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
                // A member that stands twice is ambiguous, and another reader may take the other one.
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

/// Goes through the elements of a JSON array that is a whole text, and insists on at least one.
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
