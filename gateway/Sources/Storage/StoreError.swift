import GRDB

/// Why the database failed. The raw values are stable names, for logs and programs.
package enum StoreError: String, Error, Sendable {
    case locked = "database-locked"
    case full = "disk-full"
    case failing = "disk-failing"
    case readOnly = "database-read-only"
    case damaged = "database-damaged"
    /// The file that is open is not the one that has the database's name now.
    case replaced = "database-replaced"

    /// Nil for errors that are not of the database, its disk or its locks.
    package init?(_ error: any Error) {
        if let storeError = error as? StoreError {
            self = storeError
            return
        }
        guard let error = error as? DatabaseError else { return nil }
        switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED: self = .locked
        case .SQLITE_FULL: self = .full
        case .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_PROTOCOL: self = .failing
        case .SQLITE_READONLY, .SQLITE_PERM: self = .readOnly
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .damaged
        default: return nil
        }
    }

    /// SQLite's extended code; nil for an error that is not SQLite's.
    package static func sqliteCode(of error: any Error) -> Int32? {
        (error as? DatabaseError)?.extendedResultCode.rawValue
    }

    /// Advice for the operator.
    package var advice: String {
        switch self {
        case .locked: "another program has locked the database for 3 s: end its transaction"
        case .full: "make room on the disk of the data directory"
        case .failing: "the disk refuses reads or writes: look at the system's log, at quotas and at limits on files"
        case .readOnly: "let the gateway's user write the data directory and its disk"
        case .damaged:
            "the database is damaged: stop the gateway, keep a copy of the data directory, put the last backup in its "
                + "place and run posgateway audit (docs/gateway.md, When the database is damaged)"
        case .replaced:
            "gateway.sqlite was deleted, moved or replaced under the gateway: keep what is in the data directory and stop "
                + "the gateway (docs/gateway.md, When the database is replaced)"
        }
    }

    /// Whether the transaction may be there after a restart all the same: after a failed sync nobody knows what is on
    /// the disk.
    package var leavesTransactionOpen: Bool { self == .failing }
}

/// Why the database cannot be opened.
package enum StoreOpeningError: Error, CustomStringConvertible {
    /// What SQLite answers when the settings are read back.
    case notSynced(synchronous: Int?, journalMode: String?)
    /// Commits that are only in the write-ahead log cannot be read where nothing can be written.
    case logOnReadOnlyMedium(String, reason: String)
    /// There are no tables, and keys beside it say that there were some.
    case empty

    package var description: String {
        switch self {
        case .notSynced(let synchronous, let journalMode):
            "SQLite does not sync each commit to the disk: synchronous is \(synchronous.map { "\($0)" } ?? "unknown"), "
                + "journal_mode \(journalMode ?? "unknown"), where 2 and wal were asked for"
        case .logOnReadOnlyMedium(let file, let reason):
            "\(file) is there, and its directory cannot be written (\(reason)): copy the data directory, with that file, to "
                + "where it can be written, and give --data the copy; or run this as the gateway's user. After a clean stop "
                + "of the gateway there is no such file"
        case .empty:
            "it has no tables, and the keys of a gateway are beside it: put the database back with its -wal file, or a "
                + "backup (docs/gateway.md, Backup)"
        }
    }
}
