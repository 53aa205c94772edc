import Foundation
import GRDB
import Settlement

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
