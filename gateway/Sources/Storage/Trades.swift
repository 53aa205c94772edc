import Foundation
import GRDB
import GatewaySystem
import Settlement

extension Store {
    /// Settles trades, or finds the earlier answers of those that came before: all of them in one transaction.
    package func settle(_ trades: [Trade], limits: SettlementLimits, at time: Int64) async throws -> [TradeAnswer] {
        try await write { db in try trades.map { try db.settle($0, limits: limits, at: time) } }
    }

    /// Settles a made-up trade, rolls it back and commits: the disk has to accept each page that a settlement writes,
    /// unchanged. Throws what a settlement would throw.
    func rehearseSettlement() async throws {
        try await write { db in
            // Without a merchant nobody can settle.
            guard let appID: String = try db.one(.merchants, [])?["app_id"] else { return }
            let userID = RandomText.digits(16)
            let ride = RecordedRide(
                userID: userID, code: Array(RandomText.hex(bytes: 16).utf8), trip: .single, amountCent: 0, quotaCent: 1,
                acceptedAt: 0, card: nil)
            let trade = Trade(
                appID: appID, outTradeNo: RandomText.hex(bytes: 16), digest: [], userID: userID, amountCent: 1,
                subject: "rehearsal", orderedAt: 0, context: nil, sellerLoginName: nil, records: [.good(ride)])
            try db.inSavepoint {
                _ = try db.settle(trade, limits: SettlementLimits(), at: 0)
                return .rollback
            }
        }
    }

    /// The last settled rides with a card, the newest first.
    package func rides(with card: Card, limit: Int) async throws -> [Ride] {
        try await read { db in try db.all(.ridesOfCard, [card.userID, card.cardType, card.cardNo, limit]) }
    }

    /// The last settled rides of a rider with cards that the start page does not list.
    package func ridesWithoutCard(of userID: String, limit: Int) async throws -> [Ride] {
        try await read { db in try db.all(.ridesOfNoCard, [userID, limit]) }
    }

    package func lastTrades(limit: Int) async throws -> [TradeRow] {
        try await read { db in try db.all(.lastTrades, [limit]) }
    }

    /// Settled rides in each of the last hours. The key counts hours since 1970.
    package func ridesPerHour(since: Int64) async throws -> [Int64: Int] {
        try await read { db in
            Dictionary(
                uniqueKeysWithValues: try Row.fetchAll(
                    db.cachedStatement(.ridesPerHour), arguments: [since]
                ).map { ($0["hour"], $0["rides"]) })
        }
    }
}

extension Database {
    fileprivate func settle(_ trade: Trade, limits: SettlementLimits, at time: Int64) throws -> TradeAnswer {
        switch TradeRules.decide(trade, try facts(about: trade), limits: limits, now: time) {
        case .repeated(let answer): return answer
        case .numberTaken(let refusal), .correct(let refusal): return .refused(refusal)
        case .refuse(let refusal):
            _ = try insert(trade, card: nil, refusal, at: time)
            return .refused(refusal)
        case .settle(let payingCard, let card):
            let id = try insert(trade, card: card, nil, at: time)
            for code in trade.codes { try run(.insertSettledCode, [code.data, id]) }
            try run(.insertRider, [trade.userID, time])
            let payer =
                if let payingCard { try openAccount(.card, payingCard.account) } else {
                    try openAccount(.rider, trade.userID)
                }
            try transfer(
                trade.amountCent, from: payer, to: try openAccount(.merchant, trade.appID), for: .ride, trade: id,
                at: time)
            return .settled(id: id, at: time)
        }
    }

    private func facts(about trade: Trade) throws -> TradeFacts {
        var facts = TradeFacts()
        facts.earlier = try TradeFacts.Earlier.fetchOne(
            cachedStatement(.trade), arguments: [trade.appID, trade.outTradeNo])
        if facts.earlier != nil { return facts }
        facts.hasSettledCode = try trade.codes.contains { try one(.settledCode, [$0.data]) != nil }
        if let name = trade.sellerLoginName { facts.sellerAppID = try one(.merchantByLogin, [name])?["app_id"] }
        if let name = trade.card, let card = try card(name.type, name.number) {
            facts.card = TradeFacts.StoredCard(card: card, balanceCent: try balance(.card, card.account))
        }
        return facts
    }

    /// A refused trade has no card: its records may be wrong.
    private func insert(_ trade: Trade, card: CardName?, _ refusal: TradeRefusal?, at time: Int64) throws -> Int64 {
        try run(
            .insertTrade,
            [
                "app_id": trade.appID, "out_trade_no": trade.outTradeNo, "digest": trade.digest.data,
                "user_id": trade.userID, "amount_cent": trade.amountCent, "subject": trade.subject,
                "ordered_at": trade.orderedAt, "context": trade.context, "card_type": card?.type,
                "card_no": card?.number, "error_code": refusal?.code, "error_message": refusal?.reason,
                "created_at": time,
            ])
        return lastInsertedRowID
    }
}
