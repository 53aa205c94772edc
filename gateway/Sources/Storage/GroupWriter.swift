import GRDB

/// The only writer. Writes that arrive during a sync share the next transaction and its sync. Each is answered after
/// its sync, never before.
actor GroupWriter {
    private let pool: DatabasePool
    private var waiting: [any Job] = []
    private var isRunning = false

    /// Bounds how long a reader of the write-ahead log, and the first write of a group, wait.
    private static let largestGroup = 64

    init(pool: DatabasePool) { self.pool = pool }

    /// Runs `body` in a transaction, and returns when it is synced. An error rolls it back.
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

    /// Whether one job of a group caused the error, as opposed to the disk or a lock. Damage may be in pages that the
    /// other jobs do not touch.
    private static func isOfOneJob(_ error: any Error) -> Bool {
        guard let error = error as? DatabaseError else { return true }
        return error.resultCode == .SQLITE_CONSTRAINT || StoreError(error) == .damaged
    }

    private protocol Job: Sendable {
        /// The returned closure resumes the caller. Call it after the commit.
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
