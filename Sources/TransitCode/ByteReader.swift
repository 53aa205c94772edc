/// Takes big-endian fields off the front of a span and remembers how far it has come.
public struct ByteReader: ~Escapable {
    /// The bytes before the next field.
    public private(set) var offset = 0
    private var rest: Span<UInt8>

    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>) {
        rest = bytes
    }

    public var isAtEnd: Bool { rest.isEmpty }

    /// The next `count` bytes; nil, and nothing taken, when fewer are left.
    @_lifetime(copy self)
    public mutating func take(_ count: Int) -> Span<UInt8>? {
        guard count >= 0, count <= rest.count else { return nil }
        let field = rest.extracting(first: count)
        rest = rest.extracting(droppingFirst: count)
        offset &+= count
        return field
    }

    /// The bytes that a length byte announces.
    @_lifetime(copy self)
    public mutating func takeCounted() -> Span<UInt8>? {
        guard let count = takeUInt8() else { return nil }
        return take(Int(count))
    }

    public mutating func takeUInt8() -> UInt8? {
        guard let field = take(1) else { return nil }
        return field[0]
    }

    public mutating func takeUInt16() -> UInt16? {
        guard let field = take(2) else { return nil }
        return UInt16(field[0]) << 8 | UInt16(field[1])
    }

    public mutating func takeUInt32() -> UInt32? {
        guard let field = take(4) else { return nil }
        return UInt32(field[0]) << 24 | UInt32(field[1]) << 16 | UInt32(field[2]) << 8 | UInt32(field[3])
    }
}
