import CPlatform
import TransitCode
import TransitGate

/// The file that keeps accepted codes across a loss of power, and the locked directory that it is in (docs/journal.md).
struct Journal: ~Copyable {
    private static let name: StaticString = "replay.journal"
    private static let temporaryName: StaticString = "replay.temporary"

    private var file = OpenFile()
    private var directory = LockedDirectory()
    /// The number of entries in the file. The next one is appended behind them.
    private var count = 0
    /// The number of entries that triggers a compaction check.
    private var limit = Self.minimumLimit
    /// Whether a write has failed, so that the content of the file is unknown. Nothing is appended before a rewrite.
    private(set) var needsRewrite = false
    /// Whether the last append failed although the content of the file is known, as on a full disk.
    private var hasRefused = false

    /// Whether this process has it open.
    var isOpen: Bool { file.isOpenHere }
    /// Whether entries can be appended.
    var isUsable: Bool { isOpen && !needsRewrite }

    /// Opens and locks the directory at a path, and reads the journal in it into `table`. Throws `.illegalParam` when
    /// the path is not a writable directory, or has no journal and `mayCreate` is false; `.system` when another process
    /// has locked it or the disk fails; `.outOfMemory`.
    mutating func open(
        _ path: UnsafePointer<CChar>, into table: inout ReplayTable, mayCreate: Bool
    ) throws(PosError) {
        directory = LockedDirectory(owning: try Self.descriptor(posoffline_platform_open_and_lock_directory(path)))
        // Linux's FAT writes the first names in a new directory when its parent is synced.
        try Self.require(posoffline_platform_sync_parent(directory.descriptor))
        file = OpenFile(
            owning: try Self.descriptor(
                posoffline_platform_open(directory.descriptor, cString(Self.name), mayCreate ? 1 : 0)))
        try probe()
        try read(into: &table)
    }

    /// Checks that the disk accepts a new file and data. Removes what a power cut left of a rewrite, and syncs the
    /// directory: on FAT, a name that leads to freed clusters is dangerous.
    private mutating func probe() throws(PosError) {
        let temporary = try makeTemporary()
        let written = Self.write(JournalEntry.accepted(ReplaySlot()).bytes.span, to: temporary, at: 0)
        let result = written == 0 ? posoffline_platform_sync(temporary.descriptor) : written
        temporary.close()
        let removed = removeTemporary()
        if removed != 0 { needsRewrite = true }
        try Self.require(result)
        try Self.require(removed)
    }

    /// Whether `path` still leads to this journal's directory: another file system may be mounted there since. Throws
    /// `.system` when the disk fails.
    func isReached(by path: UnsafePointer<CChar>) throws(PosError) -> Bool {
        let result = posoffline_platform_is_path_of(path, directory.descriptor)
        guard result != Int32(POSOFFLINE_PLATFORM_FAULT) else { throw .system }
        return result == 1
    }

    /// Detects a disk that has failed since the last append. Throws `.system` when it still accepts no entry.
    mutating func check() throws(PosError) {
        if posoffline_platform_sync(file.descriptor) != 0 { needsRewrite = true }
        guard hasRefused, !needsRewrite else { return }
        try probe()
        hasRefused = false
    }

    /// Closes the file and unlocks the directory. `needsRewrite` stays.
    mutating func close() {
        file = OpenFile()
        directory = LockedDirectory()
        (count, limit) = (0, Self.minimumLimit)
    }

    /// Closes this process's copies of its parent's descriptors, right after fork(). Async-signal-safe.
    mutating func closeInherited() {
        file.closeInherited()
        directory.closeInherited()
        (count, limit) = (0, Self.minimumLimit)
    }

    /// Appends and syncs an accepted code. Throws `.system` when the disk fails; the code is then not in the file.
    mutating func add(_ slot: ReplaySlot) throws(PosError) {
        let end = count &* JournalEntry.count
        guard Self.write(JournalEntry.accepted(slot).bytes.span, to: file, at: end) == 0 else {
            // A full disk. If the file can be restored, it accepts the next entry without a rewrite, for which there
            // may be no room.
            hasRefused = true
            needsRewrite =
                posoffline_platform_truncate(file.descriptor, UInt(bitPattern: end)) != 0
                || posoffline_platform_sync(file.descriptor) != 0
            throw .system
        }
        guard posoffline_platform_sync(file.descriptor) == 0 else {
            needsRewrite = true
            _ = posoffline_platform_truncate(file.descriptor, UInt(bitPattern: end))
            // On FAT, or the sync of another file would free clusters that this one's length still counts.
            _ = posoffline_platform_sync(file.descriptor)
            throw .system
        }
        count &+= 1
        hasRefused = false
    }

    /// Whether the file is long enough for `compact`. Drop codes past their window first.
    var needsCompaction: Bool { count >= limit }

    /// Rewrites the file if at least half of it is out of date. A failure only postpones the next attempt, because the
    /// file is still complete.
    mutating func compact(_ table: borrowing ReplayTable) {
        limit = 2 &* table.count &+ Self.minimumLimit
        guard needsCompaction else { return }
        do throws(PosError) { try rewrite(from: table) } catch { limit = 2 &* count }
    }

    /// Writes everything in `table` to a new file and renames that over the journal.
    mutating func rewrite(from table: borrowing ReplayTable) throws(PosError) {
        // For an empty table nothing would be written, and a full disk would go unnoticed.
        if table.isEmpty { try probe() }
        var temporary = try makeTemporary()
        let written: Int
        do throws(PosError) {
            written = try Self.write(table, to: temporary)
            try Self.require(posoffline_platform_sync(temporary.descriptor))
            try Self.require(
                posoffline_platform_rename(directory.descriptor, cString(Self.temporaryName), cString(Self.name)))
        } catch {
            temporary.close()
            // A rename that reported a failure may still have happened: then there is no temporary file to remove.
            if removeTemporary() != 0 { needsRewrite = true }
            throw error
        }
        swap(&file, &temporary)
        (count, limit) = (written, 2 &* table.count &+ Self.minimumLimit)
        // Until the new name is on the disk, a power cut brings the old file back. FAT stores where a file begins
        // beside its name, and writes that when the file is synced. That comes after the temporary name has gone, or
        // two names would lead to one file. FAT frees the old file's clusters when that is closed.
        needsRewrite = true
        var result = posoffline_platform_sync_directory(directory.descriptor)
        if result == 0 { result = posoffline_platform_sync(file.descriptor) }
        temporary.close()
        try Self.require(result)
        (needsRewrite, hasRefused) = (false, false)
    }

    /// A shorter journal is not compacted.
    private static let minimumLimit = 2048

    private func removeTemporary() -> Int32 {
        let result = posoffline_platform_remove(directory.descriptor, cString(Self.temporaryName))
        return result != 0 ? result : posoffline_platform_sync_directory(directory.descriptor)
    }

    private func makeTemporary() throws(PosError) -> OpenFile {
        OpenFile(
            owning: try Self.descriptor(posoffline_platform_create(directory.descriptor, cString(Self.temporaryName))))
    }

    /// Reads every entry into `table`. Skips damaged entries, and truncates the file behind the last good one.
    private mutating func read(into table: inout ReplayTable) throws(PosError) {
        let length = posoffline_platform_file_length(file.descriptor)
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
        if offset > end { _ = posoffline_platform_truncate(file.descriptor, UInt(bitPattern: end)) }
        count = end / JournalEntry.count
    }

    /// Writes every entry of `table`. Returns the number of entries.
    private static func write(_ table: borrowing ReplayTable, to file: borrowing OpenFile) throws(PosError) -> Int {
        var page = Page()
        var (offset, written) = (0, 0)
        if let watermark = table.memory.watermark {
            page.append(JournalEntry.evicted(watermark).bytes)
            written += 1
        }
        let slots = table.allSlots
        for index in slots.indices where !slots[index].isEmpty {
            if page.isFull {
                try require(write(page.bytes, to: file, at: offset))
                offset &+= page.count
                page = Page()
            }
            page.append(JournalEntry.accepted(slots[index]).bytes)
            written &+= 1
        }
        try require(write(page.bytes, to: file, at: offset))
        return written
    }

    private static func write(_ bytes: Span<UInt8>, to file: borrowing OpenFile, at offset: Int) -> Int32 {
        let descriptor = file.descriptor
        return bytes.withUnsafeBufferPointer {
            posoffline_platform_write(descriptor, UInt(bitPattern: offset), $0.baseAddress, UInt($0.count))
        }
    }

    /// The descriptor that a platform call returned, or its error.
    private static func descriptor(_ result: Int32) throws(PosError) -> Int32 {
        if result >= 0 { return result }
        throw result == Int32(POSOFFLINE_PLATFORM_BAD_PATH) ? .illegalParam : .system
    }

    private static func require(_ result: Int32) throws(PosError) {
        if result != 0 { throw .system }
    }
}

/// A buffer for a part of a journal, between file and table.
private struct Page {
    private var storage = InlineArray<4096, UInt8>(repeating: 0)
    private(set) var count = 0

    var isFull: Bool { count == storage.count }

    var bytes: Span<UInt8> {
        @_lifetime(borrow self) get { storage.span.extracting(first: count) }
    }

    /// Appends an entry. The caller has checked that the page is not full.
    mutating func append(_ entry: InlineArray<32, UInt8>) {
        for index in entry.indices { storage[count &+ index] = entry[index] }
        count &+= entry.count
    }

    /// Reads a file from an offset to its end, or until the page is full.
    mutating func fill(from file: borrowing OpenFile, at offset: Int) throws(PosError) {
        let capacity = storage.count
        let descriptor = file.descriptor
        let got = withUnsafeMutableBytes(of: &storage) { buffer in
            posoffline_platform_read(
                descriptor, UInt(bitPattern: offset), buffer.baseAddress?.assumingMemoryBound(to: UInt8.self),
                UInt(capacity))
        }
        guard got >= 0, got <= capacity else { throw .system }
        count = got
    }
}
