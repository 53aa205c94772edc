/// The forms of a public key that this project reads (SEC 1 section 2.3.3).
public enum SEC1 {
    /// Whether the bytes are a compressed or an uncompressed point by their first byte and count. Hybrid forms, which
    /// some libraries take, and the point at infinity are not.
    public static func isPlain(_ bytes: Span<UInt8>, coordinateCount: Int) -> Bool {
        guard bytes.count > 0 else { return false }
        return switch bytes[0] {
        case 2, 3: bytes.count == 1 &+ coordinateCount
        case 4: bytes.count == 1 &+ 2 &* coordinateCount
        default: false
        }
    }
}
