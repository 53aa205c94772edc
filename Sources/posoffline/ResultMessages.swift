import CPosoffline
import TransitCode

@c @implementation
public func posoffline_strerror(_ code: Int32) -> UnsafePointer<CChar>? {
    cString(explanation(of: code))
}

@c @implementation
public func posoffline_prompt(_ code: Int32) -> UnsafePointer<CChar>? {
    cString(prompt(for: code))
}

private func explanation(of code: Int32) -> StaticString {
    if code == SUCCESS { return "accepted" }
    return switch PosError(rawValue: code) {
    case .malformedCode: "not a well-formed code, or a signature in it does not verify"
    case .codeExpired: "the code is outside its time window; the rider should refresh it, or the clock is wrong"
    case .credentialExpired: "the rider's credential has expired; the rider must go online once"
    case .posParam: "pos_param is not a JSON object with pos_id, type, subject and record_id"
    case .quotaExceeded: "the amount is above the rider's single-trip quota"
    case .outOfMemory: "out of memory"
    case .system: "the clock cannot be read, the state directory cannot be written or is in use, or an internal fault"
    case .cardTypeUnsupported: "the code's card type is not in this terminal's list"
    case .notInitialized: "init_pos_verify has not succeeded yet"
    case .illegalParam: "bad argument or initialisation data, or the code's issuer key is not in the key list"
    case .protocolUnsupported: "the code's protocol version is not 2"
    case .duplicated: "this code has been accepted already"
    case nil: "not a result of this library"
    }
}

private func prompt(for code: Int32) -> StaticString {
    if code == SUCCESS { return "请上车" }
    return switch PosError(rawValue: code) {
    case .malformedCode, .quotaExceeded, .cardTypeUnsupported, .protocolUnsupported: "无效码"
    case .codeExpired, .credentialExpired, .duplicated: "请刷新"
    case .posParam: "系统错误"
    case .outOfMemory, .system, .notInitialized, .illegalParam, nil: "网络异常"
    }
}
