import GRDB

/// Why the database did not do what it was asked. The raw values are stable names, for logs and for programs.
enum StoreFault: String, Error, Sendable {
    case locked = "database-locked"
    case full = "disk-full"
    case failing = "disk-failing"
    case readOnly = "database-read-only"
    case damaged = "database-damaged"

    /// Nil for what is no fault of the database, its disk or its locks.
    init?(_ error: any Error) {
        if let fault = error as? StoreFault {
            self = fault
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

    /// What the operator does about it.
    var advice: String {
        switch self {
        case .locked: "another program has locked the database for 3 s: end its transaction"
        case .full: "make room on the disk of the data directory"
        case .failing: "the disk refuses reads or writes: look at the system's log, at quotas and at limits on files"
        case .readOnly: "let the gateway's user write the data directory and its disk"
        case .damaged:
            "the database is damaged: stop the gateway, keep a copy of the data directory, put the last backup in its "
                + "place and run posgateway audit (docs/gateway.md, When the database is damaged)"
        }
    }

    /// Whether a transaction that ended so may be there after a restart all the same. A sync that fails leaves open what
    /// the disk has.
    var leavesTransactionOpen: Bool { self == .failing }
}

/// Why the database cannot be used at all.
enum StoreOpeningFault: Error, CustomStringConvertible {
    /// What SQLite says when it is asked what it was told.
    case notSynced(synchronous: Int?, journalMode: String?)

    var description: String {
        switch self {
        case .notSynced(let synchronous, let journalMode):
            "SQLite does not sync each commit to the disk: synchronous is \(synchronous.map { "\($0)" } ?? "unknown"), "
                + "journal_mode \(journalMode ?? "unknown"), where 2 and wal were asked for"
        }
    }
}
