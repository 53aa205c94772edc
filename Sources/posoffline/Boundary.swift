import CPlatform
import CPosoffline
import TransitCode

// Conversion between C values and Swift values. Only this file, the entry points and CardOutputs handle the caller's
// pointers.

/// Runs a call with cancellation of the thread disabled. Returns SUCCESS, or the C code of what `body` threw.
func returnCode(_ body: () throws(PosError) -> Void) -> Int32 {
    var call = posoffline_platform_call()
    posoffline_platform_begin(&call)
    defer { posoffline_platform_end(&call) }
    do throws(PosError) {
        try body()
        return SUCCESS
    } catch {
        return error.rawValue
    }
}

/// A caller's text without its NUL, at most `limit` bytes of it.
///
/// Unsafe: the compiler does not know the lifetime of the caller's memory. Do not use the span after the call.
@_lifetime(immortal)
func unsafeText(_ start: UnsafePointer<CChar>, limit: Int = .max) -> Span<UInt8> {
    let count = posoffline_platform_length(start, UInt(bitPattern: limit))
    return unsafeBytes(UnsafeRawPointer(start).assumingMemoryBound(to: UInt8.self), count: Int(bitPattern: count))
}

/// A caller's bytes. Unsafe as `unsafeText`.
@_lifetime(immortal)
func unsafeBytes(_ start: UnsafePointer<UInt8>, count: Int) -> Span<UInt8> {
    _overrideLifetime(Span(_unsafeStart: start, count: count), copying: ())
}

/// The bytes of a constant with its NUL, as C sees them.
func cString(_ text: StaticString) -> UnsafePointer<CChar> {
    UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
}

/// A copy of a caller's bytes. The response buffers may overlap the request, and another thread may change it.
struct InputCopy<let capacity: Int> {
    private var storage = InlineArray<capacity, UInt8>(repeating: 0)
    private let count: Int

    /// Copies the first `capacity` bytes. A capacity of one more than the longest valid input keeps an input that is
    /// too long recognisable.
    init(_ bytes: Span<UInt8>) {
        count = min(bytes.count, capacity)
        for index in 0..<count { storage[index] = bytes[index] }
    }

    var span: Span<UInt8> {
        @_lifetime(borrow self) get { storage.span.extracting(first: count) }
    }
}

/// One buffer of a response.
struct Output<Element: BitwiseCopyable> {
    private let start: UnsafeMutablePointer<Element>
    /// The buffer's size; after a `write` the length that the caller is told.
    private(set) var count: Int32

    /// Nil when the pointer is NULL.
    init?(_ start: UnsafeMutablePointer<Element>?, _ count: Int32) {
        guard let start else { return nil }
        self.start = start
        self.count = count
    }

    /// The size that the caller gave.
    var capacity: Int { Int(count) }
}

extension Output where Element == UInt8 {
    /// Writes bytes. The caller has checked that they fit.
    mutating func write(_ bytes: Span<UInt8>) {
        for index in bytes.indices { start[index] = bytes[index] }
        count = Int32(truncatingIfNeeded: bytes.count)
    }
}

extension Output where Element == CChar {
    /// Writes text and a NUL. The caller has checked that they fit.
    mutating func write(_ text: Span<UInt8>) {
        for index in text.indices { start[index] = CChar(bitPattern: text[index]) }
        end(at: text.count)
    }

    mutating func write(_ cardType: CardType) {
        for index in 0..<cardType.textCount { start[index] = CChar(bitPattern: cardType[index]) }
        end(at: cardType.textCount)
    }

    /// Writes uppercase hex and a NUL. The caller has checked that they fit.
    mutating func writeHex(_ bytes: Span<UInt8>) {
        for index in bytes.indices {
            start[2 &* index] = CChar(bitPattern: UInt8(hexDigit: bytes[index] >> 4))
            start[2 &* index &+ 1] = CChar(bitPattern: UInt8(hexDigit: bytes[index] & 0xF))
        }
        end(at: 2 &* bytes.count)
    }

    private mutating func end(at length: Int) {
        start[length] = 0
        count = Int32(truncatingIfNeeded: length)
    }
}
