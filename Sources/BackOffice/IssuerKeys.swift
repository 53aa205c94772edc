import HostCrypto
import TransitCode
import TransitCrypto
import TransitGate

/// The issuer's public keys, as a gate loads them.
public struct IssuerKeys: Sendable {
    /// One key.
    public struct Entry: Sendable {
        public let id: UInt8
        /// Compressed.
        public let publicKey: [UInt8]
        let key: HostBackend.IssuerKey
    }

    /// In the order of the list.
    public let entries: [Entry]

    /// Whether these are the published key and nothing else, which then stands for every id.
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

    /// The published development issuer.
    public static func development() throws(OfficeError) -> IssuerKeys {
        let issuer = try DevelopmentKeys.issuer()
        guard let key = HostBackend.issuerKey(issuer.publicKey.span) else { throw .cryptographyFailed }
        return IssuerKeys(entries: [Entry(id: 0, publicKey: issuer.publicKey, key: key)], isDevelopment: true)
    }

    private init(entries: [Entry], isDevelopment: Bool) {
        self.entries = entries
        self.isDevelopment = isDevelopment
    }

    /// The key that codes with this id are signed with.
    public func entry(_ id: UInt8) -> Entry? {
        isDevelopment ? entries.first : entries.first { $0.id == id }
    }

    private static func next(of reader: inout KeyListReader) throws(OfficeError) -> ListedKey? {
        do { return try reader.next() } catch { throw .badKeyList(.malformed) }
    }

    /// A key list in the gateway's form, which `init(json:)` and every gate reads.
    public static func json(_ keys: [(id: UInt8, publicKey: [UInt8])]) -> String {
        let objects = keys.map { key in
            "  {\"key_id\": \(key.id), \"public_key\": \"\(key.publicKey.hex)\"}"
        }
        return "[\n" + objects.joined(separator: ",\n") + "\n]\n"
    }
}

/// Keys that this project publishes, so that everything can be tried before there are any others. Whatever they sign
/// proves nothing, and tools say so.
public enum DevelopmentKeys {
    /// Its private scalar is SHA-256 of the ASCII text "posoffline development issuer key".
    public static func issuer() throws(OfficeError) -> SigningKey {
        let digest = HostBackend.sha256(Array("posoffline development issuer key".utf8).span)
        return try SigningKey(scalar: [UInt8](digest.span), on: .secp256k1)
    }

    /// The key that signs records until an operator sets one.
    public static var record: [UInt8] { [UInt8](RecordKey.development.span) }
}
