import CPlatform

// File descriptors with an owner: each is closed at the end of its value's life.
//
// Only the process that opened a descriptor closes it then. A child that no fork handler has seen may share the
// descriptor itself with its parent (CLONE_FILES), so a deinit there leaves it open. `closeInherited` is for a child
// that the fork handler has seen, which has a descriptor of its own. It is async-signal-safe.

/// An open regular file, or none.
struct OpenFile: ~Copyable {
    private(set) var descriptor: Int32 = -1
    private var process = 0

    /// No file.
    init() {}

    /// Takes over a descriptor that this process has just opened.
    init(owning descriptor: Int32) {
        self.descriptor = descriptor
        process = posoffline_platform_process()
    }

    deinit { if isOpenHere { posoffline_platform_close(descriptor) } }

    /// Whether this process has it open, and not merely a parent.
    var isOpenHere: Bool { descriptor >= 0 && process == posoffline_platform_process() }

    /// Closes the file now.
    consuming func close() {}

    mutating func closeInherited() {
        if descriptor >= 0 { posoffline_platform_close(descriptor) }
        descriptor = -1
    }
}

/// An open directory that no one else can lock meanwhile, or none.
struct LockedDirectory: ~Copyable {
    private(set) var descriptor: Int32 = -1
    private var process = 0

    /// No directory.
    init() {}

    /// Takes over a descriptor that this process has just opened and locked.
    init(owning descriptor: Int32) {
        self.descriptor = descriptor
        process = posoffline_platform_process()
    }

    deinit {
        if descriptor >= 0, process == posoffline_platform_process() {
            posoffline_platform_unlock_and_close_directory(descriptor)
        }
    }

    /// Closes this process's copy and leaves the lock to the parent.
    mutating func closeInherited() {
        if descriptor >= 0 { posoffline_platform_close(descriptor) }
        descriptor = -1
    }
}
