import Foundation
import GRDB
import GatewaySystem
import GatewayText
import Settlement

extension Store {
    /// Stores all of them. When a biz_no was used for something else it stores none, and returns that biz_no.
    package func add(_ notices: [RideNotice], from appID: String) async throws -> String? {
        try await write { db in
            var new: [RideNotice] = []
            for notice in notices {
                let known: [UInt8]? =
                    try db.one(.notice, [appID, notice.bizNo]).map { [UInt8]($0["digest"] as Data) }
                    ?? new.first { $0.bizNo.isSame(as: notice.bizNo) }?.digest
                guard known == nil || known == notice.digest else { return notice.bizNo }
                if known == nil { new.append(notice) }
            }
            for notice in new {
                try db.run(.insertNotice, notice, ["app_id": appID, "created_at": SystemTime.now])
            }
            return nil
        }
    }

    /// The last ones of a card, the newest first.
    package func notices(of card: Card, limit: Int) async throws -> [RideNotice] {
        try await read { db in
            try db.all(.noticesOfCard, [card.userID, card.cardNo, card.cardType, limit])
        }
    }

    /// The last ones of a rider that belong to no card of the start page.
    package func noticesWithoutCard(of userID: String, limit: Int) async throws -> [RideNotice] {
        try await read { db in try db.all(.noticesOfNoCard, [userID, limit]) }
    }
}
