import TransitCode

/// What virtualcard.send says of a card.
struct CardMessage: Sendable {
    enum Action: String, CaseIterable, Sendable {
        case issue = "ISSUE"
        case update = "UPDATE"
        case revoke = "REVOKE"
    }

    let action: Action
    let userID: String
    let updatedAt: Int64
    let cardType: String
    let cardNo: String
    let cardData: [UInt8]
    /// Nil for a card that is paid afterwards.
    let balanceCent: Int64?
    let isDisabled: Bool
    let disabledCode: String?
    let disabledTips: String?
    let extInfo: String?
    /// Of all that the message says.
    let digest: [UInt8]

    /// The card as it is after this message. A balance once given makes it prepaid for good.
    func applied(to card: Card) -> Card {
        var card = card
        card.cardData = cardData
        card.isPrepaid = card.isPrepaid || balanceCent != nil
        card.isDisabled = isDisabled
        card.disabledCode = disabledCode
        card.disabledTips = disabledTips
        card.extInfo = extInfo
        setTime(of: &card)
        card.messages += digest
        return card
    }

    /// The card as it is after this REVOKE. It needs no digest: a REVOKE of a revoked card is always a success.
    func revoking(_ card: Card) -> Card {
        var card = card
        card.isRevoked = true
        setTime(of: &card)
        return card
    }

    /// The card remembers the messages of one second only.
    private func setTime(of card: inout Card) {
        if updatedAt != card.updatedAt { card.messages = [] }
        card.updatedAt = updatedAt
    }

    fileprivate enum Age { case older, same, newer }

    /// How its time compares with the card's.
    fileprivate func age(for card: Card, now: Int64) -> Age {
        // The gateway's clock was wrong when it took such a time. That time must not shield the card.
        if card.updatedAt > now + CardRules.secondsAhead { return .same }
        return updatedAt < card.updatedAt ? .older : updatedAt == card.updatedAt ? .same : .newer
    }

    /// Whether the card has had this very message: the answer to it was lost, most often.
    fileprivate func isRepeated(for card: Card) -> Bool {
        stride(from: 0, to: card.messages.count, by: digest.count).contains { start in
            card.messages[start...].starts(with: digest)
        }
    }
}

/// Why a card stays as it is.
struct CardRefusal: Error, Equatable, Sendable {
    /// The interface's sub_error_code.
    enum Code: String {
        case cardNotExist = "CARD_NOT_EXIST"
        case cardExists = "CARD_ALREADY_EXIST"
        case cardRevoked = "CARD_REVOKED"
        case userMismatch = "USER_NOT_MATCH"
        case userUnknown = "USER_NOT_EXIST"
        case typeOfOther = "CARD_TYPE_NO_RIGHT"
        case tooMany = "TOO_MANY_MESSAGES"
    }

    let code: Code
    let reason: String

    init(_ code: Code, _ chinese: String, _ english: String) {
        self.code = code
        reason = "\(chinese) / \(english)"
    }
}

/// When a card may be issued, updated and revoked (docs/gateway.md, "Cards").
enum CardRules {
    /// The plain transit code, as gates name it.
    static let plainType = "ANT00001"
    /// Room in a code.
    static let userIDCount = 16
    static let cardTypeCount = 8
    /// Bytes of digests that a card remembers.
    static let largestMessages = 256 * 32
    /// How far ahead of now a message's time may be: merchants' clocks differ by this much at most.
    static let secondsAhead: Int64 = 300

    /// Whether a code has room for it, and gates read it.
    static func isUserID(_ text: String) -> Bool {
        text.utf8.count == userIDCount && text.utf8.allSatisfy(\.isPrintableASCII)
    }

    enum Decision {
        case refuse(CardRefusal)
        /// What is stored is newer, or the same.
        case nothing
        case issue
        case update(Card)
        case revoke(Card)
    }

    static func decide(
        _ message: CardMessage, stored: Card?, typeOwner: String?, appID: String, now: Int64
    ) -> Decision {
        guard message.cardType != plainType, (typeOwner ?? appID).isSame(as: appID) else {
            return .refuse(CardRefusal(.typeOfOther, "卡类型属于其他商户", "this card type belongs to another merchant"))
        }
        guard isUserID(message.userID) else {
            return .refuse(CardRefusal(.userUnknown, "用户不存在，用户号为 16 位可见 ASCII 字符", "no such user: user ids are 16 printable ASCII characters"))
        }
        if let stored, !stored.userID.isSame(as: message.userID) {
            return .refuse(CardRefusal(.userMismatch, "卡片属于其他用户", "the card belongs to another user"))
        }
        guard let card = stored else {
            return message.action == .issue
                ? .issue : .refuse(CardRefusal(.cardNotExist, "卡片不存在，请先 ISSUE", "no such card: send ISSUE first"))
        }
        let age = message.age(for: card, now: now)
        guard age != .older, !message.isRepeated(for: card) else { return .nothing }
        switch message.action {
        case .revoke:
            return card.isRevoked && message.updatedAt == card.updatedAt ? .nothing : .revoke(card)
        case .issue, .update:
            return card.isRevoked ? reopen(message, age) : change(card, message)
        }
    }

    /// A REVOKE counts against everything that is not newer, so the same second does not reopen the card.
    private static func reopen(_ message: CardMessage, _ age: CardMessage.Age) -> Decision {
        guard message.action == .issue else {
            return .refuse(CardRefusal(.cardRevoked, "卡片已注销", "the card is revoked: ISSUE opens it again"))
        }
        guard age == .newer else {
            return .refuse(CardRefusal(.cardRevoked, "卡片在同一秒已注销", "revoked in that second: give a later time"))
        }
        return .issue
    }

    private static func change(_ card: Card, _ message: CardMessage) -> Decision {
        guard message.action == .update else {
            return .refuse(CardRefusal(.cardExists, "卡片已存在，请用 UPDATE", "the card exists: send UPDATE"))
        }
        guard message.updatedAt != card.updatedAt || card.messages.count < largestMessages else {
            return .refuse(CardRefusal(.tooMany, "同一秒的消息过多", "too many messages of one second: give a later time"))
        }
        return .update(card)
    }
}
