import Foundation
import GRDB

/// The database: the one place that knows SQL. What it is asked and what it answers are values of the field, so that
/// another database can stand in for this one.
struct Store: Sendable {
    let pool: DatabasePool
    let writer: GroupWriter

    /// Opens or makes the database, and brings its schema up to date.
    init(path: String) throws {
        pool = try DatabasePool(path: path, configuration: Self.configuration)
        try Migrations.migrator.migrate(pool)
        writer = GroupWriter(pool: pool)
    }

    /// Opens what a server may be using, only to read.
    init(readingFrom path: String) throws {
        var configuration = Self.configuration
        configuration.readonly = true
        pool = try DatabasePool(path: path, configuration: configuration)
        writer = GroupWriter(pool: pool)
    }

    private static var configuration: GRDB.Configuration {
        var configuration = GRDB.Configuration()
        configuration.maximumReaderCount = 4
        configuration.busyMode = .timeout(3)
        configuration.prepareDatabase { db in
            // An answer may leave only when the disk has what it says.
            try db.execute(sql: "PRAGMA synchronous = FULL")
        }
        return configuration
    }

    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await pool.read(body)
    }

    func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await writer.write(body)
    }

    /// Throws when nothing can be written.
    func check() async throws {
        try await write { db in try db.run(.deleteOldSessions, [0]) }
    }

    /// How SQLite would run each statement.
    func plans() throws -> [(statement: Statement, steps: [String])] {
        try pool.read { db in
            try Statement.allCases.map { statement in
                let rows = try Row.fetchAll(
                    db, sql: "EXPLAIN QUERY PLAN " + statement.rawValue,
                    arguments: StatementArguments([DatabaseValue](
                        repeating: .null, count: statement.rawValue.count { $0 == "?" })))
                return (statement, rows.map { $0["detail"] })
            }
        }
    }
}

extension Database {
    /// The first row.
    func one(_ statement: Statement, _ arguments: StatementArguments) throws -> Row? {
        try Row.fetchOne(cachedStatement(sql: statement.rawValue), arguments: arguments)
    }

    func all(_ statement: Statement, _ arguments: StatementArguments = []) throws -> [Row] {
        try Row.fetchAll(cachedStatement(sql: statement.rawValue), arguments: arguments)
    }

    func run(_ statement: Statement, _ arguments: StatementArguments) throws {
        try cachedStatement(sql: statement.rawValue).execute(arguments: arguments)
    }
}

extension [UInt8] {
    init(_ data: Data?) { self = data.map { [UInt8]($0) } ?? [] }
    var data: Data { Data(self) }
}
