import Foundation
import GRDB
import GatewayText
import Settlement

/// A merchant's program that calls the gateway.
package struct Merchant: Sendable {
    package let appID: String
    package let name: String
    /// The account that earns; `seller_login_name` may name it.
    package let loginName: String
    /// DER. Nil until one is uploaded.
    package let publicKey: Data?
    /// Whether it may call the methods.
    package let isContracted: Bool
}

extension Merchant: FetchableRecord {
    package init(row: Row) {
        appID = row["app_id"]
        name = row["name"]
        loginName = row["login_name"]
        publicKey = row["public_key"]
        isContracted = row["is_contracted"] == 1
    }
}

/// A key that signs the records of a merchant's gates.
package struct RecordKeyRow: Sendable {
    package let id: Int64
    package let keyID: [UInt8]
    package let key: [UInt8]
    package let createdAt: Int64
}

extension RecordKeyRow: FetchableRecord {
    package init(row: Row) {
        id = row["id"]
        keyID = [UInt8](row["key_id"] as Data)
        key = [UInt8](row["key"] as Data)
        createdAt = row["created_at"]
    }
}

/// One of the issuer's keys.
package struct IssuerKeyRow: Sendable {
    package enum State: String, Sendable {
        /// In the list that gates fetch.
        case published
        /// In the list, and signs riders' codes. One key at a time.
        case active
        /// Not in the list. Codes made later than this do not settle.
        case retired
    }

    package let id: UInt8
    package let scalar: [UInt8]
    package let publicKey: [UInt8]
    package let state: State
    package let createdAt: Int64
    package let retiredAt: Int64?
}

extension IssuerKeyRow: FetchableRecord {
    package init(row: Row) {
        id = UInt8(row["key_id"] as Int64)
        scalar = [UInt8](row["scalar"] as Data)
        publicKey = [UInt8](row["public_key"] as Data)
        state = State(rawValue: row["state"]) ?? .retired
        createdAt = row["created_at"]
        retiredAt = row["retired_at"]
    }
}

extension Card: FetchableRecord, EncodableRecord {
    package init(row: Row) {
        self.init(
            id: row["id"], cardType: row["card_type"], cardNo: row["card_no"], userID: row["user_id"],
            appID: row["app_id"], title: row["title"], isRevoked: row["is_revoked"] == 1,
            cardData: [UInt8](row["card_data"] as Data), isPrepaid: row["is_prepaid"] == 1,
            isDisabled: row["is_disabled"] == 1, disabledCode: row["disabled_code"],
            disabledTips: row["disabled_tips"], extInfo: row["ext_info"], updatedAt: row["updated_at"],
            messages: [UInt8](row["messages"] as Data),
            riderScalar: [UInt8](row["rider_scalar"] as Data))
    }

    package func encode(to container: inout PersistenceContainer) {
        container["id"] = id
        container["card_type"] = cardType
        container["card_no"] = cardNo
        container["user_id"] = userID
        container["app_id"] = appID
        container["title"] = title
        container["is_revoked"] = isRevoked
        container["card_data"] = cardData.data
        container["is_prepaid"] = isPrepaid
        container["is_disabled"] = isDisabled
        container["disabled_code"] = disabledCode
        container["disabled_tips"] = disabledTips
        container["ext_info"] = extInfo
        container["updated_at"] = updatedAt
        container["messages"] = messages.data
        container["rider_scalar"] = riderScalar.data
    }

    /// The owner of its account in the ledger.
    package var account: String { "\(cardType)/\(cardNo)" }
}

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

/// An account's line on the console.
package struct AccountRow: Sendable {
    package let kind: String
    package let owner: String
    package let balanceCent: Int64
}

extension AccountRow: FetchableRecord {
    package init(row: Row) {
        kind = row["kind"]
        owner = row["owner"]
        balanceCent = row["balance_cent"]
    }
}

/// The rider or the operator behind a browser's session.
package struct Session: Sendable {
    /// Nil for the operator's console.
    package let userID: String?
}

extension Session: FetchableRecord {
    package init(row: Row) { userID = row["user_id"] }
}

/// One item of data.send.
package struct RideNotice: Sendable {
    package let bizNo: String
    package let digest: [UInt8]
    package let userID: String
    package let card: NoticeCard
    package let type: String
    package let subject: String
    package let bizTime: Int64
    /// As it came, canonical JSON.
    package let content: String

    package init(
        bizNo: String, digest: [UInt8], userID: String, card: NoticeCard, type: String, subject: String,
        bizTime: Int64, content: String
    ) {
        self.bizNo = bizNo
        self.digest = digest
        self.userID = userID
        self.card = card
        self.type = type
        self.subject = subject
        self.bizTime = bizTime
        self.content = content
    }
}

extension RideNotice: FetchableRecord, EncodableRecord {
    package init(row: Row) {
        let userID: String = row["user_id"]
        self.init(
            bizNo: row["biz_no"], digest: [UInt8](row["digest"] as Data), userID: userID,
            card: NoticeCard(type: row["card_type"], number: row["card_no"], userID: userID), type: row["type"],
            subject: row["subject"], bizTime: row["biz_time"], content: row["content"])
    }

    package func encode(to container: inout PersistenceContainer) {
        container["biz_no"] = bizNo
        container["digest"] = digest.data
        container["user_id"] = userID
        container["card_type"] = card.type
        container["card_no"] = card.number
        container["type"] = type
        container["subject"] = subject
        container["biz_time"] = bizTime
        container["content"] = content
    }
}

/// The card that a notice names.
package struct NoticeCard: Sendable {
    package let type: String?
    package let number: String?

    /// A plain code has no card number, and some gates report one: it is replaced by the rider's plain card.
    package init(type: String?, number: String?, userID: String) {
        let isPlain = type == CardRules.plainType || (type == nil && number == nil)
        self.type = isPlain ? CardRules.plainType : type
        self.number = isPlain ? userID : number
    }
}
