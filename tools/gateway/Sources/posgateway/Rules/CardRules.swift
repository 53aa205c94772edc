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

    /// The card as it is after this message. A balance once given makes it prepaid for good.
    func applied(to card: Card) -> Card {
        var card = card
        card.cardData = cardData
        card.isPrepaid = card.isPrepaid || balanceCent != nil
        card.isDisabled = isDisabled
        card.disabledCode = disabledCode
        card.disabledTips = disabledTips
        card.extInfo = extInfo
        card.updatedAt = updatedAt
        return card
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

    enum Decision {
        case refuse(CardRefusal)
        /// What is stored is newer, or the same.
        case nothing
        case issue
        case update(Card)
        case revoke(Card)
    }

    static func decide(_ message: CardMessage, stored: Card?, typeOwner: String?, appID: String) -> Decision {
        guard message.cardType != plainType, typeOwner ?? appID == appID else {
            return .refuse(CardRefusal(.typeOfOther, "卡类型属于其他商户", "this card type belongs to another merchant"))
        }
        guard message.userID.utf8.count == userIDCount else {
            return .refuse(CardRefusal(.userUnknown, "用户不存在，用户号为 16 位", "no such user: user ids have 16 characters"))
        }
        if let stored, stored.userID != message.userID {
            return .refuse(CardRefusal(.userMismatch, "卡片属于其他用户", "the card belongs to another user"))
        }
        switch (message.action, stored) {
        case (.issue, nil): return .issue
        case (.issue, let card?) where card.isRevoked:
            return message.updatedAt < card.updatedAt ? .nothing : .issue
        case (.issue, let card?):
            guard message.updatedAt == card.updatedAt, message.applied(to: card) == card else {
                return .refuse(CardRefusal(.cardExists, "卡片已存在，请用 UPDATE", "the card exists: send UPDATE"))
            }
            return .nothing
        case (_, nil):
            return .refuse(CardRefusal(.cardNotExist, "卡片不存在，请先 ISSUE", "no such card: send ISSUE first"))
        case (.update, let card?):
            guard !card.isRevoked else {
                return .refuse(CardRefusal(.cardRevoked, "卡片已注销", "the card is revoked: ISSUE opens it again"))
            }
            return message.updatedAt < card.updatedAt ? .nothing : .update(card)
        case (.revoke, let card?):
            return card.isRevoked || message.updatedAt < card.updatedAt ? .nothing : .revoke(card)
        }
    }
}
