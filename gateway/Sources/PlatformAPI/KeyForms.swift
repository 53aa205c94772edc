import Foundation

/// A private RSA key in the forms that the SDKs use.
package struct PrivateKeyForms {
    package let key: RSAPrivateKey

    package init(key: RSAPrivateKey) { self.key = key }

    /// Python, PHP and Node use PKCS#1; Java uses PKCS#8.
    package var pkcs1PEM: String { key.pkcs1PEM }
    var pkcs8PEM: String { key.pkcs8PEM }
    /// One line, without PEM header and footer, for the SDKs' settings.
    var pkcs1Line: String { key.pkcs1.base64EncodedString() }
    var pkcs8Line: String { key.pkcs8.base64EncodedString() }
    /// The public half, SPKI.
    package var publicPEM: String { key.publicKey.pem }
    package var publicLine: String { key.publicKey.der.base64EncodedString() }

    /// Each form in a file of its own.
    package var files: [(name: String, text: String)] {
        [
            ("app-private-key-pkcs1.pem", pkcs1PEM), ("app-private-key-pkcs1.txt", pkcs1Line + "\n"),
            ("app-private-key-pkcs8.pem", pkcs8PEM), ("app-private-key-pkcs8.txt", pkcs8Line + "\n"),
            ("app-public-key.pem", publicPEM), ("app-public-key.txt", publicLine + "\n"),
        ]
    }
}
