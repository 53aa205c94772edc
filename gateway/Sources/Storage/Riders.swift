import Foundation
import GRDB
import GatewaySystem
import Settlement

extension Store {
    package func session(_ tokenDigest: Data) async throws -> Session? {
        try await read { db in
            try Session.fetchOne(db.cachedStatement(.session), arguments: [tokenDigest, SystemTime.now])
        }
    }

    package func addSession(_ tokenDigest: Data, userID: String?, expiresAt: Int64) async throws {
        try await write { db in
            // Only the console's: a rider has no password to come back with, and the clock may be wrong now.
            try db.run(.deleteOldSessions, [SystemTime.now])
            try db.run(.insertSession, [tokenDigest, userID, expiresAt])
        }
    }

    package func renewSession(_ tokenDigest: Data, expiresAt: Int64) async throws {
        try await write { db in try db.run(.renewSession, [expiresAt, tokenDigest]) }
    }

    package func removeSession(_ tokenDigest: Data) async throws {
        try await write { db in try db.run(.deleteSession, [tokenDigest]) }
    }

    /// Adds a rider who has agreed, with a plain transit card. `scalar`: the card's private key.
    package func addRider(_ userID: String, title: String, scalar: [UInt8]) async throws {
        try await write { db in
            try db.run(.insertRider, [userID, SystemTime.now])
            guard try db.card(CardRules.plainType, userID) == nil else { return }
            try db.insert(
                Card(
                    cardType: CardRules.plainType, cardNo: userID, userID: userID, appID: nil, title: title,
                    updatedAt: SystemTime.now, riderScalar: scalar))
        }
    }

    package func hasRider(_ userID: String) async throws -> Bool {
        try await read { db in try db.one(.rider, [userID]) != nil }
    }

    package func riders(limit: Int) async throws -> [String] {
        try await read { db in try String.fetchAll(db.cachedStatement(.riders), arguments: [limit]) }
    }

    package func cards(of userID: String) async throws -> [Card] {
        try await read { db in try db.all(.cardsOfRider, [userID]) }
    }

    package func cards(limit: Int) async throws -> [Card] {
        try await read { db in try db.all(.cards, [limit]) }
    }

    /// A prepaid card's money in cents.
    package func balance(of card: Card) async throws -> Int64 {
        try await read { db in try db.balance(.card, card.account) }
    }
}

extension Database {
    func insert(_ card: Card) throws { try run(.insertCard, card) }

    func update(_ card: Card) throws { try run(.updateCard, card) }

    func card(_ cardType: String, _ cardNo: String) throws -> Card? {
        try Card.fetchOne(cachedStatement(.card), arguments: [cardType, cardNo])
    }
}
