import HostCrypto
import TransitCode
import TransitCrypto

/// The fields of a credential that the issuer sets (docs/format.md, "Credential"). The rider supplies the public key.
public struct CredentialDraft: Equatable, Sendable {
    /// Sixteen printable ASCII characters.
    public var userID: [UInt8]
    /// The last second in which the credential is valid, in Unix seconds.
    public var expiry: UInt32
    /// The validity window of a code, in seconds.
    public var window: UInt16
    /// The highest fare of one trip, in cents.
    public var quotaCent: UInt16
    /// Twelve bytes.
    public var reserved: [UInt8]
    /// Eight printable ASCII characters, or eight NULs.
    public var cardType: [UInt8]
    /// Printable ASCII.
    public var cardNumber: [UInt8]
    /// Any bytes.
    public var cardData: [UInt8]

    /// Checks nothing. `IssuedCredential` checks the fields.
    public init(
        userID: [UInt8], expiry: UInt32, window: UInt16, quotaCent: UInt16,
        reserved: [UInt8] = [UInt8](repeating: 0, count: 12), cardType: [UInt8], cardNumber: [UInt8],
        cardData: [UInt8]
    ) {
        self.userID = userID
        self.expiry = expiry
        self.window = window
        self.quotaCent = quotaCent
        self.reserved = reserved
        self.cardType = cardType
        self.cardNumber = cardNumber
        self.cardData = cardData
    }
}

/// A deliberate error in a code. The signatures are made over the changed bytes, so that the code has no other error.
public enum CodeFault: Equatable, Sendable {
    /// Replaces a number of one byte: the version, the algorithm, the key id, or one of the lengths.
    case number(CodeField, UInt8)
    /// Replaces the bytes of a field, by any number of bytes. A length byte before the field gets the new length.
    case bytes(CodeField, [UInt8])
    case issuerSignature(SignatureFault)
    case userSignature(SignatureFault)
    /// Appends bytes to the code.
    case trailing([UInt8])
    /// Keeps only the first `count` bytes of the code.
    case truncated(count: Int)
}

/// A deliberate error in a signature.
public enum SignatureFault: Equatable, Sendable {
    /// The signature is over a digest that differs in one bit.
    case corrupted
    /// The signature is made with a new random key.
    case otherKey
    case zeroR
    case zeroS
    /// r has one more leading zero byte than DER allows.
    case padded
    /// The field has one byte after the DER value.
    case trailingByte
    case replaced([UInt8])
}

/// A credential and the issuer's signature over it, as a rider's wallet stores them.
public struct IssuedCredential: Equatable, Sendable {
    /// The id of the issuer's key in the key lists of the gates.
    public let issuerKeyID: UInt8
    /// The credential, the bytes that the issuer signs.
    public let credential: [UInt8]
    /// The issuer's signature over the credential, in DER.
    public let issuerSignature: [UInt8]

    private let faults: [CodeFault]

    /// Signs a credential for the rider with the public key `userPublicKey`.
    public init(
        _ draft: CredentialDraft, userPublicKey: [UInt8], issuerKeyID: UInt8, issuer: SigningKey,
        half: SigningKey.SHalf = .any, faults: [CodeFault] = []
    ) throws(OfficeError) {
        var writer = FieldWriter(faults: faults)
        try writer.fixed(.userID, draft.userID)
        writer.number(.expiry, draft.expiry)
        writer.number(.window, draft.window)
        writer.number(.quotaCent, draft.quotaCent)
        try writer.fixed(.reserved, draft.reserved)
        try writer.fixed(.userPublicKey, userPublicKey)
        try writer.fixed(.cardType, draft.cardType)
        try writer.counted(.cardNumberCount, .cardNumber, draft.cardNumber)
        try writer.counted(.cardDataCount, .cardData, draft.cardData)
        credential = writer.bytes
        self.issuerKeyID = issuerKeyID
        self.faults = faults
        var signatureFault: SignatureFault?
        for case .issuerSignature(let fault) in faults { signatureFault = fault }
        issuerSignature = try issuer.sign(credential, half: half, fault: signatureFault)
    }

    /// Returns the code that the rider's app shows at `generated`, in Unix seconds.
    public func code(
        generated: UInt32, rider: SigningKey, half: SigningKey.SHalf = .any
    ) throws(OfficeError) -> [UInt8] {
        var writer = FieldWriter(faults: faults)
        writer.number(.protocolVersion, TransitCode.protocolVersion)
        writer.number(.algorithm, UInt8(1))
        writer.number(.issuerKeyID, issuerKeyID)
        try writer.counted(.credentialCount, .userID, credential, isWhole: true)
        try writer.counted(.issuerSignatureCount, .issuerSignature, issuerSignature)
        var time: [UInt8] = []
        time.append(bigEndian: generated)
        try writer.counted(.generatedCount, .generated, time)
        var signatureFault: SignatureFault?
        for case .userSignature(let fault) in faults { signatureFault = fault }
        let signature = try rider.sign(writer.bytes, half: half, fault: signatureFault)
        try writer.counted(.userSignatureCount, .userSignature, signature)

        var code = writer.bytes
        for case .trailing(let bytes) in faults { code += bytes }
        for case .truncated(let count) in faults { code = Array(code.prefix(max(count, 0))) }
        return code
    }
}

/// Appends fields to a buffer and applies the deliberate errors.
private struct FieldWriter {
    let faults: [CodeFault]
    var bytes: [UInt8] = []

    init(faults: [CodeFault]) { self.faults = faults }

    mutating func number(_ field: CodeField, _ value: UInt8) {
        bytes += replaced(field) ?? [replacedNumber(field) ?? value]
    }

    mutating func number(_ field: CodeField, _ value: UInt16) {
        var field16: [UInt8] = []
        field16.append(bigEndian: value)
        bytes += replaced(field) ?? field16
    }

    mutating func number(_ field: CodeField, _ value: UInt32) {
        var field32: [UInt8] = []
        field32.append(bigEndian: value)
        bytes += replaced(field) ?? field32
    }

    mutating func fixed(_ field: CodeField, _ value: [UInt8]) throws(OfficeError) {
        if let wrong = replaced(field) {
            bytes += wrong
            return
        }
        guard let expected = field.fixedCount, value.count == expected else {
            throw .wrongCount(field, count: value.count, expected: field.fixedCount ?? 0)
        }
        bytes += value
    }

    /// `isWhole`: the value consists of fields whose errors are already applied.
    mutating func counted(
        _ count: CodeField, _ field: CodeField, _ value: [UInt8], isWhole: Bool = false
    ) throws(OfficeError) {
        let content = isWhole ? value : replaced(field) ?? value
        if let wrong = replacedNumber(count) {
            bytes.append(wrong)
        } else {
            guard let truth = UInt8(exactly: content.count) else {
                throw .tooLong(isWhole ? count : field, count: content.count, limit: 255)
            }
            bytes.append(truth)
        }
        bytes += content
    }

    private func replaced(_ field: CodeField) -> [UInt8]? {
        var found: [UInt8]?
        for case .bytes(field, let bytes) in faults { found = bytes }
        return found
    }

    private func replacedNumber(_ field: CodeField) -> UInt8? {
        var found: UInt8?
        for case .number(field, let value) in faults { found = value }
        return found
    }
}

extension SigningKey {
    /// Signs the SHA-1 digest of a message and applies the deliberate error.
    fileprivate func sign(_ message: [UInt8], half: SHalf, fault: SignatureFault?) throws(OfficeError) -> [UInt8] {
        var digest = sha1(message)
        var key = self
        switch fault {
        case .replaced(let bytes): return bytes
        case .corrupted: digest[digest.count - 1] ^= 1
        case .otherKey: key = try SigningKey(generatedOn: curve)
        default: break
        }
        let (r, s) = try key.numbers(digest: digest, half: half)
        switch fault {
        case .zeroR: return DERSignatureWriter.encode(r: [], s: s)
        case .zeroS: return DERSignatureWriter.encode(r: r, s: [])
        case .padded:
            let integer = DERSignatureWriter.integer(r)
            let padded = [integer[0], integer[1] + 1, 0] + integer.dropFirst(2)
            return DERSignatureWriter.sequence(padded + DERSignatureWriter.integer(s))
        case .trailingByte: return DERSignatureWriter.encode(r: r, s: s) + [0]
        default: return DERSignatureWriter.encode(r: r, s: s)
        }
    }
}

func sha1(_ message: [UInt8]) -> [UInt8] {
    let digest = HostBackend.sha1(message.span)
    return digest.indices.map { digest[$0] }
}
