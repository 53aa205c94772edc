import TransitCode
import TransitGate

// Private key files are text with one key a line. A line that begins with `#` is a comment. The format differs from the
// public key list (JSON), so that a private file is not published by mistake.

/// An issuer's private key file. Each line is a key id and 64 hex digits.
public struct IssuerKeyFile: Sendable {
    /// The keys in the order of the file. Each id occurs once.
    public var keys: [(id: UInt8, key: SigningKey)]

    /// Creates a file from keys.
    public init(keys: [(id: UInt8, key: SigningKey)]) { self.keys = keys }

    /// Reads a file. The error gives the line number.
    public init(text: [UInt8]) throws(OfficeError) {
        keys = []
        for (line, words) in keyLines(of: text) {
            guard words.count == 2, let id = UInt8(String(decoding: words[0], as: UTF8.self)),
                let scalar = [UInt8](hex: words[1])
            else { throw .badKeyFile(line: line, .malformed) }
            guard !keys.contains(where: { $0.id == id }) else {
                throw .badKeyFile(line: line, .repeated(keyID: id))
            }
            keys.append((id, try signingKey(scalar, on: .secp256k1, line: line)))
        }
        guard !keys.isEmpty else { throw .badKeyFile(line: 1, .wrongNumberOfKeys) }
    }

    /// The text of the file.
    public var text: String {
        "# Private issuer keys (secp256k1): key id, private key. Keep this file secret.\n"
            + keys.map { "\($0.id) \($0.key.scalar.hex)\n" }.joined()
    }
}

/// A rider's private key file: one line of 48 hex digits.
public struct RiderKeyFile: Sendable {
    /// The key, on secp192k1.
    public var key: SigningKey

    /// Creates a file from a key.
    public init(key: SigningKey) { self.key = key }

    /// Reads a file. The error gives the line number.
    public init(text: [UInt8]) throws(OfficeError) {
        var found: SigningKey?
        for (line, words) in keyLines(of: text) {
            guard found == nil else { throw .badKeyFile(line: line, .wrongNumberOfKeys) }
            guard words.count == 1, let scalar = [UInt8](hex: words[0]) else {
                throw .badKeyFile(line: line, .malformed)
            }
            found = try signingKey(scalar, on: .secp192k1, line: line)
        }
        guard let found else { throw .badKeyFile(line: 1, .wrongNumberOfKeys) }
        key = found
    }

    /// The text of the file.
    public var text: String {
        "# Private rider key (secp192k1), public key \(key.publicKey.hex). Keep this file secret.\n"
            + key.scalar.hex + "\n"
    }
}

/// A terminal's record key in the format of POSOFFLINE_RECORD_KEY_FILE: 32 to 128 hex digits. White space after the
/// digits is allowed.
public enum RecordKeyText {
    /// The key, 16 to 64 bytes.
    public static func key(_ text: [UInt8]) throws(OfficeError) -> [UInt8] {
        var hex = HexText<64>()
        guard let count = RecordKey.decode(text.span, into: &hex) else { throw .badKeyFile(line: 1, .malformed) }
        return [UInt8](hex.bytes.span.extracting(first: count))
    }
}

private func keyLines(of text: [UInt8]) -> [(line: Int, words: [ArraySlice<UInt8>])] {
    lines(of: text).enumerated().compactMap { index, line in
        guard let first = line.first, first != UInt8(ascii: "#") else { return nil }
        return (index + 1, line.split { $0 == 0x20 || $0 == 0x09 })
    }
}

private func signingKey(
    _ scalar: [UInt8], on curve: SigningKey.Curve, line: Int
) throws(OfficeError) -> SigningKey {
    do {
        return try SigningKey(scalar: scalar, on: curve)
    } catch {
        throw error == .badPrivateKey ? .badKeyFile(line: line, .badPrivateKey) : error
    }
}
