import Foundation
import GRDB
import GatewaySystem
import Glibc
import Synchronization

/// The database: the only module that knows SQL. Its arguments and results are domain values, so another database can
/// replace it.
package struct Store: Sendable {
    let pool: DatabasePool
    let writer: GroupWriter
    /// The file that was opened. Nil for a read-only store.
    private let file: FileIdentity?
    /// Set for good when the database was found damaged.
    private let damage = Damage()

    /// Opens or makes the database, and brings its schema up to date. Unless `mayBeEmpty`, it has to have tables.
    package init(path: String, mayBeEmpty: Bool) throws {
        // A process that was killed may have left commits that are not synced yet. Retries are answered from them.
        let target = try DurableFile.target(of: path)
        try DurableFile.syncWhatIsThere(target + "-wal")
        try DurableFile.syncDirectory(of: target)
        if target != path { try DurableFile.syncDirectory(of: path) }
        pool = try DatabasePool(path: path, configuration: Self.configuration)
        try Self.syncEachCommit(pool)
        try pool.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA journal_size_limit = \(Self.logLimit)") }
        if !mayBeEmpty, try !pool.read({ try $0.tableExists("merchant") }) { throw StoreOpeningError.empty }
        try Migrations.migrator.migrate(pool)
        writer = GroupWriter(pool: pool)
        file = try FileIdentity(path: path)
    }

    /// Opens a database that a server may be using, read-only.
    package init(readingFrom path: String) throws {
        var configuration = Self.configuration
        configuration.readonly = true
        do { pool = try Self.opened(path, configuration) } catch {
            guard [.SQLITE_CANTOPEN, .SQLITE_READONLY].contains((error as? DatabaseError)?.resultCode) else {
                throw error
            }
            // SQLite makes gateway.sqlite-shm to read the write-ahead log. That needs a writable directory.
            let path = try DurableFile.target(of: path)
            let directory = (path as NSString).deletingLastPathComponent
            guard access(directory, W_OK) != 0 else { throw error }
            let reason = String(cString: strerror(errno))
            // The log is a part of the database, and with a -shm file a server may be writing. Without both the file is
            // the whole database, and can be opened as immutable.
            let hasLog = try FileIdentity(path: path + "-wal").map { $0.size > 0 } ?? false
            let hasIndex = try FileIdentity(path: path + "-shm") != nil
            guard let left = hasLog ? "-wal" : hasIndex ? "-shm" : nil else {
                pool = try Self.opened(Self.immutable(path), configuration)
                writer = GroupWriter(pool: pool)
                file = nil
                return
            }
            throw StoreOpeningError.logOnReadOnlyMedium(path + left, reason: reason)
        }
        writer = GroupWriter(pool: pool)
        file = nil
    }

    /// Opens the pool and reads the first page, since opening alone reads nothing.
    private static func opened(_ path: String, _ configuration: GRDB.Configuration) throws -> DatabasePool {
        let pool = try DatabasePool(path: path, configuration: configuration)
        _ = try pool.read { db in try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM sqlite_master") }
        return pool
    }

    /// The SQLite URI of a file that does not change.
    private static func immutable(_ path: String) -> String {
        let plain = CharacterSet(charactersIn: "/-._~").union(
            CharacterSet(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"))
        let absolute = URL(fileURLWithPath: path).path
        return "file://" + (absolute.addingPercentEncoding(withAllowedCharacters: plain) ?? absolute) + "?immutable=1"
    }

    private static var configuration: GRDB.Configuration {
        var configuration = GRDB.Configuration()
        configuration.maximumReaderCount = 4
        configuration.busyMode = .timeout(3)
        return configuration
    }

    /// Size limit of the write-ahead log after a checkpoint, in bytes: it grows while another program reads. More than
    /// the 1,000 pages of an ordinary checkpoint, so that it is not truncated and extended each time.
    private static let logLimit = 5_000_000

    /// Answers leave after the sync only. The pool sets NORMAL on its writer after the configuration, so FULL is set
    /// after the pool is made, and read back.
    private static func syncEachCommit(_ pool: DatabasePool) throws {
        try pool.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA synchronous = FULL")
            let synchronous = try Int.fetchOne(db, sql: "PRAGMA synchronous")
            let journalMode = try String.fetchOne(db, sql: "PRAGMA journal_mode")
            guard synchronous == 2, journalMode == "wal" else {
                throw StoreOpeningError.notSynced(synchronous: synchronous, journalMode: journalMode)
            }
        }
    }

    /// Merges the write-ahead log into the database file and closes it. Throws when another program's read or the disk
    /// prevents that: then the log is a part of the database.
    package func close() throws {
        // A reader that closes last cannot write, and would leave the write-ahead log.
        pool.invalidateReadOnlyConnections()
        let checkpoint = Result { try pool.writeWithoutTransaction { db in _ = try db.checkpoint(.full) } }
        try pool.close()
        try checkpoint.get()
    }

    package func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        do { return try await pool.read(body) } catch { throw damage.noting(error) }
    }

    package func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        do { return try await writer.write(body) } catch { throw damage.noting(error) }
    }

    /// Throws when a settlement could not be stored now. Stores nothing.
    package func check() async throws {
        // SQLite keeps using the file that it has open, even when the name leads to another one.
        guard try FileIdentity(path: pool.path).map({ file?.isSame(as: $0) == true }) == true else {
            throw StoreError.replaced
        }
        // A new connection has no cached pages, so it reads the file.
        do { try readAnew() } catch { throw damage.noting(error) }
        try await rehearseSettlement()
        // Damage that another call has found stays.
        if damage.isFound { throw StoreError.damaged }
    }

    /// Reads the first row of each table from the file, and searches each index that calls use.
    private func readAnew() throws {
        var configuration = Self.configuration
        configuration.readonly = true
        let queue = try DatabaseQueue(path: pool.path, configuration: configuration)
        let result = Result {
            try queue.read { db in
                for table in try String.fetchAll(db, sql: "SELECT name FROM sqlite_master WHERE type = 'table'") {
                    _ = try Row.fetchOne(db, sql: "SELECT * FROM \(table) NOT INDEXED LIMIT 1")
                }
                for statement in Statement.allCases where statement.isHot && statement.rawValue.hasPrefix("SELECT") {
                    let arguments = [Int64](
                        repeating: .random(in: 1 << 40 ... .max), count: statement.rawValue.count { $0 == "?" })
                    _ = try db.one(statement, StatementArguments(arguments))
                }
            }
        }
        try queue.close()
        try result.get()
    }

    /// How SQLite would run each statement.
    package func plans() throws -> [(statement: Statement, steps: [String])] {
        try pool.read { db in
            try Statement.allCases.map { statement in
                let plan = try db.makeStatement(sql: "EXPLAIN QUERY PLAN " + statement.rawValue)
                // All NULL: the plan does not depend on them.
                plan.setUncheckedArguments([])
                return (statement, try Row.fetchAll(plan).map { $0["detail"] })
            }
        }
    }
}

/// The identity of a file.
private struct FileIdentity {
    private let device: dev_t
    private let number: ino_t
    let size: off_t

    /// Nil when the file does not exist.
    init?(path: String) throws {
        var status = stat()
        guard stat(path, &status) == 0 else {
            guard errno == ENOENT else { throw SystemError(operation: "stat", path: path, number: errno) }
            return nil
        }
        (device, number, size) = (status.st_dev, status.st_ino, status.st_size)
    }

    func isSame(as other: FileIdentity) -> Bool { device == other.device && number == other.number }
}

/// Whether the database was found damaged since it was opened.
private final class Damage: Sendable {
    private let found = Mutex(false)

    var isFound: Bool { found.withLock { $0 } }

    func noting(_ error: any Error) -> any Error {
        if StoreError(error) == .damaged { found.withLock { $0 = true } }
        return error
    }
}

extension Database {
    func cachedStatement(_ statement: Statement) throws -> GRDB.Statement {
        try cachedStatement(sql: statement.rawValue)
    }

    /// The first row.
    func one(_ statement: Statement, _ arguments: StatementArguments) throws -> Row? {
        try Row.fetchOne(cachedStatement(statement), arguments: arguments)
    }

    func all<Record: FetchableRecord>(
        _ statement: Statement, _ arguments: StatementArguments = []
    ) throws -> [Record] {
        try Record.fetchAll(cachedStatement(statement), arguments: arguments)
    }

    func run(_ statement: Statement, _ arguments: StatementArguments) throws {
        try cachedStatement(statement).execute(arguments: arguments)
    }

    /// Runs a statement whose arguments are named as the record's columns, and `others`.
    func run(
        _ statement: Statement, _ record: some EncodableRecord, _ others: [String: any DatabaseValueConvertible] = [:]
    ) throws {
        var arguments: [String: (any DatabaseValueConvertible)?] = try record.databaseDictionary
        for (name, value) in others { arguments[name] = value }
        try run(statement, StatementArguments(arguments))
    }
}

extension [UInt8] {
    init(_ data: Data?) { self = data.map { [UInt8]($0) } ?? [] }
    package var data: Data { Data(self) }
}
