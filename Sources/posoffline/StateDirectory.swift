import CPlatform
import TransitCode
import TransitGate

/// Where accepted codes are kept, if anywhere (`posoffline_set_state_dir`): a path, and the journal there while it is
/// open. It is closed by free_pos_verify and in the child of a fork, and opened again when it is needed or has failed.
struct StateDirectory: ~Copyable {
    private static let variable: StaticString = "POSOFFLINE_STATE_DIR"

    /// With its NUL; none when accepted codes live in memory alone.
    private var path = HeapBuffer<CChar>()
    /// A directory set by a call comes before one from the environment.
    private var isFromCall = false
    private var journal = Journal()
    /// The process whose memory holds all that the directory does; 0 when the directory is to be read first.
    private var reader = 0

    /// Uses the directory that a caller names.
    mutating func use(_ path: UnsafePointer<CChar>, for table: inout ReplayTable) throws(PosError) {
        try take(path, for: &table, mayCreateAgain: true)
        isFromCall = true
    }

    /// Uses the directory that the environment names, if no call has named one, and makes sure that it works. A ride makes
    /// no journal in a directory that was in use before.
    mutating func useEnvironment(for table: inout ReplayTable, isRide: Bool) throws(PosError) {
        if !isFromCall, let path = posoffline_platform_environment(cString(Self.variable)) {
            try take(path, for: &table, mayCreateAgain: !isRide)
        } else {
            try confirm(for: &table, mayCreate: !isRide)
        }
    }

    /// Has in `table` what the directory holds, if there is one. A disk that has failed since is no hindrance.
    mutating func requireRead(into table: inout ReplayTable) throws(PosError) {
        guard path.count > 0, reader != posoffline_platform_process() else { return }
        do throws(PosError) { try reopen(for: &table, mayCreate: false) } catch { throw error.asSystemError }
    }

    /// Has the journal ready to take an entry, if there is to be one.
    mutating func requireUsable(for table: inout ReplayTable) throws(PosError) {
        guard path.count > 0, !journal.isUsable else { return }
        do throws(PosError) { try recover(for: &table, mayCreate: false) } catch { throw error.asSystemError }
    }

    /// Has it on the disk that a code was accepted, which `table` remembers already. When that cannot be, the table
    /// forgets the code again.
    mutating func persist(
        _ identity: ReplayIdentity, until lastSecond: UInt32, now: UInt32, in table: inout ReplayTable
    ) throws(PosError) {
        guard path.count > 0 else { return }
        do throws(PosError) {
            try journal.add(ReplaySlot(identity, until: lastSecond))
        } catch {
            table.rollBack(identity)
            throw error.asSystemError
        }
        if journal.needsCompaction {
            table.removeExpired(now)
            journal.compact(table)
        }
    }

    /// Gives the directory up until it is needed again.
    mutating func close() {
        journal.close()
        reader = 0
    }

    /// Leaves the directory to the parent, right after fork(). Does no more than a signal handler may.
    mutating func closeInherited() {
        journal.closeInherited()
        reader = 0
    }

    /// Gives it up for good.
    mutating func unset() {
        close()
        path.release()
        isFromCall = false
    }

    /// Makes sure that the directory works, if there is to be one.
    private mutating func confirm(for table: inout ReplayTable, mayCreate: Bool) throws(PosError) {
        guard path.count > 0 else { return }
        if journal.isUsable { try journal.check() }
        guard journal.isUsable else { return try recover(for: &table, mayCreate: mayCreate) }
        // The path leads elsewhere: there as in another directory, or on as before.
        if try !isReached() { try openAtPath(for: &table, mayCreate: mayCreate) }
    }

    /// Rewrites a journal that the disk has failed, or opens it by its path, whatever that leads to now. A ride makes no
    /// journal where there is none: while a file system is being repaired the path leads to the bare mount point.
    private mutating func recover(for table: inout ReplayTable, mayCreate: Bool) throws(PosError) {
        do throws(PosError) {
            if journal.isOpen, try isReached() { return try journal.rewrite(from: table) }
        } catch {
            // Nothing holds the file system any more: it can be unmounted and repaired.
            journal.close()
            throw error
        }
        try reopen(for: &table, mayCreate: mayCreate)
    }

    private mutating func reopen(for table: inout ReplayTable, mayCreate: Bool) throws(PosError) {
        // First, or this process would keep itself out.
        journal.close()
        try openAtPath(for: &table, mayCreate: mayCreate)
    }

    private mutating func openAtPath(for table: inout ReplayTable, mayCreate: Bool) throws(PosError) {
        let path = path.span
        try path.withUnsafeBufferPointer { (path) throws(PosError) in
            guard let start = path.baseAddress else { return }
            try open(start, for: &table, mayCreate: mayCreate)
        }
    }

    private func isReached() throws(PosError) -> Bool {
        let path = path.span
        return try path.withUnsafeBufferPointer { (path) throws(PosError) in
            guard let start = path.baseAddress else { return false }
            return try journal.isReached(by: start)
        }
    }

    private mutating func take(
        _ path: UnsafePointer<CChar>, for table: inout ReplayTable, mayCreateAgain: Bool
    ) throws(PosError) {
        let name = text(path)
        guard !isSame(name) else { return try confirm(for: &table, mayCreate: mayCreateAgain) }
        guard var copy = HeapBuffer<CChar>(count: name.count &+ 1) else { throw .outOfMemory }
        var span = copy.mutableSpan
        for index in name.indices { span[index] = CChar(bitPattern: name[index]) }
        // The path before, until the call has succeeded.
        swap(&self.path, &copy)
        do throws(PosError) {
            // Another spelling of the directory that is open is no other directory.
            if journal.isOpen, try isReached() {
                try confirm(for: &table, mayCreate: mayCreateAgain)
            } else {
                try open(path, for: &table, mayCreate: true)
            }
        } catch {
            swap(&self.path, &copy)
            copy.release()
            throw error
        }
        copy.release()
    }

    private func isSame(_ name: Span<UInt8>) -> Bool {
        guard path.count == name.count &+ 1 else { return false }
        let path = path.span
        for index in name.indices where path[index] != CChar(bitPattern: name[index]) { return false }
        return true
    }

    /// Opens the journal at a path in place of the one that is open, and makes table and journal hold what either held.
    /// When it throws, both are as they were.
    private mutating func open(
        _ path: UnsafePointer<CChar>, for table: inout ReplayTable, mayCreate: Bool
    ) throws(PosError) {
        var opened = Journal()
        var joined = ReplayTable()
        do throws(PosError) {
            try joined.reserve()
            try opened.open(path, into: &joined, mayCreate: mayCreate)
            try joined.restore(table)
            if !table.isEmpty || journal.needsRewrite { try opened.rewrite(from: joined) }
        } catch {
            opened.close()
            joined.release()
            throw error
        }
        swap(&journal, &opened)
        opened.close()
        reader = posoffline_platform_process()
        swap(&table, &joined)
        joined.release()
    }
}
