import TransitCode

/// The errors of the back-office module.
public enum OfficeError: Error, Equatable, Sendable {
    /// The private key is not a number from 1 to the group order minus 1, or its length is not the scalar length of the
    /// curve.
    case badPrivateKey
    /// libcrypto failed: out of memory or out of random numbers.
    case cryptographyFailed
    /// A value is longer than its field.
    case tooLong(CodeField, count: Int, limit: Int)
    /// A value does not have the required number of bytes.
    case wrongCount(CodeField, count: Int, expected: Int)
    /// A key list does not follow docs/rules.md, "JSON inputs".
    case badKeyList(KeyListFault)
    /// A line of a private key file is not a key.
    case badKeyFile(line: Int, KeyFileFault)

    /// The error in a key list.
    public enum KeyListFault: Equatable, Sendable {
        case malformed
        case tooMany
        case notOnCurve(keyID: UInt8)
        case repeated(keyID: UInt8)
    }

    /// The error in a line of a key file.
    public enum KeyFileFault: Equatable, Sendable {
        case malformed
        case badPrivateKey
        case repeated(keyID: UInt8)
        /// The file has no key, or a file for one key has more than one.
        case wrongNumberOfKeys
    }
}
