import CPlatform
import TransitCode
import TransitGate

/// The record key of firmware that cannot be changed: hex in a file that the environment names (`posoffline.h`).
struct RecordKeyFile: ~Copyable {
    private static let variable: StaticString = "POSOFFLINE_RECORD_KEY_FILE"

    /// The longest key in hex, and some white space after it. A file that fills it is too long.
    private var contents = InlineArray<160, UInt8>(repeating: 0)
    private var hex = HexText<64>()

    /// Whether the environment names a file.
    private(set) var isPresent = false

    /// Throws when there is a file that cannot be read or is no key.
    mutating func read() throws(PosError) {
        guard let path = posoffline_platform_environment(cString(Self.variable)) else { return }
        let capacity = contents.count
        let count = withUnsafeMutableBytes(of: &contents) { buffer in
            posoffline_platform_read_file(
                path, buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt(capacity))
        }
        guard count >= 0, count < capacity else { throw .illegalParam }
        var end = count
        while end > 0, Self.isWhiteSpace(contents[end - 1]) { end -= 1 }
        for index in 0..<end { hex.append(contents[index]) }
        guard let keyCount = hex.count, keyCount >= RecordKey.minCount else { throw .illegalParam }
        isPresent = true
    }

    /// The key, after a `read` that found one.
    var key: Span<UInt8> {
        @_lifetime(borrow self) get { hex.bytes.span.extracting(first: hex.count ?? 0) }
    }

    mutating func wipe() {
        withUnsafeMutableBytes(of: &contents) { posoffline_platform_wipe($0.baseAddress, UInt($0.count)) }
        withUnsafeMutableBytes(of: &hex) { posoffline_platform_wipe($0.baseAddress, UInt($0.count)) }
    }

    private static func isWhiteSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }
}
