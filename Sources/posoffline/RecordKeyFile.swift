import CPlatform
import TransitCode
import TransitCrypto
import TransitGate

/// The record key in a file that the environment names, for firmware that cannot be changed (`posoffline.h`). Wiped by
/// `wipe`, not by a deinit, for the reason that `RecordKey` gives.
struct RecordKeyFile: ~Copyable {
    private static let variable: StaticString = "POSOFFLINE_RECORD_KEY_FILE"

    /// The longest key in hex, and some white space after it. A file that fills it is too long.
    private var contents = InlineArray<160, UInt8>(repeating: 0)
    private var hex = HexText<64>()
    private var count = 0

    /// Whether the environment names a file, after a `read` that did not throw.
    var isPresent: Bool { count > 0 }

    /// Reads the file if the environment names one. Throws `.illegalParam` when it cannot be read or is not a key.
    mutating func read() throws(PosError) {
        guard let path = posoffline_platform_environment(cString(Self.variable)) else { return }
        let capacity = contents.count
        let length = withUnsafeMutableBytes(of: &contents) { buffer in
            posoffline_platform_read_file(
                path, buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt(capacity))
        }
        guard length >= 0, length < capacity,
            let count = RecordKey.decode(contents.span.extracting(first: length), into: &hex)
        else { throw .illegalParam }
        self.count = count
    }

    /// The key, if `isPresent`.
    var key: Span<UInt8> {
        @_lifetime(borrow self) get { hex.bytes.span.extracting(first: count) }
    }

    mutating func wipe() {
        Secret.overwrite(&contents, with: InlineArray(repeating: 0))
        Secret.overwrite(&hex, with: HexText())
    }
}
