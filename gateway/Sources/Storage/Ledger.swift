import GRDB
import Settlement

/// What an account holds.
enum AccountKind: String, Sendable {
    /// What a rider has paid: it goes below zero, as a bill does.
    case rider
    /// What a merchant has earned.
    case merchant
    /// What is left on a prepaid card; never below zero.
    case card
    /// What a merchant has put on its prepaid cards, below zero.
    case float
}

/// Why an amount moves.
enum TransferReason: String, Sendable {
    case ride
    case cardBalance = "card balance"
}

extension Database {
    /// Moves an amount from one account to another. One row holds debit and credit, so neither is written alone.
    func transfer(
        _ amountCent: Int64, from debit: Int64, to credit: Int64, for reason: TransferReason, trade: Int64? = nil,
        at time: Int64
    ) throws {
        try run(.insertTransfer, [debit, credit, amountCent, reason.rawValue, trade, time])
        try run(.addToAccount, [-amountCent, debit])
        try run(.addToAccount, [amountCent, credit])
    }

    /// The account's number. Opens the account when there is none.
    func openAccount(_ kind: AccountKind, _ owner: String) throws -> Int64 {
        if let row = try one(.account, [kind.rawValue, owner]) { return row["id"] }
        try run(.insertAccount, [kind.rawValue, owner])
        return lastInsertedRowID
    }

    func balance(_ kind: AccountKind, _ owner: String) throws -> Int64 {
        try one(.account, [kind.rawValue, owner])?["balance_cent"] ?? 0
    }

    /// Sets a prepaid card's balance, by a transfer of the difference.
    func setBalance(of card: Card, to cents: Int64, merchant: String, at time: Int64) throws {
        let difference = cents - (try balance(.card, card.account))
        guard difference != 0 else { return }
        let cardAccount = try openAccount(.card, card.account)
        let float = try openAccount(.float, merchant)
        if difference > 0 {
            try transfer(difference, from: float, to: cardAccount, for: .cardBalance, at: time)
        } else {
            try transfer(-difference, from: cardAccount, to: float, for: .cardBalance, at: time)
        }
    }
}

extension Store {
    /// All but the riders'.
    package func accounts(limit: Int) async throws -> [AccountRow] {
        try await read { db in try db.all(.accounts, [limit]) }
    }
}
