import CPlatform
import TransitCode
import TransitGate

/// The file in which accepted codes outlive the power, and the directory that it is in, which nobody else has
/// meanwhile (docs/journal.md). Whoever opens a journal closes it, once, also when the opening fails.
struct Journal: ~Copyable {
    private static let name: StaticString = "replay.journal"
    private static let temporaryName: StaticString = "replay.temporary"
    private static let none: Int32 = -1

    private var directory = Self.none
    private var file = Self.none
    /// How many entries the file has: the next one's place is behind them.
    private var count = 0
    /// With how many entries the file is worth a look whether it should be rewritten.
    private var limit = Self.slack
    /// The disk has failed in a way that leaves open what the file holds: it takes nothing more before it is rewritten.
    private(set) var needsRewrite = false
    /// The disk has taken no entry the last time. What the file holds is known all the same.
    private var hasRefused = false

    /// The process that opened it.
    private var process = 0

    /// Whether this process has it open.
    var isOpen: Bool { file >= 0 && !isInheritedByFork }
    /// Whether entries can be added.
    var isUsable: Bool { isOpen && !needsRewrite }

    /// Whether this process is a child of the one that has it open.
    private var isInheritedByFork: Bool { file >= 0 && process != posoffline_platform_process() }

    /// Takes the directory at a path and reads the journal there into `table`. Throws `.illegalParam` when that is no
    /// directory to write in, or has no journal and none may be made; `.system` when another process has it or the disk
    /// fails.
    mutating func open(
        _ path: UnsafePointer<CChar>, into table: inout ReplayTable, mayCreate: Bool
    ) throws(PosError) {
        process = posoffline_platform_process()
        directory = try Self.handle(posoffline_platform_take_directory(path))
        // Linux's FAT writes the first names in a new directory when its parent is synced.
        try Self.require(posoffline_platform_sync_parent(directory))
        file = try Self.handle(posoffline_platform_open(directory, cString(Self.name), mayCreate ? 1 : 0))
        try probe()
        try read(into: &table)
    }

    /// Sees whether the disk takes a file and what is written to it. What a power cut left of a rewriting goes. All names
    /// in the directory are on the disk afterwards: one that leads to room given away is dangerous on FAT.
    private func probe() throws(PosError) {
        let temporary = try Self.handle(makeTemporary())
        do throws(PosError) {
            try write(JournalEntry.accepted(ReplaySlot()).bytes.span, to: temporary, at: 0)
            try Self.require(posoffline_platform_sync(temporary))
        } catch {
            posoffline_platform_close(temporary)
            _ = removeTemporary()
            throw error
        }
        posoffline_platform_close(temporary)
        try Self.require(removeTemporary())
    }

    /// Whether `path` still leads to this journal's directory: after a repair another file system may be mounted there.
    /// Throws `.system` when the disk fails.
    func isReached(by path: UnsafePointer<CChar>) throws(PosError) -> Bool {
        let result = posoffline_platform_leads_to(path, directory)
        guard result != Int32(POSOFFLINE_PLATFORM_FAULT) else { throw .system }
        return result == 1
    }

    /// Notices a disk that has failed since the last ride. Throws `.system` when it still takes no entry.
    mutating func check() throws(PosError) {
        if posoffline_platform_sync(file) != 0 { needsRewrite = true }
        guard hasRefused, !needsRewrite else { return }
        try probe()
        hasRefused = false
    }

    /// Closes the file and gives the directory up. What the disk holds is as doubtful as before.
    mutating func close() {
        // A child that no fork handler has seen may share the descriptors themselves with its parent (CLONE_FILES), so
        // it leaves them as they are.
        if !isInheritedByFork {
            if file >= 0 { posoffline_platform_close(file) }
            if directory >= 0 { posoffline_platform_give_directory(directory) }
        }
        forgetHandles()
    }

    /// Closes this process's copies of what its parent has open, right after fork(). Does no more than a signal handler
    /// may.
    mutating func closeInherited() {
        if file >= 0 { posoffline_platform_close(file) }
        if directory >= 0 { posoffline_platform_close(directory) }
        forgetHandles()
    }

    private mutating func forgetHandles() {
        (directory, file, count, limit) = (Self.none, Self.none, 0, Self.slack)
    }

    /// Appends and syncs an accepted code. Throws `.system`, and the code is as good as never accepted, when the disk
    /// fails.
    mutating func add(_ slot: ReplaySlot) throws(PosError) {
        let entry = JournalEntry.accepted(slot).bytes
        let end = count &* JournalEntry.count
        do throws(PosError) {
            try write(entry.span, to: file, at: end)
        } catch {
            // A full disk. The file is as it was before, where the disk says so: it takes the next entry without a
            // rewriting, for which there may be no room.
            hasRefused = true
            needsRewrite = posoffline_platform_truncate(file, UInt(bitPattern: end)) != 0
                || posoffline_platform_sync(file) != 0
            throw error
        }
        do throws(PosError) {
            try Self.require(posoffline_platform_sync(file))
        } catch {
            needsRewrite = true
            _ = posoffline_platform_truncate(file, UInt(bitPattern: end))
            throw error
        }
        count &+= 1
        hasRefused = false
    }

    /// Whether the file has grown so far that codes past their window should be dropped, and `compact` called.
    var needsCompaction: Bool { count >= limit }

    /// Rewrites the file when most of it is out of date. No ride depends on it: when it fails, the next time is later.
    mutating func compact(_ table: borrowing ReplayTable) {
        limit = 2 &* table.count &+ Self.slack
        guard needsCompaction else { return }
        do throws(PosError) { try rewrite(from: table) } catch { limit = 2 &* count }
    }

    /// Writes all that `table` holds into a file of its own and puts that in the journal's place.
    mutating func rewrite(from table: borrowing ReplayTable) throws(PosError) {
        // Of an empty table nothing would be written, and a full disk would not show.
        if table.isEmpty { try probe() }
        let temporary = try Self.handle(makeTemporary())
        let written: Int
        do throws(PosError) {
            written = try write(table, to: temporary)
            try Self.require(posoffline_platform_sync(temporary))
            try Self.require(
                posoffline_platform_rename(directory, cString(Self.temporaryName), cString(Self.name)))
        } catch {
            posoffline_platform_close(temporary)
            // A rename that failed may have been done all the same: then there is no temporary file any more.
            if removeTemporary() != 0 { needsRewrite = true }
            throw error
        }
        let replaced = file
        (file, count, limit) = (temporary, written, 2 &* table.count &+ Self.slack)
        // Until the new name is on the disk as well, a power cut brings the old file back. FAT keeps where a file
        // begins beside its name, and writes that when the file is synced: after the temporary name has gone, or two names
        // would lead to one file. It gives the old file's room away when that is closed.
        needsRewrite = true
        let results = (posoffline_platform_sync_directory(directory), posoffline_platform_sync(file))
        posoffline_platform_close(replaced)
        try Self.require(results.0)
        try Self.require(results.1)
        (needsRewrite, hasRefused) = (false, false)
    }

    /// A journal that is shorter is left alone.
    private static let slack = 2048

    private func removeTemporary() -> Int32 {
        let result = posoffline_platform_remove(directory, cString(Self.temporaryName))
        return result != 0 ? result : posoffline_platform_sync_directory(directory)
    }

    private func makeTemporary() -> Int32 { posoffline_platform_make(directory, cString(Self.temporaryName)) }

    /// Entries that are damaged are passed over; behind the last good one the file ends.
    private mutating func read(into table: inout ReplayTable) throws(PosError) {
        let length = posoffline_platform_file_length(file)
        guard length >= 0 else { throw .system }
        try table.reserve(more: length / JournalEntry.count)
        var page = Page()
        var (offset, end) = (0, 0)
        repeat {
            try page.fill(from: file, at: offset)
            for at in stride(from: 0, to: page.count, by: JournalEntry.count) {
                guard let entry = JournalEntry(page.bytes, at: at) else { continue }
                try table.restore(entry)
                end = offset &+ at &+ JournalEntry.count
            }
            offset &+= page.count
        } while page.isFull
        if offset > end { _ = posoffline_platform_truncate(file, UInt(bitPattern: end)) }
        count = end / JournalEntry.count
    }

    /// Returns how many entries that are.
    private func write(_ table: borrowing ReplayTable, to file: Int32) throws(PosError) -> Int {
        var page = Page()
        var (offset, written) = (0, 0)
        if let times = table.memory.watermark {
            page.append(JournalEntry.evicted(times).bytes)
            written += 1
        }
        let slots = table.allSlots
        for index in slots.indices where !slots[index].isEmpty {
            if page.isFull {
                try write(page.bytes, to: file, at: offset)
                offset &+= page.count
                page = Page()
            }
            page.append(JournalEntry.accepted(slots[index]).bytes)
            written &+= 1
        }
        try write(page.bytes, to: file, at: offset)
        return written
    }

    private func write(_ bytes: Span<UInt8>, to file: Int32, at offset: Int) throws(PosError) {
        let result = bytes.withUnsafeBufferPointer {
            posoffline_platform_write(file, UInt(bitPattern: offset), $0.baseAddress, UInt($0.count))
        }
        try Self.require(result)
    }

    private static func handle(_ result: Int32) throws(PosError) -> Int32 {
        if result >= 0 { return result }
        throw result == Int32(POSOFFLINE_PLATFORM_UNFIT) ? .illegalParam : .system
    }

    private static func require(_ result: Int32) throws(PosError) {
        if result != 0 { throw .system }
    }
}

/// A part of a journal on its way between file and table.
private struct Page {
    private var storage = InlineArray<4096, UInt8>(repeating: 0)
    private(set) var count = 0

    var isFull: Bool { count == storage.count }

    var bytes: Span<UInt8> {
        @_lifetime(borrow self) get { storage.span.extracting(first: count) }
    }

    /// Takes an entry, for which there is room.
    mutating func append(_ entry: InlineArray<32, UInt8>) {
        for index in entry.indices { storage[count &+ index] = entry[index] }
        count &+= entry.count
    }

    /// Reads a file from an offset until it ends, or until the page is full.
    mutating func fill(from file: Int32, at offset: Int) throws(PosError) {
        let capacity = storage.count
        let got = withUnsafeMutableBytes(of: &storage) { buffer in
            posoffline_platform_read(
                file, UInt(bitPattern: offset), buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt(capacity))
        }
        guard got >= 0, got <= capacity else { throw .system }
        count = got
    }
}
