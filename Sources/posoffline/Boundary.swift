import CPlatform
import CPosoffline
import TransitCode

// How C's values become Swift's and back. Pointers end here.

/// Runs a call, in which the thread cannot be cancelled, and turns what it threw into the C code.
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

/// A caller's text without its NUL, at most `limit` bytes of it. It lives as long as the caller's memory.
@_lifetime(immortal)
func text(_ start: UnsafePointer<CChar>, limit: Int = .max) -> Span<UInt8> {
    let count = posoffline_platform_length(start, UInt(bitPattern: limit))
    return bytes(UnsafeRawPointer(start).assumingMemoryBound(to: UInt8.self), count: Int(bitPattern: count))
}

/// A caller's bytes. They live as long as the caller's memory.
@_lifetime(immortal)
func bytes(_ start: UnsafePointer<UInt8>, count: Int) -> Span<UInt8> {
    _overrideLifetime(Span(_unsafeStart: start, count: count), copying: ())
}

/// The bytes of a constant of ours, NUL included, as C sees them.
func cString(_ text: StaticString) -> UnsafePointer<CChar> {
    UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
}

/// A copy of a caller's bytes, so that results may be written where the input was.
struct InputCopy<let capacity: Int> {
    private var storage = InlineArray<capacity, UInt8>(repeating: 0)
    private let count: Int

    /// Keeps the first `capacity` bytes: give one more than can be valid, and too much shows as too much.
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
    /// Its size; after a `write` the count of what was written, which the caller is told.
    private(set) var count: Int32

    /// Nil when the caller gave no buffer.
    init?(_ start: UnsafeMutablePointer<Element>?, _ count: Int32) {
        guard let start else { return nil }
        self.start = start
        self.count = count
    }

    /// The size that the caller gave.
    var room: Int { Int(count) }
}

extension Output where Element == UInt8 {
    /// Writes bytes, which fit, and their count.
    mutating func write(_ bytes: Span<UInt8>) {
        for index in bytes.indices { start[index] = bytes[index] }
        count = Int32(truncatingIfNeeded: bytes.count)
    }
}

extension Output where Element == CChar {
    /// Writes text and its NUL, which fit, and the text's count.
    mutating func write(_ text: Span<UInt8>) {
        for index in text.indices { start[index] = CChar(bitPattern: text[index]) }
        end(at: text.count)
    }

    mutating func write(_ cardType: CardType) {
        for index in 0..<cardType.textCount { start[index] = CChar(bitPattern: cardType[index]) }
        end(at: cardType.textCount)
    }

    /// Writes uppercase hex.
    mutating func writeHex(_ bytes: Span<UInt8>) {
        for index in bytes.indices {
            start[2 &* index] = Self.hexDigit(bytes[index] >> 4)
            start[2 &* index &+ 1] = Self.hexDigit(bytes[index] & 0xF)
        }
        end(at: 2 &* bytes.count)
    }

    private mutating func end(at length: Int) {
        start[length] = 0
        count = Int32(truncatingIfNeeded: length)
    }

    private static func hexDigit(_ value: UInt8) -> CChar {
        CChar(bitPattern: value < 10 ? 0x30 &+ value : 0x41 &- 10 &+ value)
    }
}
