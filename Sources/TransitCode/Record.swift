/// The offline record: what a gate hands to the operator's back office (docs/format.md, "The record").
public struct Record: ~Escapable {
    /// The top nibble of the first byte.
    public static let formatNibble: UInt16 = 3
    public static let keyIDCount = 4
    public static let macCount = 32

    /// All of it, binary.
    public let bytes: Span<UInt8>

    /// The code as it was scanned.
    public let code: Span<UInt8>
    /// The terminal's JSON text as it was given.
    public let posParam: Span<UInt8>
    public let amountCent: UInt32
    /// When the gate accepted the code.
    public let acceptedAt: UInt32
    /// The version of the library that wrote the record, ASCII.
    public let version: Span<UInt8>
    /// The first four bytes of SHA-256 over the record key.
    public let keyID: Span<UInt8>
    /// HMAC-SHA-256 under the record key over `authenticated`.
    public let mac: Span<UInt8>
    /// Every byte before the MAC's length.
    public let authenticated: Span<UInt8>

    /// Takes a record apart; nil when its shape is wrong. Neither the code inside nor the MAC is checked.
    @_lifetime(copy bytes)
    public init?(_ bytes: Span<UInt8>) {
        var reader = ByteReader(bytes)
        guard
            let head = reader.takeUInt16(), head >> 12 == Self.formatNibble, Int(head & 0xFFF) == bytes.count &- 2,
            let codeCount = reader.takeUInt16(), let code = reader.take(Int(codeCount)),
            let posParamCount = reader.takeUInt16(), let posParam = reader.take(Int(posParamCount)),
            reader.takeUInt16() == 4, let amountCent = reader.takeUInt32(),
            reader.takeUInt16() == 4, let acceptedAt = reader.takeUInt32(),
            let versionCount = reader.takeUInt16(), let version = reader.take(Int(versionCount)),
            version.isPrintableASCII,
            reader.takeUInt16() == UInt16(Self.keyIDCount), let keyID = reader.take(Self.keyIDCount)
        else { return nil }
        let authenticatedCount = reader.offset
        guard reader.takeUInt16() == UInt16(Self.macCount), let mac = reader.take(Self.macCount), reader.isAtEnd
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
