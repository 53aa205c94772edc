import Foundation
import GRDB
import Settlement

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
