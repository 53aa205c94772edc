/// Fixed room in which a record is put together.
public struct RecordBuffer: ~Copyable {
    /// More than the longest record: a code of 776 bytes, a pos_param of 1,024, 70 bytes of other fields.
    public static let capacity = 2048

    private var storage = InlineArray<2048, UInt8>(repeating: 0)
    public private(set) var count = 0

    public init() {}

    /// What has been appended so far.
    public var bytes: Span<UInt8> {
        @_lifetime(borrow self) get { storage.span.extracting(first: count) }
    }

    /// Starts a record: every field before the key id.
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

    /// Sets the head to what the record's length will be with the MAC, which is all that is missing. The capacity keeps
    /// it below 2^12.
    public mutating func close() {
        let length = count &+ 2 &+ Record.macCount &- 2
        let head = Record.formatNibble << 12 | UInt16(truncatingIfNeeded: length)
        storage[0] = UInt8(head >> 8)
        storage[1] = UInt8(head & 0xFF)
    }

    /// A two-byte length and the bytes.
    public mutating func append(_ field: Span<UInt8>) throws(PosError) {
        guard field.count <= Self.capacity &- 2 &- count else { throw .illegalParam }
        put(UInt8(truncatingIfNeeded: field.count >> 8))
        put(UInt8(truncatingIfNeeded: field.count))
        for index in field.indices { put(field[index]) }
    }

    /// For callers who have seen that there is room.
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
