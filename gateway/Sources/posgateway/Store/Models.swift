/// A program that calls the gateway, and whom it is paid for.
struct Merchant: Sendable {
    let appID: String
    let name: String
    /// Where its money goes; `seller_login_name` may name it.
    let loginName: String
    /// Nil until one is pasted.
    let key: Result<ApplicationKey, MerchantKeyFault>?
    /// Whether it may call the interfaces.
    let isContracted: Bool
}

/// A merchant's public key was checked when it was pasted, and cannot be read any more.
struct MerchantKeyFault: NamedFault, CustomStringConvertible {
    let appID: String
    let cause: any Error

    var name: String { "merchant-key-damaged" }
    var advice: String { "paste the public key of \(appID) in the console again, and run posgateway audit" }
    var description: String { "the stored public key of \(appID) cannot be read: \(cause)" }
}

/// A key that signs the records of a merchant's gates.
struct RecordKeyRow: Sendable {
    let id: Int64
    let keyID: [UInt8]
    let key: [UInt8]
    let createdAt: Int64
}

/// One of the issuer's keys.
struct IssuerKeyRow: Sendable {
    enum State: String, Sendable {
        /// In the list that gates fetch.
        case published
        /// In the list, and riders' codes are signed with it. One key at a time.
        case active
        /// Out of the list: codes made later than this do not count.
        case retired
    }

    let id: UInt8
    let scalar: [UInt8]
    let publicKey: [UInt8]
    let state: State
    let createdAt: Int64
    let retiredAt: Int64?
}

/// How codes and messages name a card.
struct CardName: Sendable, Equatable {
    let type: String
    let number: String

    /// The one plain transit card of a rider, whatever number its codes have.
    static func plain(of userID: String) -> CardName { CardName(type: CardRules.plainType, number: userID) }
}

/// A rider's card: the plain transit code that agreeing opens, or one that a merchant issued.
struct Card: Sendable, Equatable {
    var id: Int64
    var cardType: String
    var cardNo: String
    var userID: String
    /// Nil for the plain transit code.
    var appID: String?
    var title: String
    var isRevoked: Bool
    var cardData: [UInt8]
    /// The balance is the ledger's.
    var isPrepaid: Bool
    var isDisabled: Bool
    var disabledCode: String?
    var disabledTips: String?
    var extInfo: String?
    var updatedAt: Int64
    /// Digests of the messages of that second, one behind the other: one that comes again changes nothing.
    var messages: [UInt8]
    /// The rider's private key for codes of this card, secp192k1.
    var riderScalar: [UInt8]
}

/// A settled ride, as the rider's pages list it.
struct Ride: Sendable {
    let tradeNo: String
    let subject: String
    let orderedAt: Int64
    let amountCent: Int64
    /// What its code named. Nil when that was not kept.
    let card: CardName?
    /// Whether the card's balance paid for it, as against the rider's account.
    let isPaidByCard: Bool
}

/// One trade as the console shows it.
struct TradeRow: Sendable {
    let tradeNo: String
    let appID: String
    let outTradeNo: String
    let userID: String
    let amountCent: Int64
    let subject: String
    let createdAt: Int64
    let errorCode: String?
    let errorMessage: String?
}
