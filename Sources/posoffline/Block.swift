import CPlatform

/// Memory of the platform's. Swift's own allocation traps when there is none left; this one says so. Whoever holds a
/// block releases it, once.
struct Block<Element: BitwiseCopyable> {
    private var base: UnsafeMutablePointer<Element>?
    private(set) var count: Int

    /// No memory.
    init() {
        base = nil
        count = 0
    }

    /// Zeroed memory for `count` elements; nil when there is none.
    init?(count: Int) {
        guard
            let memory = posoffline_platform_allocate(UInt(bitPattern: count), UInt(MemoryLayout<Element>.stride))
        else { return nil }
        base = memory.assumingMemoryBound(to: Element.self)
        self.count = count
    }

    /// Gives the memory back and becomes a block of none.
    mutating func release() {
        posoffline_platform_release(base)
        self = Block()
    }

    var span: Span<Element> {
        @_lifetime(borrow self) get {
            _overrideLifetime(Span(_unsafeStart: start, count: count), borrowing: self)
        }
    }

    var mutableSpan: MutableSpan<Element> {
        @_lifetime(&self) mutating get {
            _overrideLifetime(MutableSpan(_unsafeStart: start, count: count), mutating: &self)
        }
    }

    /// An empty span wants an address as well, and reads nothing there.
    private var start: UnsafeMutablePointer<Element> {
        base ?? UnsafeMutablePointer(bitPattern: MemoryLayout<Element>.alignment).unsafelyUnwrapped
    }
}
