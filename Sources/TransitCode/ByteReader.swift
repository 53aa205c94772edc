/// The content that a field may have.
public enum FieldContent: Equatable, Sendable {
    case anything
    /// Printable ASCII.
    case text
    case cardType
    /// A number with one permitted value.
    case number(UInt16)
}

/// Reads big-endian fields from front to back, keeps the offset, and reports each named field to an observer.
public struct ByteReader<Observer: FieldObserver>: ~Escapable {
    public typealias Field = Observer.Field

    /// The number of bytes before the next field.
    public private(set) var offset: Int
    private var rest: Span<UInt8>
    private let observer: Observer

    /// `offset` is the place of the first byte in the observer's count.
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>, at offset: Int = 0, for observer: Observer = Unobserved<Never>()) {
        self.offset = offset
        rest = bytes
        self.observer = observer
    }

    public var isAtEnd: Bool { rest.isEmpty }

    /// Whether no byte is left after the last field. Reports a leftover.
    public func ends(after last: Field) -> Bool {
        if !isAtEnd { observer.stops(at: last, offset: offset, .leftOver(rest.count)) }
        return isAtEnd
    }

    /// The next `count` bytes. Nil, and nothing taken, when fewer are left or the content is not permitted.
    @_lifetime(copy self)
    public mutating func take(
        _ count: Int, as name: Field? = nil, _ content: FieldContent = .anything
    ) -> Span<UInt8>? {
        guard count >= 0, count <= rest.count else {
            if let name { observer.stops(at: name, offset: offset, .tooShort(needed: count, left: rest.count)) }
            return nil
        }
        let field = rest.extracting(first: count)
        if let fault = content.fault(of: field, at: offset) {
            if let name { observer.stops(at: name, offset: offset, fault) }
            return nil
        }
        if let name { observer.takes(name, at: offset, count: count) }
        rest = rest.extracting(droppingFirst: count)
        offset &+= count
        return field
    }

    /// A length byte and that many bytes; returns these.
    @_lifetime(copy self)
    public mutating func takeCounted(
        _ countName: Field? = nil, as name: Field? = nil, _ content: FieldContent = .anything
    ) -> Span<UInt8>? {
        guard let count = takeUInt8(as: countName) else { return nil }
        return take(Int(count), as: name, content)
    }

    public mutating func takeUInt8(as name: Field? = nil) -> UInt8? {
        guard let field = take(1, as: name) else { return nil }
        return field[0]
    }

    public mutating func takeUInt16(as name: Field? = nil) -> UInt16? {
        guard let field = take(2, as: name) else { return nil }
        return UInt16(truncatingIfNeeded: field.number)
    }

    public mutating func takeUInt32(as name: Field? = nil) -> UInt32? {
        guard let field = take(4, as: name) else { return nil }
        return field.number
    }
}

extension FieldContent {
    fileprivate func fault(of field: Span<UInt8>, at offset: Int) -> FieldFault? {
        switch self {
        case .anything: return nil
        case .number(let value): return field.number == UInt32(value) ? nil : .mustBe(value)
        case .cardType where CardType(field) != nil: return nil
        case .text, .cardType:
            for index in field.indices where !field[index].isPrintableASCII {
                return .notPrintable(offset: offset &+ index)
            }
            return nil
        }
    }
}

extension Span where Element == UInt8 {
    /// The last four bytes as a big-endian number.
    fileprivate var number: UInt32 {
        var number: UInt32 = 0
        for index in indices { number = number << 8 | UInt32(self[index]) }
        return number
    }
}
