import BackOffice
import Foundation
import GRDB

extension Store {
    /// Makes a merchant's card what the merchant says that it is; nil for a success.
    func send(_ message: CardMessage, from appID: String, key: SigningKey) async throws -> CardRefusal? {
        let scalar = key.scalar
        return try await write { db in
            let owner: String? = try db.one(.cardTypeOwner, [message.cardType])?["app_id"]
            let stored = try db.card(message.cardType, message.cardNo)
            let time = WallClock.now
            let decision = CardRules.decide(message, stored: stored, typeOwner: owner, appID: appID, now: time)
            switch decision {
            case .refuse(let refusal): return refusal
            case .nothing: return nil
            case .issue:
                if owner == nil { try db.run(.insertCardType, [message.cardType, appID]) }
                try db.run(.insertRider, [message.userID, time])
                var card = message.applied(
                    to: stored
                        ?? Card(
                            id: 0, cardType: message.cardType, cardNo: message.cardNo, userID: message.userID,
                            appID: appID, title: message.cardType, isRevoked: false, cardData: [], isPrepaid: false,
                            isDisabled: false, updatedAt: 0, messages: [], riderScalar: scalar))
                card.isRevoked = false
                if stored == nil { try db.insert(card) } else { try db.update(card) }
                if let balance = message.balanceCent {
                    try db.setBalance(of: card, to: balance, merchant: appID, at: time)
                }
            case .update(let card):
                let updated = message.applied(to: card)
                try db.update(updated)
                if let balance = message.balanceCent {
                    try db.setBalance(of: updated, to: balance, merchant: appID, at: time)
                }
            case .revoke(let card):
                try db.update(message.revoking(card))
                // What is left is the merchant's to pay back.
                if card.isPrepaid { try db.setBalance(of: card, to: 0, merchant: appID, at: time) }
            }
            return nil
        }
    }
}
