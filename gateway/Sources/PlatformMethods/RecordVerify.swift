import PlatformAPI
import Settlement
import BackOffice

extension Methods {
    /// Hex digits of one record; the longest has fewer.
    static let recordLimit = 4096

    /// alipay.commerce.transport.offlinepay.record.verify: whether a gate of this merchant wrote a record.
    package func recordVerify(_ call: Call) async throws -> Reply {
        let fields = Fields(object: call.content)
        guard let bytes = try fields.hex("record", limit: Self.recordLimit) else { throw fields.missing("record") }
        return switch try await keys.recordCheck(for: call.caller.appID).check(bytes) {
        case .good: .success()
        case .malformed(let reason): .refused(.business(.illegalParams, reason))
        case .bad(let reason): .refused(.business(.fail, reason))
        }
    }
}
