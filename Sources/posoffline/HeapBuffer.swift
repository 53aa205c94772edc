import CPlatform

/// Memory of the platform's. Swift's own allocation traps when there is none left; this one says so. Whoever holds a
/// block releases it, once.
struct HeapBuffer<Element: BitwiseCopyable> {
    private var memory: UnsafeMutableBufferPointer<Element>

    /// No memory.
    init() { memory = UnsafeMutableBufferPointer(start: nil, count: 0) }

    /// Zeroed memory for `count` elements; nil when there is none.
    init?(count: Int) {
        guard
            let start = posoffline_platform_allocate(UInt(bitPattern: count), UInt(MemoryLayout<Element>.stride))
        else { return nil }
        memory = UnsafeMutableBufferPointer(start: start.assumingMemoryBound(to: Element.self), count: count)
    }

    var count: Int { memory.count }

    /// Gives the memory back and becomes a block of none.
    mutating func release() {
        posoffline_platform_release(memory.baseAddress)
        self = HeapBuffer()
    }

    var span: Span<Element> {
        @_lifetime(borrow self) get { _overrideLifetime(memory.span, borrowing: self) }
    }

    var mutableSpan: MutableSpan<Element> {
        @_lifetime(&self) mutating get { _overrideLifetime(memory.mutableSpan, mutating: &self) }
    }
}
