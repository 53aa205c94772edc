/// A message of virtualcard.send.
package struct CardMessage: Sendable {
    package enum Action: String, CaseIterable, Sendable {
        case issue = "ISSUE"
        case update = "UPDATE"
        case revoke = "REVOKE"
    }

    package let action: Action
    package let userID: String
    package let updatedAt: Int64
    package let cardType: String
    package let cardNo: String
    package let cardData: [UInt8]
    /// Nil for a card that is not prepaid.
    package let balanceCent: Int64?
    package let isDisabled: Bool
    package let disabledCode: String?
    package let disabledTips: String?
    package let extInfo: String?
    /// SHA-256 of all that the message says.
    package let digest: [UInt8]

    package init(
        action: Action, userID: String, updatedAt: Int64, cardType: String, cardNo: String, cardData: [UInt8],
        balanceCent: Int64?, isDisabled: Bool, disabledCode: String?, disabledTips: String?, extInfo: String?,
        digest: [UInt8]
    ) {
        self.action = action
        self.userID = userID
        self.updatedAt = updatedAt
        self.cardType = cardType
        self.cardNo = cardNo
        self.cardData = cardData
        self.balanceCent = balanceCent
        self.isDisabled = isDisabled
        self.disabledCode = disabledCode
        self.disabledTips = disabledTips
        self.extInfo = extInfo
        self.digest = digest
    }

    /// The card as it is after this message. A balance makes it prepaid for good.
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

    enum Age {
        case older, same, newer
        /// The card's time, or the message's, is of a wrong clock: nobody can know which came first.
        case unknown
    }

    /// How its time compares with the card's.
    func age(for card: Card, now: Int64) -> Age {
        // The gateway's clock was ahead when it accepted that time, or was set back since. A message of now must still
        // count, and a message of long ago must not count as one of now.
        if card.updatedAt > now + CardRules.secondsAhead {
            return updatedAt < now - CardRules.secondsAhead ? .unknown : .same
        }
        return updatedAt < card.updatedAt ? .older : updatedAt == card.updatedAt ? .same : .newer
    }

    /// Whether the card has had this message: most often a retry, because the answer was lost.
    func isRepeated(for card: Card) -> Bool {
        stride(from: 0, to: card.messages.count, by: digest.count).contains { start in
            card.messages[start...].starts(with: digest)
        }
    }
}
