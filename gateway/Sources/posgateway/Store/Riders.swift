import BackOffice
import Foundation
import GRDB

/// Who a browser is.
struct Session: Sendable {
    /// Nil for the operator's console.
    let userID: String?
}

extension Store {
    func session(_ tokenDigest: Data) async throws -> Session? {
        try await read { db in
            try db.one(.session, [tokenDigest, WallClock.now]).map { Session(userID: $0["user_id"]) }
        }
    }

    func addSession(_ tokenDigest: Data, userID: String?, expiresAt: Int64) async throws {
        try await write { db in
            try db.run(.deleteOldSessions, [WallClock.now])
            try db.run(.insertSession, [tokenDigest, userID, expiresAt])
        }
    }

    func removeSession(_ tokenDigest: Data) async throws {
        try await write { db in try db.run(.deleteSession, [tokenDigest]) }
    }

    /// A rider who has agreed, and the plain transit card that this opens.
    func addRider(_ userID: String, title: String, card key: SigningKey) async throws {
        let scalar = key.scalar
        try await write { db in
            try db.run(.insertRider, [userID, WallClock.now])
            guard try db.one(.card, [CardRules.plainType, userID]) == nil else { return }
            try db.insert(
                Card(
                    id: 0, cardType: CardRules.plainType, cardNo: userID, userID: userID, appID: nil, title: title,
                    isRevoked: false, cardData: [], isPrepaid: false, isDisabled: false, updatedAt: WallClock.now,
                    messages: [], riderScalar: scalar))
        }
    }

    func hasRider(_ userID: String) async throws -> Bool {
        try await read { db in try db.one(.rider, [userID]) != nil }
    }

    func riders(limit: Int) async throws -> [String] {
        try await read { db in try db.all(.riders, [limit]).map { $0["user_id"] } }
    }

    func cards(of userID: String) async throws -> [Card] {
        try await read { db in try db.all(.cardsOfRider, [userID]).map(Card.init) }
    }

    func cards(limit: Int) async throws -> [Card] {
        try await read { db in try db.all(.cards, [limit]).map(Card.init) }
    }

    /// A prepaid card's money in cents.
    func balance(of card: Card) async throws -> Int64 {
        try await read { db in try db.balance(.card, card.account) }
    }
}

extension Database {
    func insert(_ card: Card) throws {
        try run(
            .insertCard,
            [
                card.cardType, card.cardNo, card.userID, card.appID, card.title, card.cardData.data,
                card.isPrepaid ? 1 : 0, card.isDisabled ? 1 : 0, card.disabledCode, card.disabledTips, card.extInfo,
                card.updatedAt, card.messages.data, card.riderScalar.data,
            ])
    }

    func update(_ card: Card) throws {
        try run(
            .updateCard,
            [
                card.isRevoked ? 1 : 0, card.cardData.data, card.isPrepaid ? 1 : 0, card.isDisabled ? 1 : 0,
                card.disabledCode, card.disabledTips, card.extInfo, card.updatedAt, card.messages.data, card.id,
            ])
    }

    func card(_ cardType: String, _ cardNo: String) throws -> Card? {
        try one(.card, [cardType, cardNo]).map(Card.init)
    }
}

extension Card {
    init(_ row: Row) {
        self.init(
            id: row["id"], cardType: row["card_type"], cardNo: row["card_no"], userID: row["user_id"],
            appID: row["app_id"], title: row["title"], isRevoked: row["is_revoked"] == 1,
            cardData: [UInt8](row["card_data"] as Data), isPrepaid: row["is_prepaid"] == 1,
            isDisabled: row["is_disabled"] == 1, disabledCode: row["disabled_code"],
            disabledTips: row["disabled_tips"], extInfo: row["ext_info"], updatedAt: row["updated_at"],
            messages: [UInt8](row["messages"] as Data),
            riderScalar: [UInt8](row["rider_scalar"] as Data))
    }

    /// The owner of its account in the ledger.
    var account: String { "\(cardType)/\(cardNo)" }
}
