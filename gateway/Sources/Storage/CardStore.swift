import Foundation
import GRDB
import GatewaySystem
import Settlement

extension Store {
    /// Applies a merchant's message to its card. `newScalar`: the private key of the card, if it is a new one. Nil for
    /// a success.
    package func apply(_ message: CardMessage, from appID: String, newScalar scalar: [UInt8]) async throws
        -> CardRefusal?
    {
        try await write { db in
            let owner: String? = try db.one(.cardTypeOwner, [message.cardType])?["app_id"]
            let facts = CardFacts(stored: try db.card(message.cardType, message.cardNo), typeOwner: owner)
            let time = SystemTime.now
            switch CardRules.decide(message, facts, appID: appID, newScalar: scalar, now: time) {
            case .refuse(let refusal): return refusal
            case .nothing: return nil
            case .store(let card, let balanceCent):
                if owner == nil { try db.run(.insertCardType, [message.cardType, appID]) }
                if facts.stored == nil {
                    try db.run(.insertRider, [message.userID, time])
                    try db.insert(card)
                } else {
                    try db.update(card)
                }
                if let balanceCent { try db.setBalance(of: card, to: balanceCent, merchant: appID, at: time) }
                return nil
            }
        }
    }
}
