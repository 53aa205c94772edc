import TransitCode

extension CodeField {
    /// A stable name for machine-readable output, in snake case. Text for people replaces the underscores with spaces.
    public var name: String {
        switch self {
        case .protocolVersion: "protocol_version"
        case .algorithm: "algorithm"
        case .issuerKeyID: "issuer_key_id"
        case .credentialCount: "credential_length"
        case .userID: "uid"
        case .expiry: "expiry"
        case .window: "window"
        case .quotaCent: "quota"
        case .reserved: "reserved"
        case .userPublicKey: "user_public_key"
        case .cardType: "card_type"
        case .cardNumberCount: "card_no_length"
        case .cardNumber: "card_no"
        case .cardDataCount: "card_data_length"
        case .cardData: "card_data"
        case .issuerSignatureCount: "issuer_signature_length"
        case .issuerSignature: "issuer_signature"
        case .generatedCount: "time_length"
        case .generated: "generated"
        case .userSignatureCount: "user_signature_length"
        case .userSignature: "user_signature"
        }
    }
}

extension RecordField {
    /// A stable name for machine-readable output, in snake case. Text for people replaces the underscores with spaces.
    public var name: String {
        switch self {
        case .head: "head"
        case .codeCount: "code_length"
        case .code: "code"
        case .posParamCount: "pos_param_length"
        case .posParam: "pos_param"
        case .amountCount: "amount_length"
        case .amount: "amount"
        case .acceptedAtCount: "accepted_length"
        case .acceptedAt: "accepted"
        case .versionCount: "version_length"
        case .version: "version"
        case .keyIDCount: "record_key_id_length"
        case .keyID: "record_key_id"
        case .macCount: "mac_length"
        case .mac: "mac"
        }
    }
}
