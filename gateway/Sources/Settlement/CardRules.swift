import GatewayText
import TransitCode

/// What the database knows of a message's card.
package struct CardFacts: Sendable, Equatable {
    /// The card under the message's type and number.
    package let stored: Card?
    /// The merchant that owns the card type. Nil when no card of it was ever issued.
    package let typeOwner: String?

    package init(stored: Card?, typeOwner: String?) {
        self.stored = stored
        self.typeOwner = typeOwner
    }
}

/// What a message does.
package enum CardDecision: Sendable, Equatable {
    case refuse(CardRefusal)
    /// A success that changes nothing: the card has a newer message, or this one.
    case nothing
    /// The card is to be stored like this; its id is 0 when it is new. `balanceCent`: what the ledger is to hold, when
    /// the message says so.
    case store(Card, balanceCent: Int64?)
}

/// When a card may be issued, updated and revoked (docs/gateway.md, "Cards").
package enum CardRules {
    /// The plain transit card, as gates name it.
    package static let plainType = "ANT00001"
    /// Sizes of the fields in a code.
    static let userIDCount = 16
    package static let cardTypeCount = 8
    /// Bytes of digests that a card remembers: 256 messages.
    package static let largestMessages = 256 * 32
    /// How far ahead of now a message's time may be, for the sake of merchants' clocks.
    package static let secondsAhead: Int64 = 300

    /// Whether it fits into a code, and gates accept it.
    static func isUserID(_ text: String) -> Bool {
        text.utf8.count == userIDCount && text.utf8.allSatisfy(\.isPrintableASCII)
    }

    /// `newScalar`: the private key of the card, if it is a new one.
    package static func decide(
        _ message: CardMessage, _ facts: CardFacts, appID: String, newScalar: [UInt8], now: Int64
    ) -> CardDecision {
        guard message.cardType != plainType, (facts.typeOwner ?? appID).isSame(as: appID) else {
            return .refuse(CardRefusal(.typeOfOther, "卡类型属于其他商户", "this card type belongs to another merchant"))
        }
        guard isUserID(message.userID) else {
            return .refuse(
                CardRefusal(
                    .userUnknown, "用户不存在，用户号为 16 位可见 ASCII 字符",
                    "no such user: user ids are 16 printable ASCII characters"))
        }
        if let stored = facts.stored, !stored.userID.isSame(as: message.userID) {
            return .refuse(CardRefusal(.userMismatch, "卡片属于其他用户", "the card belongs to another user"))
        }
        guard let card = facts.stored else {
            guard message.action == .issue else {
                return .refuse(CardRefusal(.cardNotExist, "卡片不存在，请先 ISSUE", "no such card: send ISSUE first"))
            }
            return issue(
                Card(
                    cardType: message.cardType, cardNo: message.cardNo, userID: message.userID, appID: appID,
                    title: message.cardType, updatedAt: 0, riderScalar: newScalar), message)
        }
        let age = message.age(for: card, now: now)
        guard age != .unknown else {
            return .refuse(
                CardRefusal(
                    .timeAhead, "卡片时间晚于网关时钟，请用当前时间重发",
                    "the card's time is ahead of the gateway's clock: send it with the time of now"))
        }
        guard age != .older, !message.isRepeated(for: card) else { return .nothing }
        switch message.action {
        case .revoke:
            if card.isRevoked, message.updatedAt == card.updatedAt { return .nothing }
            return .store(message.revoking(card), balanceCent: card.isPrepaid ? 0 : nil)
        case .issue, .update:
            return card.isRevoked ? reopen(card, message, age) : change(card, message)
        }
    }

    private static func issue(_ card: Card, _ message: CardMessage) -> CardDecision {
        var card = message.applied(to: card)
        card.isRevoked = false
        return .store(card, balanceCent: message.balanceCent)
    }

    /// A REVOKE outweighs every message that is not newer: an ISSUE of the same second does not reopen the card.
    private static func reopen(_ card: Card, _ message: CardMessage, _ age: CardMessage.Age) -> CardDecision {
        guard message.action == .issue else {
            return .refuse(CardRefusal(.cardRevoked, "卡片已注销", "the card is revoked: ISSUE opens it again"))
        }
        guard age == .newer else {
            return .refuse(CardRefusal(.cardRevoked, "卡片在同一秒已注销", "revoked in that second: give a later time"))
        }
        return issue(card, message)
    }

    private static func change(_ card: Card, _ message: CardMessage) -> CardDecision {
        guard message.action == .update else {
            return .refuse(CardRefusal(.cardExists, "卡片已存在，请用 UPDATE", "the card exists: send UPDATE"))
        }
        guard message.updatedAt != card.updatedAt || card.messages.count < largestMessages else {
            return .refuse(CardRefusal(.tooMany, "同一秒的消息过多", "too many messages of one second: give a later time"))
        }
        return .store(message.applied(to: card), balanceCent: message.balanceCent)
    }
}
