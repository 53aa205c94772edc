import PlatformAPI
import BackOffice

extension Methods {
    /// alipay.commerce.transport.offlinepay.key.query: the issuer's public keys for the gates.
    package func keyQuery() async throws -> Reply {
        let keys = try await keys.issuerKeys().filter { $0.state != .retired }
        return .success([
            "keys": .array(
                keys.map { key in
                    .object(["key_id": .integer(Int64(key.id)), "public_key": .string(key.publicKey.hex)])
                })
        ])
    }
}
