/// The part of a code that the issuer signed. It is the same in every code that a rider's app makes (docs/format.md,
/// "Credential").
public struct Credential: ~Escapable {
    public static let userIDCount = 16
    public static let reservedCount = 12
    public static let publicKeyCount = 25

    /// The bytes that the issuer's signature covers.
    public let bytes: Span<UInt8>

    /// Sixteen printable ASCII characters.
    public let userID: Span<UInt8>
    /// The last second at which the credential is valid, in Unix seconds.
    public let expiry: UInt32
    /// How many seconds a code is valid before and after its generation time.
    public let window: UInt16
    /// The maximum fare of one trip, in cents.
    public let quotaCent: UInt16
    /// Any twelve bytes.
    public let reserved: Span<UInt8>
    /// A compressed point of secp192k1. Not checked to be on the curve.
    public let userPublicKey: Span<UInt8>
    public let cardType: CardType
    /// Printable ASCII characters. May be empty.
    public let cardNumber: Span<UInt8>
    /// Any bytes. May be empty.
    public let cardData: Span<UInt8>

    /// Throws `.malformedCode`.
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>) throws(PosError) {
        try self.init(bytes, at: 0, for: Unobserved())
    }

    /// As `init(_:)`, and reports each field to an observer. `offset` is the credential's place in its code.
    @_lifetime(copy bytes)
    public init(
        _ bytes: Span<UInt8>, at offset: Int, for observer: some FieldObserver<CodeField>
    ) throws(PosError) {
        var reader = ByteReader(bytes, at: offset, for: observer)
        guard
            let userID = reader.take(Self.userIDCount, as: .userID, .text),
            let expiry = reader.takeUInt32(as: .expiry),
            let window = reader.takeUInt16(as: .window),
            let quotaCent = reader.takeUInt16(as: .quotaCent),
            let reserved = reader.take(Self.reservedCount, as: .reserved),
            let userPublicKey = reader.take(Self.publicKeyCount, as: .userPublicKey),
            let cardTypeField = reader.take(CardType.count, as: .cardType, .cardType),
            let cardType = CardType(cardTypeField),
            let cardNumber = reader.takeCounted(.cardNumberCount, as: .cardNumber, .text),
            let cardData = reader.takeCounted(.cardDataCount, as: .cardData),
            reader.ends(after: .cardData)
        else { throw .malformedCode }
        self.bytes = bytes
        self.userID = userID
        self.expiry = expiry
        self.window = window
        self.quotaCent = quotaCent
        self.reserved = reserved
        self.userPublicKey = userPublicKey
        self.cardType = cardType
        self.cardNumber = cardNumber
        self.cardData = cardData
    }
}
