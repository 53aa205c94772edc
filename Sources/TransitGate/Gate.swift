import TransitCode
import TransitCrypto

/// What a gate asks about one code.
public struct VerificationRequest: ~Escapable {
    /// The terminal's JSON text, not yet checked.
    public let posParam: Span<UInt8>
    /// The fare in cents; 0 when it is not known yet.
    public let amountCent: UInt32
    /// The terminal's clock in Unix seconds; nil when it cannot be read or does not fit 32 bits.
    public let now: UInt32?

    @_lifetime(copy posParam)
    public init(posParam: Span<UInt8>, amountCent: UInt32, now: UInt32?) {
        self.posParam = posParam
        self.amountCent = amountCent
        self.now = now
    }
}

/// What the library knows of one code, read at one moment.
public struct CodeStatus<Key: BitwiseCopyable>: BitwiseCopyable {
    let supportsCardType: Bool
    let hasBeenAccepted: Bool
    let issuerKey: Key?

    /// `issuerKey` is nil when no key has the code's issuer key id.
    public init(supportsCardType: Bool, hasBeenAccepted: Bool, issuerKey: Key?) {
        self.supportsCardType = supportsCardType
        self.hasBeenAccepted = hasBeenAccepted
        self.issuerKey = issuerKey
    }
}

/// The rules by which a code passes (docs/rules.md, "The order of checks").
public enum Gate {
    /// Decides whether a code passes: steps 4 to 12 of the order of checks.
    ///
    /// The result depends on the arguments alone, and the call changes nothing. Returns the second at which the code
    /// passes, which is `request.now`. Throws the first reason to refuse.
    public static func decide<Backend: CryptoBackend>(
        _ code: borrowing TransitCode, status: CodeStatus<Backend.IssuerKey>,
        request: borrowing VerificationRequest, by backend: Backend.Type
    ) throws(PosError) -> UInt32 {
        let credential = code.credential
        guard status.supportsCardType else { throw .cardTypeUnsupported }
        guard !status.hasBeenAccepted else { throw .duplicated }
        guard let issuerKey = status.issuerKey else { throw .illegalParam }
        guard let now = request.now else { throw .system }
        guard now <= credential.expiry else { throw .credentialExpired }
        try checkIssuerSignature(of: code, by: Backend.self, key: issuerKey)
        guard code.isInWindow(at: now) else { throw .codeExpired }
        try checkUserSignature(of: code, by: Backend.self)
        try PosParam.check(request.posParam)
        guard request.amountCent <= UInt32(credential.quotaCent) else { throw .quotaExceeded }
        return now
    }

    /// Checks the issuer's signature of the code's credential. Throws `.malformedCode` when it does not verify,
    /// `.outOfMemory` or `.system` when it could not be checked.
    public static func checkIssuerSignature<Backend: CryptoBackend>(
        of code: borrowing TransitCode, by backend: Backend.Type, key: Backend.IssuerKey
    ) throws(PosError) {
        let digest = Backend.sha1(code.credential.bytes)
        try requireValid(Backend.verifyIssuer(key, digest: digest.span, signature: code.issuerSignature))
    }

    /// Checks the rider's signature of the code, made with the credential's key. Throws as `checkIssuerSignature`.
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
