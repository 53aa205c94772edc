import TransitCode
import TransitCrypto

/// The secret that signs a terminal's records (docs/format.md, "The record"). It is copied only by `copy(from:)`, and
/// signs where it is kept.
public struct RecordKey: ~Copyable {
    public static let minCount = 16
    public static let maxCount = 64

    private var storage = InlineArray<64, UInt8>(repeating: 0)
    private var count = 0

    /// The key that signs until an operator sets one: the ASCII text "posoffline development key". It is published:
    /// a record under it proves nothing, and tools say so.
    public static var development: InlineArray<26, UInt8> {
        [
            0x70, 0x6F, 0x73, 0x6F, 0x66, 0x66, 0x6C, 0x69, 0x6E, 0x65, 0x20, 0x64, 0x65, 0x76, 0x65, 0x6C, 0x6F, 0x70,
            0x6D, 0x65, 0x6E, 0x74, 0x20, 0x6B, 0x65, 0x79,
        ]
    }

    /// No key of the operator's: the development key signs.
    public init() {}

    public var isSet: Bool { count > 0 }

    /// Takes 16 to 64 bytes and overwrites the key before; false, and nothing changed, for any other length.
    public mutating func set(_ key: Span<UInt8>) -> Bool {
        guard key.count >= Self.minCount, key.count <= Self.maxCount else { return false }
        wipe()
        for index in key.indices { storage[index] = key[index] }
        count = key.count
        return true
    }

    /// Takes another key, or that there is none. Whoever makes a copy wipes it.
    public mutating func copy(from other: borrowing RecordKey) {
        storage = other.storage
        count = other.count
    }

    /// Overwrites the key with zeros; the development key signs again. Not to be optimised away: nobody reads the
    /// zeros.
    @inline(never) @_optimize(none)
    public mutating func wipe() {
        storage = InlineArray(repeating: 0)
        count = 0
    }

    /// Appends the key's id and the MAC to a composed record. Mutating, so that the key is read where it is: the span
    /// of a value that is only borrowed may be one over a copy.
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

    /// The first four bytes of SHA-256 over a key: they tell keys apart without revealing one.
    public static func id<Backend: CryptoBackend>(
        of key: Span<UInt8>, by backend: Backend.Type
    ) -> InlineArray<4, UInt8> {
        let digest = Backend.sha256(key)
        return [digest[0], digest[1], digest[2], digest[3]]
    }
}
