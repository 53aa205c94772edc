import CPlatform
import TransitCode
import TransitGate

/// Where accepted codes are kept, if anywhere (`posoffline_set_state_dir`): a path, and the journal there while it is
/// open. It is closed by free_pos_verify and in the child of a fork, and opened again when it is needed.
struct StateDirectory: ~Copyable {
    private static let variable: StaticString = "POSOFFLINE_STATE_DIR"

    /// With its NUL; none when accepted codes live in memory alone.
    private var path = Block<CChar>()
    /// A directory set by a call comes before one from the environment.
    private var isFromCall = false
    private var journal = Journal()

    /// Uses the directory that a caller names.
    mutating func use(_ path: UnsafePointer<CChar>, for table: inout ReplayTable) throws(PosError) {
        try take(path, for: &table)
        isFromCall = true
    }

    /// Uses the directory that the environment names, if no call has named one, and has the journal open.
    mutating func useEnvironment(for table: inout ReplayTable) throws(PosError) {
        if !isFromCall, let path = posoffline_platform_environment(cString(Self.variable)) {
            try take(path, for: &table)
        } else {
            try reopen(for: &table)
        }
    }

    /// Has the journal open, if there is to be one.
    mutating func demandOpen(for table: inout ReplayTable) throws(PosError) {
        do throws(PosError) { try reopen(for: &table) } catch { throw error.ofTheSystem }
    }

    /// Has it on the disk that a code was accepted, which `table` remembers already. When that cannot be, the table
    /// forgets the code again.
    mutating func keep(
        _ identity: ReplayIdentity, until lastSecond: UInt32, now: UInt32, in table: inout ReplayTable
    ) throws(PosError) {
        guard journal.isOpen else { return }
        do throws(PosError) {
            try journal.add(ReplaySlot(identity, until: lastSecond), of: table)
        } catch {
            table.withdraw(identity)
            throw error.ofTheSystem
        }
        if journal.isLong {
            table.forgetPast(now)
            journal.tidy(table)
        }
    }

    /// Gives the directory up until it is needed again. Does no more than a signal handler may.
    mutating func close() { journal.close() }

    /// Gives it up for good.
    mutating func unset() {
        journal.close()
        path.release()
        isFromCall = false
    }

    private mutating func reopen(for table: inout ReplayTable) throws(PosError) {
        // The child of a fork that no handler has seen shares the parent's file.
        if journal.isForeign { journal.close() }
        guard path.count > 0, !journal.isOpen else { return }
        let path = path.span
        try path.withUnsafeBufferPointer { (path) throws(PosError) in
            guard let start = path.baseAddress else { return }
            try open(start, for: &table)
        }
    }

    private mutating func take(_ path: UnsafePointer<CChar>, for table: inout ReplayTable) throws(PosError) {
        let name = text(path)
        guard !isSame(name) else { return try reopen(for: &table) }
        guard var copy = Block<CChar>(count: name.count &+ 1) else { throw .outOfMemory }
        var span = copy.mutableSpan
        for index in name.indices { span[index] = CChar(bitPattern: name[index]) }
        do throws(PosError) {
            try open(path, for: &table)
        } catch {
            copy.release()
            throw error
        }
        self.path.release()
        self.path = copy
    }

    private func isSame(_ name: Span<UInt8>) -> Bool {
        guard path.count == name.count &+ 1 else { return false }
        let path = path.span
        for index in name.indices where path[index] != CChar(bitPattern: name[index]) { return false }
        return true
    }

    /// Opens the journal at a path in place of the one that is open, and makes table and journal hold what either held.
    /// When it throws, both are as they were.
    private mutating func open(_ path: UnsafePointer<CChar>, for table: inout ReplayTable) throws(PosError) {
        var opened = Journal()
        var joined = ReplayTable()
        do throws(PosError) {
            try joined.reserve()
            try opened.open(path, into: &joined)
            try joined.restore(table)
            if !table.isEmpty || journal.isDoubtful { try opened.rewrite(from: joined) }
        } catch {
            opened.close()
            joined.release()
            throw error
        }
        swap(&journal, &opened)
        opened.close()
        swap(&table, &joined)
        joined.release()
    }
}
