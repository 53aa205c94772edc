import Foundation
import PlatformAPI
import Settlement
import Storage
import BackOffice

/// Checks records with the keys of one merchant's gates and of the issuer.
package struct RecordCheck: Sendable {
    private let verifier: RecordVerifier
    /// When each retired issuer key was retired.
    private let retired: [UInt8: Int64]

    init(issuerKeys: [IssuerKeyRow], recordKeys: [[UInt8]], acceptsDevelopmentKey: Bool) throws {
        let list = IssuerKeys.json(issuerKeys.map { ($0.id, $0.publicKey) })
        verifier = try RecordVerifier(
            issuerKeys: IssuerKeys(json: Array(list.utf8)), recordKeys: recordKeys,
            developmentKey: acceptsDevelopmentKey ? .accepted : .refused)
        retired = Dictionary(uniqueKeysWithValues: issuerKeys.compactMap { row in row.retiredAt.map { (row.id, $0) } })
    }

    package func check(_ bytes: [UInt8]) -> CheckedRecord {
        let report = verifier.check(bytes)
        let failure = report.findings.firstFailure?.reason
        guard let summary = report.summary else { return .malformed(failure ?? "") }
        if let failure { return .bad(failure) }
        guard let rider = summary.rider, let trip = summary.trip else {
            return .bad("记录中的二维码格式错误 / the code inside is malformed")
        }
        if let retiredAt = retired[rider.issuerKeyID], Int64(rider.generated) > retiredAt {
            let id = rider.issuerKeyID
            return .bad("发码密钥 \(id) 已停用 / issuer key \(id) was retired before this code was made")
        }
        let cardType = String(decoding: rider.cardType, as: UTF8.self)
        return .good(
            RecordedRide(
                userID: String(decoding: rider.userID, as: UTF8.self), code: [UInt8](Data(rider.identity).sha256),
                trip: trip, amountCent: Int64(summary.amountCent), quotaCent: Int64(rider.quotaCent),
                acceptedAt: Int64(summary.acceptedAt),
                card: cardType.isEmpty || cardType == CardRules.plainType
                    ? nil : CardName(type: cardType, number: String(decoding: rider.cardNumber, as: UTF8.self))))
    }
}

extension Finding {
    /// Which check failed, why, and what a back office can do.
    fileprivate var reason: String {
        guard let fault else { return check.rawValue }
        return "\(check.rawValue): \(fault.reason)"
    }
}

extension CheckFault {
    fileprivate var reason: String {
        switch self {
        case .recordStops(let field, let offset, _):
            "不是脱机记录 / not a record: stops at offset \(offset), \(field.name)"
        case .codeStops(let field, let offset, _):
            "记录中的二维码格式错误 / the code inside stops at offset \(offset), \(field.name)"
        case .recordKeyUnknown(let id):
            "未登记的记录密钥 \(id.hex)，请在控制台添加 / add the gate's record key \(id.hex) in the console"
        case .developmentRecordKey:
            "使用了公开的开发记录密钥 / signed with the published development key: set the gate's record key"
        case .macWrong: "记录签名不符 / the MAC does not verify: the record was changed, or the key is another"
        case .issuerKeyUnknown(let id): "未知的发码密钥 \(id) / no issuer key \(id): not a code of this gateway"
        case .issuerSignatureWrong(let id, _):
            "发码签名不符（密钥 \(id)）/ issuer signature wrong under key \(id): not a code of this gateway"
        case .credentialExpired: "用户凭证已过期 / the rider's credential had expired at the time of the record"
        case .outsideWindow(let generated, let window, let at):
            "不在有效期内 / generated at \(generated), good for \(window) s, accepted at \(at): check the gate's clock"
        case .userSignatureWrong: "用户签名不符 / the rider's signature is wrong: the code was forged"
        case .posParamWrong: "pos_param 不合规范 / needs pos_id, type SINGLE, IN or OUT, subject and record_id"
        case .aboveQuota(let amount, let quota): "金额超过单笔限额 / \(amount) cents is above the quota of \(quota) cents"
        case .cryptographyFailed: "验证出错，请重试 / could not be checked: try again"
        }
    }
}
