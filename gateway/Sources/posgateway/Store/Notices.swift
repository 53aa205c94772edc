import Foundation
import GRDB

/// One item of data.send.
struct Notice: Sendable {
    let bizNo: String
    let digest: Data
    let userID: String
    let card: NoticeCard
    let type: String
    let subject: String
    let bizTime: Int64
    /// As it came, JSON.
    let content: String
}

/// What a notice says of its card.
struct NoticeCard: Sendable {
    let type: String?
    let number: String?

    /// A plain code has no card of its own, and some gates report its number.
    init(type: String?, number: String?, userID: String) {
        let isPlain = type == CardRules.plainType || (type == nil && number == nil)
        self.type = isPlain ? CardRules.plainType : type
        self.number = isPlain ? userID : number
    }
}

extension Store {
    /// Keeps all of them or, when a biz_no is taken by something else, none: then that biz_no is the answer.
    func add(_ notices: [Notice], from appID: String) async throws -> String? {
        try await write { db in
            var new: [Notice] = []
            for notice in notices {
                let known: Data? = try db.one(.notice, [appID, notice.bizNo])?["digest"]
                    ?? new.first { $0.bizNo.isSame(as: notice.bizNo) }?.digest
                guard known == nil || known == notice.digest else { return notice.bizNo }
                if known == nil { new.append(notice) }
            }
            for notice in new {
                try db.run(
                    .insertNotice,
                    [
                        appID, notice.bizNo, notice.digest, notice.userID, notice.card.type, notice.card.number,
                        notice.type, notice.subject, notice.bizTime, notice.content, WallClock.now,
                    ])
            }
            return nil
        }
    }

    /// The last ones of a card, the newest first.
    func notices(of card: Card, limit: Int) async throws -> [Notice] {
        try await read { db in
            try db.all(.noticesOfCard, [card.userID, card.cardNo, card.cardType, limit]).map(Notice.init)
        }
    }

    /// The last ones of a rider that are of no card that the start page lists.
    func noticesWithoutCard(of userID: String, limit: Int) async throws -> [Notice] {
        try await read { db in try db.all(.noticesOfNoCard, [userID, limit]).map(Notice.init) }
    }
}

extension Notice {
    fileprivate init(_ row: Row) {
        bizNo = row["biz_no"]
        digest = row["digest"]
        userID = row["user_id"]
        card = NoticeCard(type: row["card_type"], number: row["card_no"], userID: userID)
        type = row["type"]
        subject = row["subject"]
        bizTime = row["biz_time"]
        content = row["content"]
    }
}
