/// Every statement that runs more than once, by name. `posgateway plans` prints how SQLite runs each of them, and the
/// tests check that no hot one reads a whole table.
package enum Statement: String, CaseIterable {
    // Merchants and keys.
    case merchant = "SELECT * FROM merchant WHERE app_id = ?"
    case merchantByLogin = "SELECT app_id FROM merchant WHERE login_name = ?"
    case merchants = "SELECT * FROM merchant ORDER BY app_id"
    case insertMerchant = """
        INSERT INTO merchant (app_id, name, login_name, public_key, is_contracted, created_at) VALUES (?, ?, ?, ?, 1, ?)
        """
    case setMerchantKey = "UPDATE merchant SET public_key = ? WHERE app_id = ?"
    case setMerchantContract = "UPDATE merchant SET is_contracted = ? WHERE app_id = ?"
    case recordKeys = "SELECT * FROM record_key WHERE app_id = ? ORDER BY id"
    case insertRecordKey = """
        INSERT INTO record_key (app_id, key_id, key, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING
        """
    case deleteRecordKey = "DELETE FROM record_key WHERE id = ? AND app_id = ?"
    case issuerKeys = "SELECT * FROM issuer_key ORDER BY key_id"
    case insertIssuerKey = """
        INSERT INTO issuer_key (key_id, scalar, public_key, state, created_at) VALUES (?, ?, ?, ?, ?)
        """
    case setIssuerKeyState = "UPDATE issuer_key SET state = ?, retired_at = ? WHERE key_id = ?"

    // Riders and their cards.
    case rider = "SELECT user_id FROM rider WHERE user_id = ?"
    case insertRider = "INSERT INTO rider (user_id, created_at) VALUES (?, ?) ON CONFLICT DO NOTHING"
    case riders = "SELECT user_id FROM rider ORDER BY created_at DESC, user_id LIMIT ?"
    case session = "SELECT * FROM session WHERE token = ? AND expires_at > ?"
    case insertSession = "INSERT INTO session (token, user_id, expires_at) VALUES (?, ?, ?)"
    case deleteSession = "DELETE FROM session WHERE token = ?"
    case deleteOldSessions = "DELETE FROM session WHERE expires_at <= ? AND user_id IS NULL"
    case renewSession = "UPDATE session SET expires_at = ? WHERE token = ?"
    case card = "SELECT * FROM card WHERE card_type = ? AND card_no = ?"
    case cardsOfRider = "SELECT * FROM card WHERE user_id = ? ORDER BY id"
    case cards = "SELECT * FROM card ORDER BY id DESC LIMIT ?"
    case insertCard = """
        INSERT INTO card (card_type, card_no, user_id, app_id, title, is_revoked, card_data, is_prepaid, is_disabled, \
        disabled_code, disabled_tips, ext_info, updated_at, messages, rider_scalar) \
        VALUES (:card_type, :card_no, :user_id, :app_id, :title, :is_revoked, :card_data, :is_prepaid, :is_disabled, \
        :disabled_code, :disabled_tips, :ext_info, :updated_at, :messages, :rider_scalar)
        """
    case updateCard = """
        UPDATE card SET is_revoked = :is_revoked, card_data = :card_data, is_prepaid = :is_prepaid, \
        is_disabled = :is_disabled, disabled_code = :disabled_code, disabled_tips = :disabled_tips, \
        ext_info = :ext_info, updated_at = :updated_at, messages = :messages WHERE id = :id
        """
    case cardTypeOwner = "SELECT app_id FROM card_type WHERE card_type = ?"
    case insertCardType = "INSERT INTO card_type (card_type, app_id) VALUES (?, ?)"

    // Trades and the ledger.
    case trade = "SELECT * FROM trade WHERE app_id = ? AND out_trade_no = ?"
    case insertTrade = """
        INSERT INTO trade (app_id, out_trade_no, digest, user_id, amount_cent, subject, ordered_at, context, \
        card_type, card_no, error_code, error_message, created_at) \
        VALUES (:app_id, :out_trade_no, :digest, :user_id, :amount_cent, :subject, :ordered_at, :context, \
        :card_type, :card_no, :error_code, :error_message, :created_at)
        """
    case settledCode = "SELECT trade_id FROM settled_code WHERE identity = ?"
    case insertSettledCode = "INSERT INTO settled_code (identity, trade_id) VALUES (?, ?)"
    case ridesOfCard = """
        SELECT trade.*, account.kind AS payer FROM trade JOIN transfer ON transfer.trade_id = trade.id \
        JOIN account ON account.id = transfer.debit_account \
        WHERE trade.user_id = ? AND trade.card_type = ? AND trade.card_no = ? AND trade.error_code IS NULL \
        ORDER BY trade.id DESC LIMIT ?
        """
    /// Of a rider, with a card that is revoked or not the rider's.
    case ridesOfNoCard = """
        SELECT trade.*, account.kind AS payer FROM trade JOIN transfer ON transfer.trade_id = trade.id \
        JOIN account ON account.id = transfer.debit_account \
        WHERE trade.user_id = ? AND trade.error_code IS NULL AND NOT EXISTS (SELECT 1 FROM card \
        WHERE card.card_type = trade.card_type AND card.card_no = trade.card_no \
        AND card.user_id = trade.user_id AND card.is_revoked = 0) \
        ORDER BY trade.id DESC LIMIT ?
        """
    case lastTrades = "SELECT * FROM trade ORDER BY id DESC LIMIT ?"
    case ridesPerHour = """
        SELECT created_at / 3600 AS hour, COUNT(*) AS rides FROM trade \
        WHERE created_at >= ? AND error_code IS NULL GROUP BY hour ORDER BY hour
        """
    case account = "SELECT id, balance_cent FROM account WHERE kind = ? AND owner = ?"
    case insertAccount = "INSERT INTO account (kind, owner) VALUES (?, ?)"
    case accounts =
        "SELECT kind, owner, balance_cent FROM account WHERE kind <> 'rider' ORDER BY kind = 'card', kind, owner LIMIT ?"
    case addToAccount = "UPDATE account SET balance_cent = balance_cent + ? WHERE id = ?"
    case insertTransfer = """
        INSERT INTO transfer (debit_account, credit_account, amount_cent, reason, trade_id, created_at) \
        VALUES (?, ?, ?, ?, ?, ?)
        """

    // Ride notices.
    case notice = "SELECT digest FROM notice WHERE app_id = ? AND biz_no = ?"
    case insertNotice = """
        INSERT INTO notice (app_id, biz_no, digest, user_id, card_type, card_no, type, subject, biz_time, content, \
        created_at) VALUES (:app_id, :biz_no, :digest, :user_id, :card_type, :card_no, :type, :subject, :biz_time, \
        :content, :created_at)
        """
    /// One that names no card type counts by its card number.
    case noticesOfCard = """
        SELECT * FROM notice WHERE user_id = ? AND card_no = ? AND (card_type = ? OR card_type IS NULL) \
        ORDER BY id DESC LIMIT ?
        """
    case noticesOfNoCard = """
        SELECT * FROM notice WHERE user_id = ? AND NOT EXISTS (SELECT 1 FROM card \
        WHERE card.user_id = notice.user_id AND card.card_no = notice.card_no \
        AND (card.card_type = notice.card_type OR notice.card_type IS NULL) AND card.is_revoked = 0) \
        ORDER BY id DESC LIMIT ?
        """

    // Settings that the database keeps.
    case setting = "SELECT value FROM setting WHERE name = ?"
    case keepSetting =
        "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
    /// Whether a time that a merchant has sent is stored.
    case hasTimes = """
        SELECT EXISTS (SELECT 1 FROM trade) OR EXISTS (SELECT 1 FROM notice) \
        OR EXISTS (SELECT 1 FROM card WHERE app_id IS NOT NULL) AS found
        """

    /// Whether a call or a rider waits for it.
    package var isHot: Bool {
        switch self {
        case .merchant, .merchantByLogin, .recordKeys, .rider, .session, .card, .cardsOfRider, .cardTypeOwner, .trade,
            .settledCode, .ridesOfCard, .ridesOfNoCard, .ridesPerHour, .account, .addToAccount, .notice, .noticesOfCard,
            .noticesOfNoCard, .updateCard:
            true
        default: false
        }
    }
}
