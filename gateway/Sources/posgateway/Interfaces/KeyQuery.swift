import BackOffice

extension Interfaces {
    /// alipay.commerce.transport.offlinepay.key.query: the issuer's public keys that gates shall have.
    func keyQuery() async throws -> Reply {
        let keys = try await keys.allIssuerKeys().filter { $0.state != .retired }
        return .success([
            (
                "keys",
                .array(keys.map { key in
                    .object([("key_id", .number(Int(key.id))), ("public_key", .string(key.publicKey.hex))])
                })
            )
        ])
    }
}
