// The fields by name, and how a parser reports them: the gate reads unobserved, tools that explain look on.

/// The fields of a code in the order in which they stand. `...Count` is the byte that announces a length.
public enum CodeField: UInt8, CaseIterable, Sendable {
    case protocolVersion, algorithm, issuerKeyID, credentialCount
    case userID, expiry, window, quotaCent, reserved, userPublicKey, cardType
    case cardNumberCount, cardNumber, cardDataCount, cardData
    case issuerSignatureCount, issuerSignature, generatedCount, generated, userSignatureCount, userSignature

    /// Whether the issuer signs it.
    public var isInCredential: Bool { rawValue >= Self.userID.rawValue && rawValue <= Self.cardData.rawValue }

    /// How many bytes the field has; nil for one that is as long as the byte before it says.
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

/// The fields of a record in the order in which they stand. `...Count` is the two-byte length.
public enum RecordField: UInt8, CaseIterable, Sendable {
    case head, codeCount, code, posParamCount, posParam, amountCount, amount, acceptedAtCount, acceptedAt
    case versionCount, version, keyIDCount, keyID, macCount, mac
}

/// What is wrong at the place where a parser stops.
public enum FieldFault: Equatable, Sendable {
    /// The field needs more bytes than are left around it.
    case tooShort(needed: Int, left: Int)
    /// The byte at this offset is not printable ASCII, and has to be.
    case notPrintable(offset: Int)
    /// The field has to hold this number.
    case mustBe(UInt16)
    /// This many bytes stand where the credential, the code or the record ends.
    case leftOver(Int)
}

/// Is told what a parser finds, as it finds it.
public protocol FieldObserver<Field> {
    associatedtype Field

    func takes(_ field: Field, at offset: Int, count: Int)

    /// The last thing that is told, if it is.
    func stops(at field: Field, offset: Int, _ fault: FieldFault)
}

/// Nobody looks on, and the reports compile to nothing.
public struct Unobserved<Field>: FieldObserver {
    public init() {}

    public func takes(_ field: Field, at offset: Int, count: Int) {}

    public func stops(at field: Field, offset: Int, _ fault: FieldFault) {}
}
