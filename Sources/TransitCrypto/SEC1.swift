/// The accepted encodings of a public key (SEC 1 section 2.3.3).
public enum SEC1 {
    /// Whether the first byte and the count are those of a compressed or an uncompressed point. Hybrid forms and the
    /// point at infinity are refused.
    public static func isPlain(_ bytes: Span<UInt8>, coordinateCount: Int) -> Bool {
        guard bytes.count > 0 else { return false }
        return switch bytes[0] {
        case 2, 3: bytes.count == 1 &+ coordinateCount
        case 4: bytes.count == 1 &+ 2 &* coordinateCount
        default: false
        }
    }
}
