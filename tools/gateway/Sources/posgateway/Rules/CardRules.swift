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
        note(in: &card)
        return card
    }

    /// The card remembers that it has had this message.
    func note(in card: inout Card) {
        card.messages = (updatedAt == card.updatedAt ? card.messages : []) + digest
        card.updatedAt = updatedAt
    }

    /// Whether it is older than what the card has had, or the same again: a lost answer, most often.
    fileprivate func isOld(for card: Card) -> Bool {
        guard updatedAt == card.updatedAt else { return updatedAt < card.updatedAt }
        return stride(from: 0, to: card.messages.count, by: digest.count).contains { start in
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

    static func decide(_ message: CardMessage, stored: Card?, typeOwner: String?, appID: String) -> Decision {
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
        guard !message.isOld(for: card) else { return .nothing }
        guard card.messages.count < largestMessages || message.updatedAt > card.updatedAt else {
            return .refuse(CardRefusal(.tooMany, "同一秒的消息过多", "too many messages of one second: give a later time"))
        }
        switch message.action {
        case .issue where card.isRevoked: return .issue
        case .issue: return .refuse(CardRefusal(.cardExists, "卡片已存在，请用 UPDATE", "the card exists: send UPDATE"))
        case .update where card.isRevoked:
            return .refuse(CardRefusal(.cardRevoked, "卡片已注销", "the card is revoked: ISSUE opens it again"))
        case .update: return .update(card)
        case .revoke: return card.isRevoked ? .nothing : .revoke(card)
        }
    }
}
