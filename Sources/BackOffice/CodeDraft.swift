import HostCrypto
import TransitCode
import TransitCrypto

/// What an issuer states about a rider (docs/format.md, "Credential"). The rider's public key comes from the rider.
public struct CredentialDraft: Equatable, Sendable {
    /// Sixteen printable ASCII characters.
    public var userID: [UInt8]
    /// Unix seconds, the last good one.
    public var expiry: UInt32
    /// Seconds.
    public var window: UInt16
    /// The most that one trip may cost.
    public var quotaCent: UInt16
    /// Twelve bytes.
    public var reserved: [UInt8]
    /// Eight printable ASCII characters, or eight NULs.
    public var cardType: [UInt8]
    /// Printable ASCII.
    public var cardNumber: [UInt8]
    /// Any bytes.
    public var cardData: [UInt8]

    /// Nothing is checked here: `IssuedCredential` does.
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

/// Something made wrong on purpose. Both signatures cover what stands in the code after it, so that this one thing
/// is wrong and no other.
public enum CodeFault: Equatable, Sendable {
    /// A number of one byte: the version, the algorithm, the key id, or one of the lengths.
    case number(CodeField, UInt8)
    /// Other bytes for a field, of any count; a length byte before it still tells the truth.
    case bytes(CodeField, [UInt8])
    case issuerSignature(SignatureFault)
    case userSignature(SignatureFault)
    /// Bytes after the code's end.
    case trailing([UInt8])
    /// Only the first bytes.
    case truncated(count: Int)
}

/// What can be wrong with a signature.
public enum SignatureFault: Equatable, Sendable {
    /// One bit of what is signed is another one.
    case corrupted
    /// Signed by a key that nobody knows.
    case otherKey
    case zeroR
    case zeroS
    /// r has a zero byte more than DER allows.
    case padded
    /// A byte stands after the DER value, inside the field.
    case trailingByte
    case replaced([UInt8])
}

/// What a rider's wallet holds: a credential and the issuer's signature over it.
public struct IssuedCredential: Equatable, Sendable {
    /// Under which id gates know the issuer's key.
    public let issuerKeyID: UInt8
    /// What the issuer has signed.
    public let credential: [UInt8]
    /// DER.
    public let issuerSignature: [UInt8]

    private let faults: [CodeFault]

    /// Signs a credential for the rider who holds `userPublicKey`.
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

    /// The code that the rider's app shows at `generated`.
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

/// Puts fields one behind the other, each wrong if it shall be.
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

    /// `isWhole`: the value is made of fields that have had their faults.
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
    /// Signs the SHA-1 of a message, or spoils the signature.
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
