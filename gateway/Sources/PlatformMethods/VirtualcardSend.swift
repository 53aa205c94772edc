import GatewaySystem
import PlatformAPI
import Settlement
import TransitCode
import BackOffice

extension Methods {
    private enum DisabledCode: String, CaseIterable {
        case overdue = "CARD_OVERDUE"
        case revoking = "CARD_REVOKING"
    }

    /// alipay.commerce.transport.offlinepay.virtualcard.send: issues, updates and revokes a rider's card.
    package func virtualcardSend(_ call: Call) async throws -> Reply {
        let message = try cardMessage(Fields(object: call.content))
        let key = try SigningKey(generatedOn: .secp192k1)
        let members: JSONObject = [
            "user_id": .string(message.userID), "card_type": .string(message.cardType),
            "card_no": .string(message.cardNo),
        ]
        guard let refusal = try await store.apply(message, from: call.caller.appID, newScalar: key.scalar) else {
            return .success(members)
        }
        // The document's table calls it err_message, the SDKs error_message.
        return .refused(
            .business(
                refusal.code == .typeOfOther ? .noRight : .fail, refusal.reason,
                members + [
                    "sub_error_code": .string(refusal.code.rawValue), "error_message": .string(refusal.reason),
                    "err_message": .string(refusal.reason),
                ]))
    }

    private func cardMessage(_ fields: Fields) throws(FieldError) -> CardMessage {
        let action = try fields.word("action", CardMessage.Action.self)
        let userID = try fields.requiredIdentifier("user_id", limit: 64)
        let updatedAt = try fields.requiredTime("last_update_time", clock)
        guard updatedAt <= SystemTime.now + CardRules.secondsAhead else {
            throw FieldError(
                "last_update_time", "晚于当前时间 \(CardRules.secondsAhead) 秒以上",
                "is more than \(CardRules.secondsAhead) seconds ahead of now")
        }
        let cardType = try fields.requiredText("card_type", limit: 32)
        guard cardType.utf8.count == CardRules.cardTypeCount, cardType.utf8.allSatisfy(\.isPrintableASCII) else {
            throw FieldError(
                "card_type", "应为 8 位字符", "has to be 8 printable ASCII characters: a code has room for them")
        }
        let cardNo = try fields.requiredText("card_no", limit: 16)
        guard cardNo.utf8.allSatisfy(\.isLetterOrDigit) else {
            throw FieldError("card_no", "应由字母和数字组成", "has to be letters and digits")
        }
        let cardData = try fields.hex("card_data", limit: 128) ?? []
        let balanceCent = try fields.amount("balance")
        let isDisabled = try fields.bool("disabled")
        let disabledCode: DisabledCode? =
            try fields.text("disabled_code", limit: 64) == nil
            ? nil : try fields.word("disabled_code", DisabledCode.self)
        let disabledTips = try fields.text("disabled_tips", limit: 256)
        guard !isDisabled || disabledTips != nil else {
            throw FieldError("disabled_tips", "卡不可用时不能为空", "is missing, and a disabled card needs it")
        }
        let extInfo = try fields.objectText("ext_info", limit: 4096)
        let content = [
            action.rawValue, userID, "\(updatedAt)", cardType, cardNo, cardData.hex, balanceCent.map { "\($0)" } ?? "",
            "\(isDisabled)", disabledCode?.rawValue ?? "", disabledTips ?? "", extInfo ?? "",
        ]
        return CardMessage(
            action: action, userID: userID, updatedAt: updatedAt, cardType: cardType, cardNo: cardNo,
            cardData: cardData, balanceCent: balanceCent, isDisabled: isDisabled,
            disabledCode: disabledCode?.rawValue, disabledTips: disabledTips,
            extInfo: extInfo, digest: Self.digest(content))
    }
}

extension UInt8 {
    fileprivate var isLetterOrDigit: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}
