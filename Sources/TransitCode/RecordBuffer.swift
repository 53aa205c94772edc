/// Composes a record in a fixed array.
public struct RecordBuffer: ~Copyable {
    /// In bytes. Above the longest record: a code of 776 bytes, a pos_param of 1,024, 70 bytes of other fields.
    public static let capacity = 2048

    private var storage = InlineArray<2048, UInt8>(repeating: 0)
    public private(set) var count = 0

    public init() {}

    /// The bytes appended so far.
    public var bytes: Span<UInt8> {
        @_lifetime(borrow self) get { storage.span.extracting(first: count) }
    }

    /// Starts a record with every field before the key id. Throws `.illegalParam` when the fields do not fit, which
    /// fields of valid lengths always do.
    public mutating func compose(
        code: Span<UInt8>, posParam: Span<UInt8>, amountCent: UInt32, acceptedAt: UInt32, version: Span<UInt8>
    ) throws(PosError) {
        count = 2
        try append(code)
        try append(posParam)
        try append(field: amountCent)
        try append(field: acceptedAt)
        try append(version)
    }

    /// Sets the length in the head, the MAC included. Call it when only the MAC is missing. The capacity keeps the
    /// length below 2^12.
    public mutating func close() {
        let length = count &+ 2 &+ Record.macCount &- 2
        let head = Record.formatNibble << 12 | UInt16(truncatingIfNeeded: length)
        storage[0] = UInt8(head >> 8)
        storage[1] = UInt8(head & 0xFF)
    }

    /// Appends a two-byte length and the bytes. Throws `.illegalParam` when they do not fit.
    public mutating func append(_ field: Span<UInt8>) throws(PosError) {
        guard field.count <= Self.capacity &- 2 &- count else { throw .illegalParam }
        put(UInt8(truncatingIfNeeded: field.count >> 8))
        put(UInt8(truncatingIfNeeded: field.count))
        for index in field.indices { put(field[index]) }
    }

    /// The caller has checked that there is room.
    private mutating func put(_ byte: UInt8) {
        storage[count] = byte
        count &+= 1
    }

    private mutating func append(field value: UInt32) throws(PosError) {
        let bytes: InlineArray<4, UInt8> = [
            UInt8(value >> 24), UInt8(value >> 16 & 0xFF), UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF),
        ]
        try append(bytes.span)
    }
}
