import TransitCode

/// Why an office could not do what it was asked.
public enum OfficeError: Error, Equatable, Sendable {
    /// Not a number from 1 to the group order less 1, in as many bytes as the curve has.
    case badPrivateKey
    /// libcrypto reported a fault: memory or random numbers ran out.
    case cryptographyFailed
    /// A value is longer than the field that carries it.
    case tooLong(CodeField, count: Int, limit: Int)
    /// A value has to have this many bytes.
    case wrongCount(CodeField, count: Int, expected: Int)
    /// A key list that is not what docs/rules.md, "JSON inputs", says.
    case badKeyList(KeyListFault)
    /// A line of a private key file that is not a key.
    case badKeyFile(line: Int, KeyFileFault)

    /// What is wrong with a key list.
    public enum KeyListFault: Equatable, Sendable {
        case malformed
        case tooMany
        case notOnCurve(keyID: UInt8)
        case repeated(keyID: UInt8)
    }

    /// What is wrong with a line.
    public enum KeyFileFault: Equatable, Sendable {
        case malformed
        case badPrivateKey
        case repeated(keyID: UInt8)
        /// The file ended without a key, or a file of one key has more.
        case wrongNumberOfKeys
    }
}
