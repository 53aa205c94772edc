import BackOffice

extension Interfaces {
    /// More than the longest record has, in hex.
    static let recordLimit = 4096

    /// alipay.commerce.transport.offlinepay.record.verify: whether a record is what a gate of this merchant wrote.
    func recordVerify(_ call: Call) async throws -> Reply {
        let fields = Fields(object: call.content)
        guard let bytes = try fields.hex("record", limit: Self.recordLimit) else { throw fields.missing("record") }
        let record = try await keys.check(for: call.merchant.appID).check(bytes)
        guard let fault = record.fault else { return .success() }
        return .refused(.business(record.isMalformed ? .illegalParams : .fail, fault))
    }
}
