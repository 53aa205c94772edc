import Foundation

/// A merchant's public key.
package struct ApplicationKey: Sendable {
    package let key: RSAPublicKey

    /// From DER: SPKI, or PKCS#1.
    package init(der: Data) throws { key = try RSAPublicKey(der: der) }

    /// From pasted text: PEM, or the one-line base64 of the SDKs' settings.
    package init(pasted text: String) throws {
        if text.contains("-----BEGIN") {
            let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
            key = try RSAPublicKey(pem: lines.joined(separator: "\n"))
            return
        }
        guard let der = Data(base64Encoded: text.filter { !$0.isWhitespace }) else { throw RSAKeyError.notAKey }
        key = try RSAPublicKey(der: der)
    }

    /// Whether this is a signature over SHA-256 of the text, in base64.
    package func verifies(_ signature: String, of text: String) -> Bool {
        guard let bytes = Data(base64Encoded: signature) else { return false }
        return key.accepts(bytes, of: Data(text.utf8))
    }
}
