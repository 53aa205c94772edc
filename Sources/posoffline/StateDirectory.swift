import CPlatform
import TransitCode
import TransitGate

/// The directory in which accepted codes are kept, if one is set (`posoffline_set_state_dir`): its path, and the
/// journal there while it is open. free_pos_verify and a fork close the journal. It is opened again when it is needed,
/// or when it has failed.
struct StateDirectory: ~Copyable {
    private static let variable: StaticString = "POSOFFLINE_STATE_DIR"

    /// With its NUL; empty when accepted codes are kept in memory alone.
    private var path = HeapBuffer<CChar>()
    /// A directory set by a call comes before one from the environment.
    private var isFromCall = false
    private var journal = Journal()
    /// The process whose replay table holds everything in the directory; 0 when the directory must be read first.
    private var readByProcess = 0

    /// Uses the directory that a caller names.
    mutating func use(_ path: UnsafePointer<CChar>, for table: inout ReplayTable) throws(PosError) {
        try set(path, for: &table, mayCreateAgain: true)
        isFromCall = true
    }

    /// Uses the directory that the environment names, unless a call has named one, and checks that it works. A
    /// verification does not create a journal in a directory that was in use before.
    mutating func useEnvironment(for table: inout ReplayTable, isVerification: Bool) throws(PosError) {
        if !isFromCall, let path = posoffline_platform_environment(cString(Self.variable)) {
            try set(path, for: &table, mayCreateAgain: !isVerification)
        } else {
            try requireWorking(for: &table, mayCreate: !isVerification)
        }
    }

    /// Makes sure that `table` holds the content of the directory, if one is set. A disk that has failed since it was
    /// read does not matter.
    mutating func requireRead(into table: inout ReplayTable) throws(PosError) {
        guard path.count > 0, readByProcess != posoffline_platform_process() else { return }
        do throws(PosError) { try reopen(for: &table, mayCreate: false) } catch { throw error.asSystemError }
    }

    /// Makes sure that entries can be appended, if a directory is set.
    mutating func requireUsable(for table: inout ReplayTable) throws(PosError) {
        guard path.count > 0, !journal.isUsable else { return }
        do throws(PosError) { try recover(for: &table, mayCreate: false) } catch { throw error.asSystemError }
    }

    /// Appends and syncs a code that `table` remembers already. On failure removes it from the table again.
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

    /// Closes the journal until it is needed again.
    mutating func close() {
        journal.close()
        readByProcess = 0
    }

    /// Closes this process's copies of its parent's descriptors, right after fork(). Async-signal-safe.
    mutating func closeInherited() {
        journal.closeInherited()
        readByProcess = 0
    }

    /// Closes the journal and forgets the path.
    mutating func unset() {
        close()
        path = HeapBuffer()
        isFromCall = false
    }

    /// Checks that the directory works, if one is set, and repairs what can be repaired.
    private mutating func requireWorking(for table: inout ReplayTable, mayCreate: Bool) throws(PosError) {
        guard path.count > 0 else { return }
        if journal.isUsable { try journal.check() }
        guard journal.isUsable else { return try recover(for: &table, mayCreate: mayCreate) }
        // Where the path leads elsewhere now, that directory is opened; if that fails, the old one stays in use.
        if try !isReached() { try openAtPath(for: &table, mayCreate: mayCreate) }
    }

    /// Rewrites a journal after a failed write, or opens it by its path, whatever that leads to now. A verification
    /// does not create a journal: while a file system is being repaired, the path leads to the bare mount point.
    private mutating func recover(for table: inout ReplayTable, mayCreate: Bool) throws(PosError) {
        do throws(PosError) {
            if journal.isOpen, try isReached() { return try journal.rewrite(from: table) }
        } catch {
            // With no open descriptor, the file system can be unmounted and repaired.
            journal.close()
            throw error
        }
        try reopen(for: &table, mayCreate: mayCreate)
    }

    private mutating func reopen(for table: inout ReplayTable, mayCreate: Bool) throws(PosError) {
        // Closed first: this process's own lock would keep it out.
        journal.close()
        try openAtPath(for: &table, mayCreate: mayCreate)
    }

    private mutating func openAtPath(for table: inout ReplayTable, mayCreate: Bool) throws(PosError) {
        guard let start = path.unsafeStart else { return }
        try open(start, for: &table, mayCreate: mayCreate)
    }

    private func isReached() throws(PosError) -> Bool {
        guard let start = path.unsafeStart else { return false }
        return try journal.isReached(by: start)
    }

    private mutating func set(
        _ path: UnsafePointer<CChar>, for table: inout ReplayTable, mayCreateAgain: Bool
    ) throws(PosError) {
        let name = unsafeText(path)
        guard !isSame(name) else { return try requireWorking(for: &table, mayCreate: mayCreateAgain) }
        guard var copy = HeapBuffer<CChar>(count: name.count &+ 1) else { throw .outOfMemory }
        var span = copy.mutableSpan
        for index in name.indices { span[index] = CChar(bitPattern: name[index]) }
        swap(&self.path, &copy)
        do throws(PosError) {
            // Another spelling of the path of the open directory does not open it again.
            if journal.isOpen, try isReached() {
                try requireWorking(for: &table, mayCreate: mayCreateAgain)
            } else {
                try open(path, for: &table, mayCreate: true)
            }
        } catch {
            swap(&self.path, &copy)
            throw error
        }
    }

    private func isSame(_ name: Span<UInt8>) -> Bool {
        guard path.count == name.count &+ 1 else { return false }
        let path = path.span
        for index in name.indices where path[index] != CChar(bitPattern: name[index]) { return false }
        return true
    }

    /// Opens the journal at a path and closes the one that is open. Table and journal then both hold what either held.
    /// Changes nothing when it throws.
    private mutating func open(
        _ path: UnsafePointer<CChar>, for table: inout ReplayTable, mayCreate: Bool
    ) throws(PosError) {
        var opened = Journal()
        var joined = ReplayTable()
        try joined.reserve()
        try opened.open(path, into: &joined, mayCreate: mayCreate)
        try joined.restore(table)
        if !table.isEmpty || journal.needsRewrite { try opened.rewrite(from: joined) }
        swap(&journal, &opened)
        readByProcess = posoffline_platform_process()
        swap(&table, &joined)
    }
}
