import TransitCrypto

/// A private key that signs codes: the issuer's on secp256k1, a rider's on secp192k1.
///
/// For making test codes and for a local gateway. It keeps the scalar in ordinary memory.
public struct SigningKey: Sendable {
    /// Which of the two groups.
    public enum Curve: String, CaseIterable, Sendable {
        /// Issuers.
        case secp256k1
        /// Riders.
        case secp192k1

        /// The bytes of a private scalar, and of one coordinate.
        public var scalarCount: Int {
            switch self {
            case .secp256k1: 32
            case .secp192k1: 24
            }
        }
    }

    /// Which of the two values of s that verify a signature gets. Genuine codes have both.
    public enum SHalf: String, CaseIterable, Sendable {
        /// Whichever comes out.
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

    /// A new key from libcrypto's random numbers.
    public init(generatedOn curve: Curve) throws(OfficeError) {
        let pair = try translated { () throws(LibcryptoFault) in try Libcrypto.generate(on: curve) }
        self.curve = curve
        scalar = pair.scalar
        publicKey = pair.publicKey
    }

    /// A known key.
    public init(scalar: [UInt8], on curve: Curve) throws(OfficeError) {
        guard scalar.count == curve.scalarCount else { throw .badPrivateKey }
        let pair = try translated { () throws(LibcryptoFault) in try Libcrypto.keyPair(scalar: scalar, on: curve) }
        self.curve = curve
        self.scalar = scalar
        publicKey = pair.publicKey
    }

    /// Signs a digest; the result is strict DER.
    public func sign(digest: [UInt8], half: SHalf = .any) throws(OfficeError) -> [UInt8] {
        let (r, s) = try numbers(digest: digest, half: half)
        return DERSignatureWriter.encode(r: r, s: s)
    }

    /// r and s in the fewest bytes.
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

    /// Compares big-endian numbers without leading zeros.
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

/// Writes what `DERSignature` reads.
enum DERSignatureWriter {
    /// `r` and `s` are big-endian without leading zeros; no bytes stand for zero.
    static func encode(r: [UInt8], s: [UInt8]) -> [UInt8] {
        sequence(integer(r) + integer(s))
    }

    static func sequence(_ content: [UInt8]) -> [UInt8] { [0x30, UInt8(content.count)] + content }

    static func integer(_ magnitude: [UInt8]) -> [UInt8] {
        let content = (magnitude.first ?? 0x80) >= 0x80 ? [0] + magnitude : magnitude
        return [0x02, UInt8(content.count)] + content
    }
}
