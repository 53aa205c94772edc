import GatewayText

/// A trade with valid fields and checked records.
package struct Trade: Sendable {
    package let appID: String
    package let outTradeNo: String
    /// SHA-256 of all that the request said. The same digest under the same number is a retry.
    package let digest: [UInt8]
    package let userID: String
    package let amountCent: Int64
    package let subject: String
    package let orderedAt: Int64
    package let context: String?
    package let sellerLoginName: String?
    package let records: [CheckedRecord]

    package init(
        appID: String, outTradeNo: String, digest: [UInt8], userID: String, amountCent: Int64, subject: String,
        orderedAt: Int64, context: String?, sellerLoginName: String?, records: [CheckedRecord]
    ) {
        self.appID = appID
        self.outTradeNo = outTradeNo
        self.digest = digest
        self.userID = userID
        self.amountCent = amountCent
        self.subject = subject
        self.orderedAt = orderedAt
        self.context = context
        self.sellerLoginName = sellerLoginName
        self.records = records
    }

    /// The codes in its good records, each once, in order.
    package var codes: [[UInt8]] {
        Set(records.compactMap(\.ride?.code)).sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// The card that its records name. Nil for the plain transit card.
    package var card: CardName? { records.lazy.compactMap(\.ride).compactMap(\.card).first }
}

/// Why a trade fails for good.
package struct TradeRefusal: Error, Equatable, Sendable {
    package let code: String
    package let reason: String

    package init(_ code: Code, _ reason: String) {
        self.code = code.rawValue
        self.reason = reason.clipped
    }

    /// A refusal as it was stored.
    package init(storedCode: String, reason: String) {
        code = storedCode
        self.reason = reason
    }

    /// Stable names, for programs.
    package enum Code: String, Sendable {
        case illegalParams = "ILLEGAL_PARAMS"
        case tooLate = "TRADE_TOO_LATE"
        case recordInvalid = "RECORD_INVALID"
        case recordSettled = "RECORD_ALREADY_SETTLED"
        case rideIncomplete = "RIDE_INCOMPLETE"
        case userMismatch = "USER_NOT_MATCH"
        case aboveQuota = "AMOUNT_ABOVE_QUOTA"
        case aboveCap = "AMOUNT_ABOVE_CAP"
        case aboveRecord = "AMOUNT_ABOVE_RECORD"
        case sellerUnknown = "SELLER_NOT_EXIST"
        case balance = "CARD_BALANCE_NOT_ENOUGH"
    }
}

/// The final result of a trade.
package enum TradeAnswer: Sendable, Equatable {
    case settled(id: Int64, at: Int64)
    case refused(TradeRefusal)
}
