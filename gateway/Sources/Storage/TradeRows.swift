import Foundation
import GRDB
import Settlement

/// A settled ride, as the rider's pages list it.
package struct Ride: Sendable {
    package let id: Int64
    package let settledAt: Int64
    package let subject: String
    package let orderedAt: Int64
    package let amountCent: Int64
    /// The card that its code names. Nil when that was not stored.
    package let card: CardName?
    /// Whether the card's balance paid, as opposed to the rider's account.
    package let isPaidByCard: Bool
}

extension Ride: FetchableRecord {
    package init(row: Row) {
        let type: String? = row["card_type"]
        let number: String? = row["card_no"]
        id = row["id"]
        settledAt = row["created_at"]
        subject = row["subject"]
        orderedAt = row["ordered_at"]
        amountCent = row["amount_cent"]
        card = type.flatMap { type in number.map { CardName(type: type, number: $0) } }
        isPaidByCard = row["payer"] == AccountKind.card.rawValue
    }
}

/// One trade as the console shows it.
package struct TradeRow: Sendable {
    package let id: Int64
    package let appID: String
    package let outTradeNo: String
    package let userID: String
    package let amountCent: Int64
    package let subject: String
    package let createdAt: Int64
    package let errorCode: String?
    package let errorMessage: String?
}

extension TradeRow: FetchableRecord {
    package init(row: Row) {
        id = row["id"]
        appID = row["app_id"]
        outTradeNo = row["out_trade_no"]
        userID = row["user_id"]
        amountCent = row["amount_cent"]
        subject = row["subject"]
        createdAt = row["created_at"]
        errorCode = row["error_code"]
        errorMessage = row["error_message"]
    }
}

extension TradeFacts.Earlier: FetchableRecord {
    package init(row: Row) {
        let answer: TradeAnswer =
            if let code: String = row["error_code"] {
                .refused(TradeRefusal(storedCode: code, reason: row["error_message"] ?? ""))
            } else {
                .settled(id: row["id"], at: row["created_at"])
            }
        self.init(digest: [UInt8](row["digest"] as Data), answer: answer)
    }
}
