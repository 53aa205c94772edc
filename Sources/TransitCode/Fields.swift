// The fields by name, and how a parser reports them. The gate parses without an observer; tools that explain a code
// pass one.

/// The fields of a code in their order. `...Count` is the length byte before a field.
public enum CodeField: UInt8, CaseIterable, Sendable {
    case protocolVersion, algorithm, issuerKeyID, credentialCount
    case userID, expiry, window, quotaCent, reserved, userPublicKey, cardType
    case cardNumberCount, cardNumber, cardDataCount, cardData
    case issuerSignatureCount, issuerSignature, generatedCount, generated, userSignatureCount, userSignature

    /// Whether the issuer's signature covers it.
    public var isInCredential: Bool { rawValue >= Self.userID.rawValue && rawValue <= Self.cardData.rawValue }

    /// The field's size in bytes; nil when a length byte says it.
    public var fixedCount: Int? {
        switch self {
        case .protocolVersion, .algorithm, .issuerKeyID: 1
        case .credentialCount, .cardNumberCount, .cardDataCount: 1
        case .issuerSignatureCount, .generatedCount, .userSignatureCount: 1
        case .userID: Credential.userIDCount
        case .expiry, .generated: 4
        case .window, .quotaCent: 2
        case .reserved: Credential.reservedCount
        case .userPublicKey: Credential.publicKeyCount
        case .cardType: CardType.count
        case .cardNumber, .cardData, .issuerSignature, .userSignature: nil
        }
    }
}

/// The fields of a record in their order. `...Count` is the two-byte length before a field.
public enum RecordField: UInt8, CaseIterable, Sendable {
    case head, codeCount, code, posParamCount, posParam, amountCount, amount, acceptedAtCount, acceptedAt
    case versionCount, version, keyIDCount, keyID, macCount, mac
}

/// The fault at which a parser stops.
public enum FieldFault: Equatable, Sendable {
    /// The field needs more bytes than are left around it.
    case tooShort(needed: Int, left: Int)
    /// The byte at this offset must be printable ASCII and is not.
    case notPrintable(offset: Int)
    /// The field must hold this number.
    case mustBe(UInt16)
    /// This many bytes follow the end of the credential, the code or the record.
    case leftOver(Int)
}

/// Receives what a parser finds, in order.
public protocol FieldObserver<Field> {
    associatedtype Field

    func takes(_ field: Field, at offset: Int, count: Int)

    /// Called at most once, last.
    func stops(at field: Field, offset: Int, _ fault: FieldFault)
}

/// No observer. The reports compile to nothing.
public struct Unobserved<Field>: FieldObserver {
    public init() {}

    public func takes(_ field: Field, at offset: Int, count: Int) {}

    public func stops(at field: Field, offset: Int, _ fault: FieldFault) {}
}
