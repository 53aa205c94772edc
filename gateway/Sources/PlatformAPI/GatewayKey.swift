import Foundation

/// The gateway's own RSA key. It signs every reply.
package struct GatewayKey: Sendable {
    package let key: RSAPrivateKey

    package init(key: RSAPrivateKey) { self.key = key }

    /// Base64 of the signature over SHA-256 of the text (sign_type RSA2).
    package func sign(_ text: String) throws -> String {
        try key.signature(of: Data(text.utf8)).base64EncodedString()
    }
}
