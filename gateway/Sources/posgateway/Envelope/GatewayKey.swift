import Foundation

/// The gateway's own RSA key, with which it signs every reply.
struct GatewayKey: Sendable {
    let key: RSAPrivateKey

    /// Base64 of the signature over SHA-256 of the text (sign_type RSA2).
    func sign(_ text: String) throws -> String {
        try key.signature(of: Data(text.utf8)).base64EncodedString()
    }
}

/// A merchant's public key.
struct ApplicationKey: Sendable {
    let key: RSAPublicKey

    /// From DER: SPKI, or PKCS#1.
    init(der: Data) throws { key = try RSAPublicKey(der: der) }

    /// Reads what people paste: PEM, or the one-line base64 of the SDKs' settings.
    init(pasted text: String) throws {
        if text.contains("-----BEGIN") {
            let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
            key = try RSAPublicKey(pem: lines.joined(separator: "\n"))
            return
        }
        guard let der = Data(base64Encoded: text.filter { !$0.isWhitespace }) else { throw RSAFault.notAKey }
        key = try RSAPublicKey(der: der)
    }

    /// False for anything but a signature over SHA-256 of the text; base64 that does not decode is one of those.
    func verifies(_ signature: String, of text: String) -> Bool {
        guard let bytes = Data(base64Encoded: signature) else { return false }
        return key.accepts(bytes, of: Data(text.utf8))
    }
}
