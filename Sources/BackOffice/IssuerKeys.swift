import HostCrypto
import TransitCode
import TransitCrypto
import TransitGate

/// The issuer's public keys, in the form in which a gate loads them.
public struct IssuerKeys: Sendable {
    /// One key of the list.
    public struct Entry: Sendable {
        public let id: UInt8
        /// The public key in compressed form, 33 bytes.
        public let publicKey: [UInt8]
        let key: HostBackend.IssuerKey
    }

    /// In the order of the list.
    public let entries: [Entry]

    /// Whether the list is the published development key alone. That key is then used for every id.
    public let isDevelopment: Bool

    /// Reads a key list (docs/rules.md, "JSON inputs").
    public init(json: [UInt8]) throws(OfficeError) {
        var entries: [Entry] = []
        var reader = KeyListReader(json.span)
        while let listed = try Self.next(of: &reader) {
            guard entries.count < KeyListReader.maxCount else { throw .badKeyList(.tooMany) }
            let publicKey = [UInt8](listed.publicKey.span)
            guard let key = HostBackend.issuerKey(publicKey.span) else {
                throw .badKeyList(.notOnCurve(keyID: listed.id))
            }
            if let twin = entries.first(where: { $0.id == listed.id }), twin.publicKey != publicKey {
                throw .badKeyList(.repeated(keyID: listed.id))
            }
            entries.append(Entry(id: listed.id, publicKey: publicKey, key: key))
        }
        self.entries = entries
        isDevelopment = false
    }

    /// The list with the published development key alone.
    public static func development() throws(OfficeError) -> IssuerKeys {
        let issuer = try DevelopmentKeys.issuer()
        guard let key = HostBackend.issuerKey(issuer.publicKey.span) else { throw .cryptographyFailed }
        return IssuerKeys(entries: [Entry(id: 0, publicKey: issuer.publicKey, key: key)], isDevelopment: true)
    }

    private init(entries: [Entry], isDevelopment: Bool) {
        self.entries = entries
        self.isDevelopment = isDevelopment
    }

    /// The key that verifies codes with this id; nil when there is none.
    public func entry(_ id: UInt8) -> Entry? {
        isDevelopment ? entries.first : entries.first { $0.id == id }
    }

    private static func next(of reader: inout KeyListReader) throws(OfficeError) -> ListedKey? {
        do { return try reader.next() } catch { throw .badKeyList(.malformed) }
    }

    /// A key list as JSON, in the form that the gateway publishes and that `init(json:)` and every gate read.
    public static func json(_ keys: [(id: UInt8, publicKey: [UInt8])]) -> String {
        let objects = keys.map { key in
            "  {\"key_id\": \(key.id), \"public_key\": \"\(key.publicKey.hex)\"}"
        }
        return "[\n" + objects.joined(separator: ",\n") + "\n]\n"
    }
}

/// Keys that this project publishes, for use before an operator has keys. Anyone can sign with them. Tools report their
/// use.
public enum DevelopmentKeys {
    /// The development issuer's key. The private scalar is the SHA-256 digest of the ASCII text "posoffline development
    /// issuer key".
    public static func issuer() throws(OfficeError) -> SigningKey {
        let digest = HostBackend.sha256(Array("posoffline development issuer key".utf8).span)
        return try SigningKey(scalar: [UInt8](digest.span), on: .secp256k1)
    }

    /// The key that signs records when the operator has not set one.
    public static var record: [UInt8] { [UInt8](RecordKey.development.span) }
}
