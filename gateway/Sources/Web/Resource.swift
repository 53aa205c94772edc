/// A file of the folder Resources, which the build embeds.
enum Resource {
    /// Without the line break at the end of the file.
    static func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes[...], as: UTF8.self)
    }
}
