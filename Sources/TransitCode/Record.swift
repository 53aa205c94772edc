/// A parsed offline record, which a gate sends to the operator's back office (docs/format.md, "The record").
public struct Record: ~Escapable {
    /// The top nibble of the first byte.
    public static let formatNibble: UInt16 = 3
    public static let keyIDCount = 4
    public static let macCount = 32

    /// The whole record, binary.
    public let bytes: Span<UInt8>

    /// The code as it was scanned.
    public let code: Span<UInt8>
    /// The terminal's JSON text, unchanged.
    public let posParam: Span<UInt8>
    /// The fare in cents.
    public let amountCent: UInt32
    /// When the gate accepted the code, in Unix seconds.
    public let acceptedAt: UInt32
    /// The version of the library that wrote the record, ASCII.
    public let version: Span<UInt8>
    /// The first four bytes of SHA-256 over the record key.
    public let keyID: Span<UInt8>
    /// HMAC-SHA-256 under the record key over `authenticated`.
    public let mac: Span<UInt8>
    /// Every byte before the MAC's length.
    public let authenticated: Span<UInt8>

    /// Parses a record; nil when it is malformed. Checks neither the code inside nor the MAC.
    @_lifetime(copy bytes)
    public init?(_ bytes: Span<UInt8>) {
        self.init(bytes, for: Unobserved())
    }

    /// As `init(_:)`, and reports each field to an observer. A wrong head is not reported. Its length is compared last,
    /// so that for a truncated record the truncated field is reported.
    @_lifetime(copy bytes)
    public init?(_ bytes: Span<UInt8>, for observer: some FieldObserver<RecordField>) {
        var reader = ByteReader(bytes, for: observer)
        guard
            let head = reader.takeUInt16(as: .head), head >> 12 == Self.formatNibble,
            let codeCount = reader.takeUInt16(as: .codeCount),
            let code = reader.take(Int(codeCount), as: .code),
            let posParamCount = reader.takeUInt16(as: .posParamCount),
            let posParam = reader.take(Int(posParamCount), as: .posParam),
            reader.take(2, as: .amountCount, .number(4)) != nil,
            let amountCent = reader.takeUInt32(as: .amount),
            reader.take(2, as: .acceptedAtCount, .number(4)) != nil,
            let acceptedAt = reader.takeUInt32(as: .acceptedAt),
            let versionCount = reader.takeUInt16(as: .versionCount),
            let version = reader.take(Int(versionCount), as: .version, .text),
            reader.take(2, as: .keyIDCount, .number(UInt16(Self.keyIDCount))) != nil,
            let keyID = reader.take(Self.keyIDCount, as: .keyID)
        else { return nil }
        let authenticatedCount = reader.offset
        guard
            reader.take(2, as: .macCount, .number(UInt16(Self.macCount))) != nil,
            let mac = reader.take(Self.macCount, as: .mac),
            reader.ends(after: .mac),
            Int(head & 0xFFF) == bytes.count &- 2
        else { return nil }
        self.bytes = bytes
        self.code = code
        self.posParam = posParam
        self.amountCent = amountCent
        self.acceptedAt = acceptedAt
        self.version = version
        self.keyID = keyID
        self.mac = mac
        self.authenticated = bytes.extracting(first: authenticatedCount)
    }
}
