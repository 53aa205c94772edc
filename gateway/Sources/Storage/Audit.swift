import GRDB

/// Why the audit cannot count.
package enum AuditError: Error, CustomStringConvertible {
    case damaged(String)

    package var description: String {
        switch self {
        case .damaged(let finding): "\(finding); \(StoreError.damaged.advice)"
        }
    }
}

/// The result of `posgateway audit`: whether money appeared, vanished, moved twice or went to somebody else.
package struct Audit: Sendable {
    package let trades: Int64
    package let settledTrades: Int64
    package let transfers: Int64
    package let accounts: Int64
    package let settledCodes: Int64
    /// The sum of all balances. It has to be 0.
    package let sumCent: Int64
    /// One line for each problem.
    package let faults: [String]

    /// Each statement counts rows that must not exist.
    private static let checks: [(String, String)] = [
        (
            "balances that are not the sum of their transfers",
            """
            SELECT COUNT(*) FROM account a LEFT JOIN (
                SELECT account, SUM(amount) AS total FROM (
                    SELECT credit_account AS account, amount_cent AS amount FROM transfer
                    UNION ALL SELECT debit_account, -amount_cent FROM transfer)
                GROUP BY account) t ON t.account = a.id
            WHERE a.balance_cent <> COALESCE(t.total, 0)
            """
        ),
        (
            "settled trades without a transfer of their amount",
            """
            SELECT COUNT(*) FROM trade t LEFT JOIN transfer x ON x.trade_id = t.id
            WHERE t.error_code IS NULL AND (x.id IS NULL OR x.amount_cent <> t.amount_cent)
            """
        ),
        (
            "transfers of trades that failed",
            """
            SELECT COUNT(*) FROM transfer x JOIN trade t ON t.id = x.trade_id WHERE t.error_code IS NOT NULL
            """
        ),
        (
            "settled trades without a code",
            """
            SELECT COUNT(*) FROM trade t WHERE error_code IS NULL AND t.id NOT IN (SELECT trade_id FROM settled_code)
            """
        ),
        (
            "codes that settled in a trade that failed",
            """
            SELECT COUNT(*) FROM settled_code c JOIN trade t ON t.id = c.trade_id WHERE t.error_code IS NOT NULL
            """
        ),
        (
            "rides that are credited to another account than their merchant's",
            """
            SELECT COUNT(*) FROM transfer x JOIN trade t ON t.id = x.trade_id JOIN account a ON a.id = x.credit_account
            WHERE a.kind <> 'merchant' OR a.owner <> t.app_id
            """
        ),
        (
            "rides that are charged to another account than their rider's or their card's",
            """
            SELECT COUNT(*) FROM transfer x JOIN trade t ON t.id = x.trade_id JOIN account a ON a.id = x.debit_account
            LEFT JOIN card c ON c.card_type = t.card_type AND c.card_no = t.card_no AND c.user_id = t.user_id
            WHERE NOT (a.kind = 'rider' AND a.owner = t.user_id)
                AND NOT (a.kind = 'card' AND c.id IS NOT NULL AND a.owner = t.card_type || '/' || t.card_no)
            """
        ),
        (
            "movements of a card's balance from or to another account than its merchant's float",
            """
            SELECT COUNT(*) FROM transfer x JOIN account d ON d.id = x.debit_account
            JOIN account e ON e.id = x.credit_account
            LEFT JOIN card c ON (d.kind, e.kind) IN (VALUES ('card', 'float'), ('float', 'card'))
                AND c.card_type = substr(iif(d.kind = 'card', d.owner, e.owner), 1, 8)
                AND c.card_no = substr(iif(d.kind = 'card', d.owner, e.owner), 10)
                AND c.app_id = iif(d.kind = 'card', e.owner, d.owner)
            WHERE x.reason = 'card balance' AND c.id IS NULL
            """
        ),
        (
            "accounts of nobody",
            """
            SELECT COUNT(*) FROM account a WHERE NOT CASE a.kind
                WHEN 'rider' THEN EXISTS (SELECT 1 FROM rider WHERE user_id = a.owner)
                WHEN 'card' THEN EXISTS (SELECT 1 FROM card
                    WHERE card_type = substr(a.owner, 1, 8) AND card_no = substr(a.owner, 10))
                ELSE EXISTS (SELECT 1 FROM merchant WHERE app_id = a.owner) END
            """
        ),
        ("rows whose partner is missing", "SELECT COUNT(*) FROM pragma_foreign_key_check"),
    ]

    package init(_ store: Store) throws {
        self = try store.pool.read { db in
            func number(_ sql: String) throws -> Int64 { try Int64.fetchOne(db, sql: sql) ?? 0 }
            var faults: [String] = []
            // Counts in a damaged database mean nothing.
            let integrity = try String.fetchOne(db, sql: "PRAGMA integrity_check") ?? ""
            guard integrity == "ok" else { throw AuditError.damaged(integrity) }
            for (what, sql) in Self.checks {
                let count = try number(sql)
                if count != 0 { faults.append("\(count) \(what)") }
            }
            let sum = try number("SELECT COALESCE(SUM(balance_cent), 0) FROM account")
            if sum != 0 { faults.append("the balances sum to \(sum) cents") }
            return Audit(
                trades: try number("SELECT COUNT(*) FROM trade"),
                settledTrades: try number("SELECT COUNT(*) FROM trade WHERE error_code IS NULL"),
                transfers: try number("SELECT COUNT(*) FROM transfer"),
                accounts: try number("SELECT COUNT(*) FROM account"),
                settledCodes: try number("SELECT COUNT(*) FROM settled_code"), sumCent: sum, faults: faults)
        }
    }

    private init(
        trades: Int64, settledTrades: Int64, transfers: Int64, accounts: Int64, settledCodes: Int64, sumCent: Int64,
        faults: [String]
    ) {
        self.trades = trades
        self.settledTrades = settledTrades
        self.transfers = transfers
        self.accounts = accounts
        self.settledCodes = settledCodes
        self.sumCent = sumCent
        self.faults = faults
    }
}
