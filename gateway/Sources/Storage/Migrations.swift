import GRDB

/// The schema, as numbered steps. A released step never changes. Plain SQL that PostgreSQL accepts too, except for
/// STRICT, WITHOUT ROWID, json_extract and the types' names (docs/gateway.md, "When one machine is not enough").
enum Migrations {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in try db.execute(sql: first) }
        migrator.registerMigration("2") { db in try db.execute(sql: second) }
        migrator.registerMigration("3") { db in try db.execute(sql: third) }
        return migrator
    }

    private static let first = """
        CREATE TABLE merchant (
            app_id TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            login_name TEXT NOT NULL UNIQUE,
            public_key BLOB,
            is_contracted INTEGER NOT NULL,
            created_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE record_key (
            id INTEGER PRIMARY KEY,
            app_id TEXT NOT NULL REFERENCES merchant,
            key_id BLOB NOT NULL,
            key BLOB NOT NULL,
            created_at INTEGER NOT NULL,
            UNIQUE (app_id, key)
        ) STRICT;
        CREATE TABLE issuer_key (
            key_id INTEGER PRIMARY KEY CHECK (key_id BETWEEN 0 AND 255),
            scalar BLOB NOT NULL,
            public_key BLOB NOT NULL UNIQUE,
            state TEXT NOT NULL CHECK (state IN ('published', 'active', 'retired')),
            created_at INTEGER NOT NULL,
            retired_at INTEGER
        ) STRICT;
        CREATE UNIQUE INDEX one_active_issuer_key ON issuer_key (state) WHERE state = 'active';

        CREATE TABLE rider (
            user_id TEXT PRIMARY KEY,
            created_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX rider_by_age ON rider (created_at);
        CREATE TABLE session (
            token BLOB PRIMARY KEY,
            user_id TEXT,
            expires_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX session_by_end ON session (expires_at);
        CREATE TABLE card_type (
            card_type TEXT PRIMARY KEY,
            app_id TEXT NOT NULL REFERENCES merchant
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE card (
            id INTEGER PRIMARY KEY,
            card_type TEXT NOT NULL,
            card_no TEXT NOT NULL,
            user_id TEXT NOT NULL REFERENCES rider,
            app_id TEXT REFERENCES merchant,
            title TEXT NOT NULL,
            is_revoked INTEGER NOT NULL,
            card_data BLOB NOT NULL,
            is_prepaid INTEGER NOT NULL,
            is_disabled INTEGER NOT NULL,
            disabled_code TEXT,
            disabled_tips TEXT,
            ext_info TEXT,
            updated_at INTEGER NOT NULL,
            messages BLOB NOT NULL,
            rider_scalar BLOB NOT NULL,
            UNIQUE (card_type, card_no)
        ) STRICT;
        CREATE INDEX card_by_rider ON card (user_id);

        CREATE TABLE trade (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            app_id TEXT NOT NULL REFERENCES merchant,
            out_trade_no TEXT NOT NULL,
            digest BLOB NOT NULL,
            user_id TEXT NOT NULL,
            amount_cent INTEGER NOT NULL CHECK (amount_cent > 0),
            subject TEXT NOT NULL,
            ordered_at INTEGER NOT NULL,
            context TEXT,
            error_code TEXT,
            error_message TEXT,
            created_at INTEGER NOT NULL,
            UNIQUE (app_id, out_trade_no)
        ) STRICT;
        CREATE INDEX trade_by_rider ON trade (user_id, id);
        CREATE INDEX trade_by_time ON trade (created_at, error_code);
        CREATE TABLE settled_code (
            identity BLOB PRIMARY KEY,
            trade_id INTEGER NOT NULL REFERENCES trade
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE account (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL CHECK (kind IN ('rider', 'merchant', 'card', 'float')),
            owner TEXT NOT NULL,
            balance_cent INTEGER NOT NULL DEFAULT 0,
            CHECK (kind <> 'card' OR balance_cent >= 0),
            UNIQUE (kind, owner)
        ) STRICT;
        CREATE TABLE transfer (
            id INTEGER PRIMARY KEY,
            debit_account INTEGER NOT NULL REFERENCES account,
            credit_account INTEGER NOT NULL REFERENCES account,
            amount_cent INTEGER NOT NULL CHECK (amount_cent > 0),
            reason TEXT NOT NULL CHECK (reason IN ('ride', 'card balance')),
            trade_id INTEGER UNIQUE REFERENCES trade,
            created_at INTEGER NOT NULL,
            CHECK (debit_account <> credit_account),
            CHECK ((reason = 'ride') = (trade_id IS NOT NULL))
        ) STRICT;

        CREATE TABLE notice (
            id INTEGER PRIMARY KEY,
            app_id TEXT NOT NULL REFERENCES merchant,
            biz_no TEXT NOT NULL,
            digest BLOB NOT NULL,
            user_id TEXT NOT NULL,
            type TEXT NOT NULL,
            subject TEXT NOT NULL,
            biz_time INTEGER NOT NULL,
            content TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            UNIQUE (app_id, biz_no)
        ) STRICT;
        CREATE INDEX notice_by_rider ON notice (user_id, id);
        """

    /// Ties rides and notices to cards. The card of an earlier trade is known when its balance paid, or when the rider
    /// has had no other card than the plain one.
    private static let second = """
        ALTER TABLE trade ADD COLUMN card_type TEXT;
        ALTER TABLE trade ADD COLUMN card_no TEXT;
        UPDATE trade SET card_type = substr(paid.owner, 1, 8), card_no = substr(paid.owner, 10) FROM (
            SELECT transfer.trade_id, account.owner FROM transfer JOIN account ON account.id = transfer.debit_account
            WHERE account.kind = 'card') paid
        WHERE paid.trade_id = trade.id;
        UPDATE trade SET card_type = 'ANT00001', card_no = user_id WHERE error_code IS NULL AND card_type IS NULL
            AND NOT EXISTS (SELECT 1 FROM card WHERE card.user_id = trade.user_id AND card.card_type <> 'ANT00001');
        DROP INDEX trade_by_rider;
        CREATE INDEX trade_by_card ON trade (user_id, card_type, card_no, id) WHERE error_code IS NULL;

        ALTER TABLE notice ADD COLUMN card_type TEXT;
        ALTER TABLE notice ADD COLUMN card_no TEXT;
        UPDATE notice SET card_type = NULLIF(CAST(json_extract(content, '$.card_type') AS TEXT), ''),
            card_no = NULLIF(CAST(json_extract(content, '$.card_no') AS TEXT), '');
        UPDATE notice SET card_type = 'ANT00001', card_no = user_id
            WHERE card_type = 'ANT00001' OR card_type IS NULL AND card_no IS NULL;
        DROP INDEX notice_by_rider;
        CREATE INDEX notice_by_card ON notice (user_id, card_no, id);
        """

    /// What has to stay as it was for what is stored.
    private static let third = """
        CREATE TABLE setting (
            name TEXT PRIMARY KEY,
            value TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
}
