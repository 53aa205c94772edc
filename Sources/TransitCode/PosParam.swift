/// The terminal's JSON text about itself and the trip (docs/rules.md, "JSON inputs").
public enum PosParam {
    /// The longest text, in bytes.
    public static let maxCount = 1024

    /// The kind of trip of a record.
    public enum Trip: Sendable {
        /// A ride paid at one gate.
        case single
        /// A metro entry.
        case entry
        /// A metro exit.
        case exit
    }

    /// Checks the text and returns its trip type. Throws `.posParam`.
    @discardableResult
    public static func check(_ text: Span<UInt8>) throws(PosError) -> Trip {
        guard text.count <= maxCount, let trip = trip(in: text) else { throw .posParam }
        return trip
    }

    private static func trip(in text: Span<UInt8>) -> Trip? {
        var json = JSONReader(text)
        guard json.take(JSONReader.beginObject) else { return nil }
        var (posID, type, subject, recordID): (ShortText?, ShortText?, ShortText?, ShortText?)
        repeat {
            guard let name = json.takeName() else { return nil }
            let isTaken =
                switch name {
                case ShortText("pos_id"): take(from: &json, into: &posID)
                case ShortText("type"): take(from: &json, into: &type)
                case ShortText("subject"): take(from: &json, into: &subject)
                case ShortText("record_id"): take(from: &json, into: &recordID)
                default: json.skipValue()
                }
            guard isTaken else { return nil }
        } while json.take(JSONReader.comma)
        guard json.take(JSONReader.endObject), json.isAtEnd(), posID != nil, subject != nil, recordID != nil else {
            return nil
        }
        switch type {
        case ShortText("SINGLE"): return .single
        case ShortText("IN"): return .entry
        case ShortText("OUT"): return .exit
        default: return nil
        }
    }

    /// A non-empty string for a member that has not been seen yet. A duplicate member is ambiguous.
    private static func take(from json: inout JSONReader, into member: inout ShortText?) -> Bool {
        var value = ShortText()
        guard member == nil, json.takeString(into: &value), value.count > 0 else { return false }
        member = value
        return true
    }
}
