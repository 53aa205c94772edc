import GatewayText

/// What the ledger knows of a trade before it decides.
package struct TradeFacts: Sendable, Equatable {
    /// A trade of this merchant under the same number.
    package struct Earlier: Sendable, Equatable {
        package let digest: [UInt8]
        package let answer: TradeAnswer

        package init(digest: [UInt8], answer: TradeAnswer) {
            self.digest = digest
            self.answer = answer
        }
    }

    /// The stored card that the trade's records name, and the money on it.
    package struct StoredCard: Sendable, Equatable {
        package let card: Card
        package let balanceCent: Int64

        package init(card: Card, balanceCent: Int64) {
            self.card = card
            self.balanceCent = balanceCent
        }
    }

    package var earlier: Earlier?
    /// Whether one of its codes has settled in another trade, of any merchant.
    package var hasSettledCode = false
    /// The merchant whose account `sellerLoginName` is.
    package var sellerAppID: String?
    package var card: StoredCard?

    package init() {}
}

/// What becomes of a trade.
package enum TradeDecision: Sendable, Equatable {
    /// It was decided before: answered as then, nothing is stored.
    case repeated(TradeAnswer)
    /// Its number belongs to another trade. Nothing is stored.
    case numberTaken(TradeRefusal)
    /// A field is wrong, and the merchant sends it corrected under the same number. Nothing is stored.
    case correct(TradeRefusal)
    /// Stored as a failure.
    case refuse(TradeRefusal)
    /// Charged: to the prepaid card, or to the rider's account when that is nil. `card` is the card of the ride.
    case settle(from: Card?, card: CardName)
}

/// When a trade settles (docs/gateway.md, "Settlement").
package enum TradeRules {
    package static func decide(
        _ trade: Trade, _ facts: TradeFacts, limits: SettlementLimits, now: Int64
    ) -> TradeDecision {
        if let earlier = facts.earlier {
            guard earlier.digest == trade.digest else {
                return .numberTaken(
                    TradeRefusal(
                        .illegalParams,
                        "out_trade_no 已用于另一笔交易，请换号 / out_trade_no was used for another trade: take a new one"))
            }
            return .repeated(earlier.answer)
        }
        if let mistake = RideRules.mistake(in: trade, now: now) { return .correct(mistake) }
        if let refusal = RideRules.firstViolation(of: trade, limits: limits, now: now)
            ?? firstViolation(of: trade, facts)
        {
            return .refuse(refusal)
        }
        return .settle(from: payingCard(of: trade, facts)?.card, card: trade.card ?? .plain(of: trade.userID))
    }

    /// The first broken rule that takes the ledger to see.
    private static func firstViolation(of trade: Trade, _ facts: TradeFacts) -> TradeRefusal? {
        guard !facts.hasSettledCode else {
            return TradeRefusal(
                .recordSettled, "脱机记录已在其他交易中结算 / a record of this code has settled in another trade: charge it once")
        }
        guard trade.sellerLoginName == nil || facts.sellerAppID == trade.appID else {
            return TradeRefusal(
                .sellerUnknown, "seller_login_name 不是本商户的账号 / seller_login_name is not this merchant's account")
        }
        if let card = payingCard(of: trade, facts), card.balanceCent < trade.amountCent {
            return TradeRefusal(.balance, "卡余额不足 / the prepaid card's balance is below the amount: top it up")
        }
        return nil
    }

    /// The prepaid card that pays. A revoked card's balance went back to the merchant, so the rider's account pays
    /// then.
    private static func payingCard(of trade: Trade, _ facts: TradeFacts) -> TradeFacts.StoredCard? {
        guard let stored = facts.card, stored.card.isPrepaid, !stored.card.isRevoked,
            stored.card.userID.isSame(as: trade.userID)
        else { return nil }
        return stored
    }
}
