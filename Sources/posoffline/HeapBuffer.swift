import CPlatform

/// Memory from the platform's allocator, released at the end of the value's life. Swift's own allocation traps when
/// memory is out; this one reports it.
struct HeapBuffer<Element: BitwiseCopyable>: ~Copyable {
    private var memory: UnsafeMutableBufferPointer<Element>

    /// No memory.
    init() { memory = UnsafeMutableBufferPointer(start: nil, count: 0) }

    /// Zeroed memory for `count` elements; nil when memory is out.
    init?(count: Int) {
        guard
            let start = posoffline_platform_allocate(UInt(bitPattern: count), UInt(MemoryLayout<Element>.stride))
        else { return nil }
        memory = UnsafeMutableBufferPointer(start: start.assumingMemoryBound(to: Element.self), count: count)
    }

    deinit { posoffline_platform_release(memory.baseAddress) }

    var count: Int { memory.count }

    /// The address, nil without memory. Unsafe: do not use it after the buffer's life.
    var unsafeStart: UnsafePointer<Element>? { UnsafePointer(memory.baseAddress) }

    var span: Span<Element> {
        @_lifetime(borrow self) get { _overrideLifetime(memory.span, borrowing: self) }
    }

    var mutableSpan: MutableSpan<Element> {
        @_lifetime(&self) mutating get { _overrideLifetime(memory.mutableSpan, mutating: &self) }
    }
}
