import BackOffice
import TransitCode

/// Reads the files that options name.
enum Inputs {
    static func issuerKeys(_ path: String) throws(Failure) -> IssuerKeys {
        let json = try Files.read(path)
        do { return try IssuerKeys(json: json) } catch { throw Failure(error, path) }
    }

    static func developmentIssuerKeys() throws(Failure) -> IssuerKeys {
        do { return try IssuerKeys.development() } catch { throw Failure(error, "the development issuer key") }
    }

    static func issuerKeyFile(_ path: String) throws(Failure) -> IssuerKeyFile {
        let text = try Files.read(path)
        do { return try IssuerKeyFile(text: text) } catch { throw Failure(error, path) }
    }

    static func riderKey(_ path: String) throws(Failure) -> SigningKey {
        let text = try Files.read(path)
        do { return try RiderKeyFile(text: text).key } catch { throw Failure(error, path) }
    }

    static func recordKeys(_ paths: [String]) throws(Failure) -> [[UInt8]]? {
        guard !paths.isEmpty else { return nil }
        var keys: [[UInt8]] = []
        for path in paths {
            let text = try Files.read(path)
            guard let key = try? RecordKeyText.key(text) else {
                throw Failure(
                    .badInput, "\(path): not a record key; it has to be 32 to 128 hex digits and nothing else")
            }
            keys.append(key)
        }
        return keys
    }

    /// Reads the hex digits of a line; spaces between them are allowed. The error gives the position of the first other
    /// character.
    static func hex(_ line: some Sequence<UInt8>, name: String) throws(Failure) -> [UInt8] {
        let digits = line.filter { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }
        if let bytes = [UInt8](hex: digits) { return bytes }
        if let place = digits.firstIndex(where: { $0.hexDigitValue == nil }) {
            throw Failure(.badInput, "\(name): not hex: \"\([digits[place]].safeText)\" at digit \(place + 1)")
        }
        throw Failure(.badInput, "\(name): an odd number of hex digits (\(digits.count)): the end may be missing")
    }

    /// Whether an argument, which is not the name of a file, is hex.
    static func isHexArgument(_ argument: String) -> Bool {
        !argument.isEmpty && argument.utf8.allSatisfy { $0.hexDigitValue != nil }
    }
}
