import CryptoExtras
import Foundation

/// The gateway's own RSA key, with which it signs every reply.
struct GatewayKey: Sendable {
    let key: _RSA.Signing.PrivateKey

    /// Base64 of the signature over SHA-256 of the text (sign_type RSA2).
    func sign(_ text: String) throws -> String {
        try key.signature(for: Data(text.utf8), padding: .insecurePKCS1v1_5).rawRepresentation.base64EncodedString()
    }
}

/// A merchant's public key.
struct ApplicationKey: Sendable {
    let key: _RSA.Signing.PublicKey

    /// From DER: SPKI, or PKCS#1.
    init(der: Data) throws { key = try _RSA.Signing.PublicKey(derRepresentation: der) }

    /// Reads what people paste: PEM, or the one-line base64 of the SDKs' settings.
    init(pasted text: String) throws {
        if text.contains("-----BEGIN") {
            key = try _RSA.Signing.PublicKey(pemRepresentation: text)
            return
        }
        guard let der = Data(base64Encoded: text.filter { !$0.isWhitespace }) else { throw KeyFault.notAKey }
        key = try _RSA.Signing.PublicKey(derRepresentation: der)
    }

    /// False for anything but a signature over SHA-256 of the text; base64 that does not decode is one of those.
    func verifies(_ signature: String, of text: String) -> Bool {
        guard let bytes = Data(base64Encoded: signature) else { return false }
        return key.isValidSignature(
            _RSA.Signing.RSASignature(rawRepresentation: bytes), for: Data(text.utf8), padding: .insecurePKCS1v1_5)
    }
}

/// Why a pasted key is refused.
enum KeyFault: Error {
    case notAKey
}
