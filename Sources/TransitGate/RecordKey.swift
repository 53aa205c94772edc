import TransitCode
import TransitCrypto

/// The secret that signs a terminal's records (docs/format.md, "The record"). Only `copy(from:)` copies it, and it
/// signs where it is stored, so that `wipe` reaches every copy that the program makes.
///
/// It has no deinit that wipes: the compiler may move a value before its deinit, and the deinit would wipe the moved
/// one.
public struct RecordKey: ~Copyable {
    /// The shortest and the longest key, in bytes.
    public static let minCount = 16
    public static let maxCount = 64

    private var storage = InlineArray<64, UInt8>(repeating: 0)
    private var count = 0

    /// The key that signs until an operator sets one: the ASCII text "posoffline development key". It is published, so
    /// a record under it proves nothing, and tools say so.
    public static var development: InlineArray<26, UInt8> {
        [
            0x70, 0x6F, 0x73, 0x6F, 0x66, 0x66, 0x6C, 0x69, 0x6E, 0x65, 0x20, 0x64, 0x65, 0x76, 0x65, 0x6C, 0x6F, 0x70,
            0x6D, 0x65, 0x6E, 0x74, 0x20, 0x6B, 0x65, 0x79,
        ]
    }

    /// No operator's key: the development key signs.
    public init() {}

    /// Whether an operator has set a key.
    public var isSet: Bool { count > 0 }

    /// Sets a key of 16 to 64 bytes and overwrites the one before. Returns false, and changes nothing, for any other
    /// length.
    public mutating func set(_ key: Span<UInt8>) -> Bool {
        guard key.count >= Self.minCount, key.count <= Self.maxCount else { return false }
        wipe()
        for index in key.indices { storage[index] = key[index] }
        count = key.count
        return true
    }

    /// Copies another key, or that none is set.
    public mutating func copy(from other: borrowing RecordKey) {
        storage = other.storage
        count = other.count
    }

    /// Overwrites the key with zeros; the development key signs again.
    public mutating func wipe() {
        Secret.overwrite(&storage, with: InlineArray(repeating: 0))
        count = 0
    }

    /// Decodes the text of a key file: 32 to 128 hex digits, then any white space. Returns the number of bytes, which
    /// are then in `hex`; nil when the text is anything else. The caller wipes `hex`.
    public static func decode(_ text: Span<UInt8>, into hex: inout HexText<64>) -> Int? {
        var end = text.count
        while end > 0, isWhiteSpace(text[end &- 1]) { end &-= 1 }
        hex.append(text.extracting(first: end))
        guard let count = hex.count, count >= minCount else { return nil }
        return count
    }

    private static func isWhiteSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }

    /// Appends the key's id and the MAC to a composed record. Mutating, so that the key is read where it is stored: the
    /// compiler may copy a value that is only borrowed.
    public mutating func sign<Backend: CryptoBackend>(
        _ record: inout RecordBuffer, by backend: Backend.Type
    ) throws(PosError) {
        if isSet {
            try Self.sign(&record, key: storage.span.extracting(first: count), by: backend)
        } else {
            try Self.sign(&record, key: Self.development.span, by: backend)
        }
    }

    private static func sign<Backend: CryptoBackend>(
        _ record: inout RecordBuffer, key: Span<UInt8>, by backend: Backend.Type
    ) throws(PosError) {
        try record.append(id(of: key, by: backend).span)
        record.close()
        try record.append(Backend.hmacSHA256(key: key, message: record.bytes).span)
    }

    /// The key's id: the first four bytes of SHA-256 over the key.
    public static func id<Backend: CryptoBackend>(
        of key: Span<UInt8>, by backend: Backend.Type
    ) -> InlineArray<4, UInt8> {
        let digest = Backend.sha256(key)
        return [digest[0], digest[1], digest[2], digest[3]]
    }
}
