import TransitCode
import TransitCrypto

/// What a terminal wants to know of a code, beside the code itself.
public struct VerificationRequest: ~Escapable {
    public let posParam: Span<UInt8>
    /// The fare; 0 when it is not known yet.
    public let amountCent: UInt32
    /// The terminal's clock; nil when it could not be read.
    public let now: UInt32?
    /// The size of the caller's buffers.
    public let room: BufferCapacities

    @_lifetime(copy posParam)
    public init(posParam: Span<UInt8>, amountCent: UInt32, now: UInt32?, room: BufferCapacities) {
        self.posParam = posParam
        self.amountCent = amountCent
        self.now = now
        self.room = room
    }
}

/// What a terminal knows that bears on one code, read at one moment.
public struct CodeStatus<Key: BitwiseCopyable>: BitwiseCopyable {
    let supportsCardType: Bool
    let hasAccepted: Bool
    let issuerKey: Key?

    public init(supportsCardType: Bool, hasAccepted: Bool, issuerKey: Key?) {
        self.supportsCardType = supportsCardType
        self.hasAccepted = hasAccepted
        self.issuerKey = issuerKey
    }
}

/// What the rules ask of the terminal that they decide for. Its owner sees to locks and storage.
public protocol Terminal {
    associatedtype Backend: CryptoBackend

    /// What is known of a code before its signatures are checked.
    func knowledge(
        cardType: CardType, identity: ReplayIdentity, issuerKeyID: UInt8
    ) throws(PosError) -> CodeStatus<Backend.IssuerKey>

    /// Appends the key id and the MAC to a composed record, with the record key in force.
    func sign(_ record: inout RecordBuffer) throws(PosError)

    /// Marks a code as accepted; throws `.duplicated` when another thread was first, `.outOfMemory` when it cannot be
    /// remembered.
    func accept(_ identity: ReplayIdentity, until lastSecond: UInt32, now: UInt32) throws(PosError)
}

/// The rules by which a code passes (docs/rules.md, "The order of checks").
public enum Gate {
    /// Decides, marks the code as accepted, and leaves the signed record in `record`. Throws the first reason to
    /// refuse; the code is then not marked.
    ///
    /// What comes before the code itself, initialisation and arguments, is the caller's.
    public static func verify<T: Terminal>(
        _ code: borrowing TransitCode, for request: borrowing VerificationRequest, at terminal: T, version: Span<UInt8>,
        record: inout RecordBuffer
    ) throws(PosError) {
        let credential = code.credential
        let identity = ReplayIdentity(of: code, by: T.Backend.self)
        let known = try terminal.knowledge(
            cardType: credential.cardType, identity: identity, issuerKeyID: code.issuerKeyID)
        guard known.supportsCardType else { throw .cardTypeUnsupported }
        guard !known.hasAccepted else { throw .duplicated }
        guard let issuerKey = known.issuerKey else { throw .illegalParam }
        guard let now = request.now else { throw .system }
        guard now <= credential.expiry else { throw .credentialExpired }
        try checkIssuerSignature(of: code, by: T.Backend.self, key: issuerKey)
        guard code.isInWindow(at: now) else { throw .codeExpired }
        try checkUserSignature(of: code, by: T.Backend.self)
        try PosParam.check(request.posParam)
        guard request.amountCent <= UInt32(credential.quotaCent) else { throw .quotaExceeded }

        try record.compose(
            code: code.bytes, posParam: request.posParam, amountCent: request.amountCent, acceptedAt: now,
            version: version)
        try terminal.sign(&record)
        guard request.room.holds(code), request.room.holdsRecord(count: record.count) else { throw .illegalParam }

        try terminal.accept(identity, until: code.lastSecond, now: now)
    }

    /// Whether the issuer signed the code's credential.
    public static func checkIssuerSignature<Backend: CryptoBackend>(
        of code: borrowing TransitCode, by backend: Backend.Type, key: Backend.IssuerKey
    ) throws(PosError) {
        let digest = Backend.sha1(code.credential.bytes)
        try requireValid(Backend.verifyIssuer(key, digest: digest.span, signature: code.issuerSignature))
    }

    /// Whether the holder of the credential's key signed the code.
    public static func checkUserSignature<Backend: CryptoBackend>(
        of code: borrowing TransitCode, by backend: Backend.Type
    ) throws(PosError) {
        let digest = Backend.sha1(code.userSigned)
        try requireValid(
            Backend.verifyUser(
                code.credential.userPublicKey, digest: digest.span, signature: code.userSignature))
    }

    private static func requireValid(_ verdict: Verdict) throws(PosError) {
        switch verdict {
        case .valid: return
        case .invalid: throw .malformedCode
        case .outOfMemory: throw .outOfMemory
        case .failed: throw .system
        }
    }
}
