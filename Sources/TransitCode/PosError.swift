/// The errors of the C interface. The raw values are the codes of `pos_crypto.h`, which explains them.
public enum PosError: Int32, Error, CaseIterable, Sendable {
    case malformedCode = -1
    case codeExpired = -2
    case credentialExpired = -3
    case posParam = -4
    case quotaExceeded = -5
    case outOfMemory = -6
    case system = -7
    case cardTypeUnsupported = -8
    case notInitialized = -9
    case illegalParam = -10
    case protocolUnsupported = -11
    case duplicated = -12
}
