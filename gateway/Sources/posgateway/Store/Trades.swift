import Foundation
import GRDB

/// A trade that may settle: its fields are what they have to be, and its records have been looked at.
struct Trade: Sendable {
    let appID: String
    let outTradeNo: String
    /// Of everything that the request said: the same again is a retry.
    let digest: Data
    let userID: String
    let amountCent: Int64
    let subject: String
    let orderedAt: Int64
    let context: String?
    let sellerLoginName: String?
    /// Of the codes in its records: what settles once.
    let codes: [Data]
    /// What its records name, when that is a card of its own.
    let card: CardName?
    /// What the rules had against it, before anything was looked up.
    let refusal: TradeRefusal?
}

/// Why a trade fails for good.
struct TradeRefusal: Error, Equatable, Sendable {
    let code: String
    let reason: String

    init(_ code: Code, _ reason: String) {
        self.code = code.rawValue
        self.reason = reason.clipped
    }

    fileprivate init(code: String, reason: String) {
        self.code = code
        self.reason = reason
    }

    /// Stable names, for programs.
    enum Code: String {
        case illegalParams = "ILLEGAL_PARAMS"
        case tooLate = "TRADE_TOO_LATE"
        case recordInvalid = "RECORD_INVALID"
        case recordSettled = "RECORD_ALREADY_SETTLED"
        case rideIncomplete = "RIDE_INCOMPLETE"
        case userMismatch = "USER_NOT_MATCH"
        case aboveQuota = "AMOUNT_ABOVE_QUOTA"
        case aboveCap = "AMOUNT_ABOVE_CAP"
        case aboveRecord = "AMOUNT_ABOVE_RECORD"
        case sellerUnknown = "SELLER_NOT_EXIST"
        case balance = "CARD_BALANCE_NOT_ENOUGH"
    }
}

/// What became of a trade.
enum TradeAnswer: Sendable, Equatable {
    case settled(id: Int64, at: Int64)
    case refused(TradeRefusal)
}

extension Store {
    /// Settles trades, or finds what became of them when they came before: all of them in one transaction.
    func settle(_ trades: [Trade], at time: Int64) async throws -> [TradeAnswer] {
        try await write { db in try trades.map { try db.settle($0, at: time) } }
    }

    /// Settles a made-up trade, takes it back and commits. The disk then has to take each page that a settlement touches,
    /// as it was before. Throws what a settlement would end with.
    func rehearseSettlement() async throws {
        let trade = { @Sendable (appID: String) in
            Trade(
                appID: appID, outTradeNo: RandomText.hex(bytes: 16), digest: Data(), userID: RandomText.digits(16),
                amountCent: 1, subject: "rehearsal", orderedAt: 0, context: nil, sellerLoginName: nil,
                codes: [Data(RandomText.hex(bytes: 16).utf8)], card: nil, refusal: nil)
        }
        try await write { db in
            // Without a merchant there is nobody who could settle.
            guard let appID: String = try db.one(.merchants, [])?["app_id"] else { return }
            try db.inSavepoint {
                _ = try db.settle(trade(appID), at: 0)
                return .rollback
            }
        }
    }

    /// The last settled rides with a card, the newest first.
    func rides(with card: Card, limit: Int, clock: WallClock) async throws -> [Ride] {
        try await read { db in
            try db.all(.ridesOfCard, [card.userID, card.cardType, card.cardNo, limit]).map { Ride($0, clock) }
        }
    }

    /// The last settled rides of a rider with cards that the start page does not list.
    func ridesWithoutCard(of userID: String, limit: Int, clock: WallClock) async throws -> [Ride] {
        try await read { db in try db.all(.ridesOfNoCard, [userID, limit]).map { Ride($0, clock) } }
    }

    func lastTrades(limit: Int, clock: WallClock) async throws -> [TradeRow] {
        try await read { db in
            try db.all(.lastTrades, [limit]).map { row in
                TradeRow(
                    tradeNo: TradeNumber.text(row["id"], at: row["created_at"], clock), appID: row["app_id"],
                    outTradeNo: row["out_trade_no"], userID: row["user_id"], amountCent: row["amount_cent"],
                    subject: row["subject"], createdAt: row["created_at"], errorCode: row["error_code"],
                    errorMessage: row["error_message"])
            }
        }
    }

    /// Settled rides in each of the last hours, oldest first; an hour is counted from 1970.
    func ridesPerHour(since: Int64) async throws -> [Int64: Int] {
        try await read { db in
            Dictionary(uniqueKeysWithValues: try db.all(.ridesPerHour, [since]).map { ($0["hour"], $0["rides"]) })
        }
    }
}

extension Database {
    fileprivate func settle(_ trade: Trade, at time: Int64) throws -> TradeAnswer {
        if let row = try one(.trade, [trade.appID, trade.outTradeNo]) {
            guard row["digest"] == trade.digest else {
                return .refused(TradeRefusal(
                    .illegalParams,
                    "out_trade_no 已用于另一笔交易，请换号 / out_trade_no was used for another trade: take a new one"))
            }
            return TradeAnswer(row)
        }
        let refusal = try trade.refusal ?? objection(to: trade)
        // Of a refused trade nobody knows whether its records are good.
        let card = refusal == nil ? trade.card ?? .plain(of: trade.userID) : nil
        try run(
            .insertTrade,
            [
                trade.appID, trade.outTradeNo, trade.digest, trade.userID, trade.amountCent, trade.subject,
                trade.orderedAt, trade.context, card?.type, card?.number, refusal?.code, refusal?.reason, time,
            ])
        let id = lastInsertedRowID
        if let refusal { return .refused(refusal) }
        for code in trade.codes { try run(.insertSettledCode, [code, id]) }
        try run(.insertRider, [trade.userID, time])
        try transfer(
            trade.amountCent, from: try payer(of: trade), to: try account(.merchant, trade.appID), for: .ride,
            trade: id, at: time)
        return .settled(id: id, at: time)
    }

    /// What only the database knows against a trade.
    private func objection(to trade: Trade) throws -> TradeRefusal? {
        for code in trade.codes where try one(.settledCode, [code]) != nil {
            return TradeRefusal(
                .recordSettled, "脱机记录已在其他交易中结算 / a record of this code has settled in another trade: charge it once")
        }
        if let name = trade.sellerLoginName {
            let appID: String? = try one(.merchantByLogin, [name])?["app_id"]
            guard appID == trade.appID else {
                return TradeRefusal(
                    .sellerUnknown, "seller_login_name 不是本商户的账号 / seller_login_name is not this merchant's account")
            }
        }
        if let card = try prepaidCard(of: trade), try balance(.card, card.account) < trade.amountCent {
            return TradeRefusal(.balance, "卡余额不足 / the prepaid card's balance is below the amount: top it up")
        }
        return nil
    }

    private func payer(of trade: Trade) throws -> Int64 {
        if let card = try prepaidCard(of: trade) { return try account(.card, card.account) }
        return try account(.rider, trade.userID)
    }

    /// What a revoked card held is the merchant's again: its last rides are the rider's own bill.
    private func prepaidCard(of trade: Trade) throws -> Card? {
        guard let name = trade.card, let card = try card(name.type, name.number), card.isPrepaid, !card.isRevoked,
            card.userID.isSame(as: trade.userID)
        else { return nil }
        return card
    }
}

extension Ride {
    fileprivate init(_ row: Row, _ clock: WallClock) {
        let type: String? = row["card_type"]
        let number: String? = row["card_no"]
        tradeNo = TradeNumber.text(row["id"], at: row["created_at"], clock)
        subject = row["subject"]
        orderedAt = row["ordered_at"]
        amountCent = row["amount_cent"]
        card = type.flatMap { type in number.map { CardName(type: type, number: $0) } }
        isPaidByCard = row["payer"] == AccountKind.card.rawValue
    }
}

extension TradeAnswer {
    fileprivate init(_ row: Row) {
        if let code: String = row["error_code"] {
            self = .refused(TradeRefusal(code: code, reason: row["error_message"] ?? ""))
        } else {
            self = .settled(id: row["id"], at: row["created_at"])
        }
    }
}
