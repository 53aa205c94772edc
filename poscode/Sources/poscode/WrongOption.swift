import ArgumentParser
import BackOffice
import TransitCode

/// `--wrong FIELD=VALUE`: a deliberate error in a code.
struct WrongOption: ExpressibleByArgument {
    let fault: CodeFault

    static let help = """
        Make one field wrong, and nothing else: a field of one byte or a length (protocol-version, algorithm, \
        issuer-key-id, credential-length, card-no-length, card-data-length, issuer-signature-length, time-length, \
        user-signature-length) = NUMBER; another field (uid, expiry, window, quota, reserved, user-public-key, \
        card-type, card-no, card-data, generated) = HEX of any length; issuer-signature or user-signature = corrupt, \
        other-key, zero-r, zero-s, padded, trailing-byte or HEX; trailing = HEX; truncate = NUMBER of bytes. May be \
        repeated.
        """

    init?(argument: String) {
        let halves = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard halves.count == 2, let fault = Self.fault(halves[0], halves[1]) else { return nil }
        self.fault = fault
    }

    private static func fault(_ name: String, _ value: String) -> CodeFault? {
        switch name {
        case "trailing": return [UInt8](hex: value).map { .trailing($0) }
        case "truncate":
            guard let count = Int(value), count >= 0 else { return nil }
            return .truncated(count: count)
        case "issuer-signature": return signature(value).map { .issuerSignature($0) }
        case "user-signature": return signature(value).map { .userSignature($0) }
        default: break
        }
        guard let field = CodeField.allCases.first(where: { $0.optionName == name }) else { return nil }
        if field.fixedCount == 1 { return UInt8(value).map { .number(field, $0) } }
        return [UInt8](hex: value).map { .bytes(field, $0) }
    }

    private static func signature(_ value: String) -> SignatureFault? {
        switch value {
        case "corrupt": .corrupted
        case "other-key": .otherKey
        case "zero-r": .zeroR
        case "zero-s": .zeroS
        case "padded": .padded
        case "trailing-byte": .trailingByte
        default: [UInt8](hex: value).map { .replaced($0) }
        }
    }
}
