import TransitCrypto

/// A private key that signs codes: the issuer's on secp256k1, a rider's on secp192k1.
///
/// For test codes and for a local gateway. The scalar is in ordinary memory and is not wiped.
public struct SigningKey: Sendable {
    /// The curve of a key.
    public enum Curve: String, CaseIterable, Sendable {
        /// The curve of issuers.
        case secp256k1
        /// The curve of riders.
        case secp192k1

        /// The length in bytes of a private scalar, and of one coordinate.
        public var scalarCount: Int {
            switch self {
            case .secp256k1: 32
            case .secp192k1: 24
            }
        }
    }

    /// Selects one of the two values of s that are valid for a signature. Genuine codes contain both.
    public enum SHalf: String, CaseIterable, Sendable {
        /// Either value, as the signing operation returns it.
        case any
        /// At most half the group order.
        case low
        /// Above half the group order.
        case high
    }

    public let curve: Curve
    /// The private key, big-endian, in the curve's full length.
    public let scalar: [UInt8]
    /// The public key, compressed.
    public let publicKey: [UInt8]

    /// Generates a key with libcrypto's random number generator.
    public init(generatedOn curve: Curve) throws(OfficeError) {
        let pair = try translated { () throws(LibcryptoFault) in try Libcrypto.generate(on: curve) }
        self.curve = curve
        scalar = pair.scalar
        publicKey = pair.publicKey
    }

    /// Creates a key from a known scalar.
    public init(scalar: [UInt8], on curve: Curve) throws(OfficeError) {
        guard scalar.count == curve.scalarCount else { throw .badPrivateKey }
        let pair = try translated { () throws(LibcryptoFault) in try Libcrypto.keyPair(scalar: scalar, on: curve) }
        self.curve = curve
        self.scalar = scalar
        publicKey = pair.publicKey
    }

    /// Signs a digest. Returns strict DER.
    public func sign(digest: [UInt8], half: SHalf = .any) throws(OfficeError) -> [UInt8] {
        let (r, s) = try numbers(digest: digest, half: half)
        return DERSignatureWriter.encode(r: r, s: s)
    }

    /// Returns r and s without leading zero bytes.
    func numbers(digest: [UInt8], half: SHalf) throws(OfficeError) -> (r: [UInt8], s: [UInt8]) {
        let signature = try translated { () throws(LibcryptoFault) in
            try Libcrypto.sign(digest: digest, scalar: scalar, on: curve)
        }
        let isLow = Self.isLess(signature.s, signature.mirroredS)
        return switch half {
        case .any: (signature.r, signature.s)
        case .low: (signature.r, isLow ? signature.s : signature.mirroredS)
        case .high: (signature.r, isLow ? signature.mirroredS : signature.s)
        }
    }

    /// Whether a is below b. Both are big-endian without leading zeros.
    private static func isLess(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        a.count == b.count ? a.lexicographicallyPrecedes(b) : a.count < b.count
    }
}

private func translated<Result>(
    _ body: () throws(LibcryptoFault) -> Result
) throws(OfficeError) -> Result {
    do {
        return try body()
    } catch {
        switch error {
        case .scalarOutOfRange: throw .badPrivateKey
        case .failed: throw .cryptographyFailed
        }
    }
}

/// Encodes signatures in the strict DER that `DERSignature` reads.
enum DERSignatureWriter {
    /// `r` and `s` are big-endian without leading zeros. An empty array is zero.
    static func encode(r: [UInt8], s: [UInt8]) -> [UInt8] {
        sequence(integer(r) + integer(s))
    }

    static func sequence(_ content: [UInt8]) -> [UInt8] { [0x30, UInt8(content.count)] + content }

    static func integer(_ magnitude: [UInt8]) -> [UInt8] {
        let content = (magnitude.first ?? 0x80) >= 0x80 ? [0] + magnitude : magnitude
        return [0x02, UInt8(content.count)] + content
    }
}
