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
    /// The file that was opened; nil for what is only read.
    private let file: FileIdentity?
    /// Set for good when the database was found damaged.
    private let damage = Damage()

    /// Opens or makes the database, and brings its schema up to date.
    package init(path: String) throws {
        // A process that was killed may have left commits that the disk does not have yet. They are answered from.
        try DurableFile.syncWhatIsThere(path + "-wal")
        try DurableFile.syncDirectory(of: path)
        pool = try DatabasePool(path: path, configuration: Self.configuration)
        try Self.syncEachCommit(pool)
        try pool.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA journal_size_limit = \(Self.logLimit)") }
        try Migrations.migrator.migrate(pool)
        writer = GroupWriter(pool: pool)
        file = try FileIdentity(path: path)
    }

    /// Opens what a server may be using, only to read.
    package init(readingFrom path: String) throws {
        var configuration = Self.configuration
        configuration.readonly = true
        do { pool = try Self.opened(path, configuration) } catch {
            guard [.SQLITE_CANTOPEN, .SQLITE_READONLY].contains((error as? DatabaseError)?.resultCode) else { throw error }
            // SQLite makes an index of the write-ahead log beside it, for which it needs a directory that can be written.
            let directory = (path as NSString).deletingLastPathComponent
            guard access(directory, W_OK) != 0 else { throw error }
            let reason = String(cString: strerror(errno))
            // What is in a log is part of the database, and where there is an index a server may be writing. Where there
            // is neither, the file is all of the database, and SQLite can be told that nobody changes it.
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

    /// With its first page read: opening alone reads nothing.
    private static func opened(_ path: String, _ configuration: GRDB.Configuration) throws -> DatabasePool {
        let pool = try DatabasePool(path: path, configuration: configuration)
        _ = try pool.read { db in try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM sqlite_master") }
        return pool
    }

    /// The name by which SQLite takes a file for one that nobody changes.
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

    /// What the write-ahead log is cut to when it begins anew, in bytes: another program that reads lets it grow. It is more
    /// than the 1,000 pages after which it begins anew, so that it is not cut and made longer again each time.
    private static let logLimit = 5_000_000

    /// An answer may leave only when the disk has what it says. The pool sets NORMAL on its writer after everything that a
    /// configuration can ask for, so this comes after the pool, and is read back.
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

    /// Brings all that was committed into the one file of the database, and closes it. Throws when another program's
    /// reading or a disk is in the way; then the file's write-ahead log is part of it.
    package func close() throws {
        // A reader that is the last to close cannot write, and leaves everything in the write-ahead log.
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

    /// Throws when a settlement could not be kept now. Nothing is left of what is tried.
    package func check() async throws {
        // SQLite keeps using the file that it has open, even when the name leads to another one.
        guard try FileIdentity(path: pool.path).map({ file?.isSame(as: $0) == true }) == true else {
            throw StoreError.replaced
        }
        // What is in memory may be good where the file is not: a connection of its own has nothing in memory.
        do { try readAnew() } catch { throw damage.noting(error) }
        try await rehearseSettlement()
        // Damage that one call has met is there for the next ones, though this one has not met it.
        if damage.isFound { throw StoreError.damaged }
    }

    /// Reads the first row of each table from the file, and follows each path that a call takes through an index.
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

/// Which file a path leads to.
private struct FileIdentity {
    private let device: dev_t
    private let number: ino_t
    let size: off_t

    /// Nil where there is none.
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
