/// A card's type and number, as codes and messages name it.
package struct CardName: Sendable, Equatable {
    package let type: String
    package let number: String

    package init(type: String, number: String) {
        self.type = type
        self.number = number
    }

    /// The plain transit card of a rider, whatever number its codes have.
    package static func plain(of userID: String) -> CardName { CardName(type: CardRules.plainType, number: userID) }
}

/// A rider's card: the plain transit card that signing up opens, or one that a merchant issued.
package struct Card: Sendable, Equatable {
    /// The database's number; 0 before it is stored.
    package var id: Int64
    package var cardType: String
    package var cardNo: String
    package var userID: String
    /// The merchant that issued it. Nil for the plain transit card.
    package var appID: String?
    package var title: String
    package var isRevoked: Bool
    package var cardData: [UInt8]
    /// The balance is in the ledger.
    package var isPrepaid: Bool
    package var isDisabled: Bool
    package var disabledCode: String?
    package var disabledTips: String?
    package var extInfo: String?
    package var updatedAt: Int64
    /// Digests of the messages of that second, concatenated. A repeated message has no effect.
    package var messages: [UInt8]
    /// The rider's private key for codes of this card, secp192k1.
    package var riderScalar: [UInt8]

    package init(
        id: Int64 = 0, cardType: String, cardNo: String, userID: String, appID: String?, title: String,
        isRevoked: Bool = false, cardData: [UInt8] = [], isPrepaid: Bool = false, isDisabled: Bool = false,
        disabledCode: String? = nil, disabledTips: String? = nil, extInfo: String? = nil, updatedAt: Int64,
        messages: [UInt8] = [], riderScalar: [UInt8]
    ) {
        self.id = id
        self.cardType = cardType
        self.cardNo = cardNo
        self.userID = userID
        self.appID = appID
        self.title = title
        self.isRevoked = isRevoked
        self.cardData = cardData
        self.isPrepaid = isPrepaid
        self.isDisabled = isDisabled
        self.disabledCode = disabledCode
        self.disabledTips = disabledTips
        self.extInfo = extInfo
        self.updatedAt = updatedAt
        self.messages = messages
        self.riderScalar = riderScalar
    }
}
