import GRDB

/// The one writer. What arrives while a transaction is being synced to the disk goes into the next one together, so
/// that many settlements share one sync; each is answered after the sync, never before.
actor GroupWriter {
    private let pool: DatabasePool
    private var waiting: [any Job] = []
    private var isRunning = false

    /// Bounds how long a reader of the write-ahead log, and the first of a group, can wait.
    private static let largestGroup = 64

    init(pool: DatabasePool) { self.pool = pool }

    /// Runs `body` in a transaction, and answers when it is on the disk. An error leaves nothing behind.
    package func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            waiting.append(Work(body: body, continuation: continuation))
            guard !isRunning else { return }
            isRunning = true
            Task { await run() }
        }
    }

    private func run() async {
        while !waiting.isEmpty {
            let group = Array(waiting.prefix(Self.largestGroup))
            waiting.removeFirst(group.count)
            await run(group)
        }
        isRunning = false
    }

    private func run(_ group: [any Job]) async {
        do {
            let answers = try await pool.write { db in try group.map { try $0.perform(db) } }
            for answer in answers { answer() }
        } catch {
            guard group.count > 1, Self.isOfOneJob(error) else {
                for job in group { job.fail(error) }
                return
            }
            for job in group { await run([job]) }
        }
    }

    /// Whether one of a group may have spoilt it for the others, as against a disk or a lock that no one gets past. Damage
    /// may be where the others do not come.
    private static func isOfOneJob(_ error: any Error) -> Bool {
        guard let error = error as? DatabaseError else { return true }
        return error.resultCode == .SQLITE_CONSTRAINT || StoreError(error) == .damaged
    }

    private protocol Job: Sendable {
        /// The returned closure tells the caller, once the transaction is committed.
        func perform(_ db: Database) throws -> @Sendable () -> Void
        func fail(_ error: any Error)
    }

    private struct Work<Value: Sendable>: Job {
        let body: @Sendable (Database) throws -> Value
        let continuation: CheckedContinuation<Value, any Error>

        func perform(_ db: Database) throws -> @Sendable () -> Void {
            let value = try body(db)
            return { continuation.resume(returning: value) }
        }

        func fail(_ error: any Error) { continuation.resume(throwing: error) }
    }
}
