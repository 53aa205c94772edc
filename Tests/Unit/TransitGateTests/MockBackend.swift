import TestSupport
import Testing
import TransitCode
import TransitCrypto
import TransitGate

/// Records the calls, in order.
final class Journal: @unchecked Sendable {
    var entries: [String] = []

    @TaskLocal static var current: Journal?

    static func note(_ entry: String) { current?.entries.append(entry) }
}

/// A backend without cryptography. A signature contains its verdict, the end of the key and the digest.
enum MockBackend: CryptoBackend {
    struct IssuerKey: BitwiseCopyable {
        let last: UInt8
    }

    static let verdicts: [Verdict] = [.valid, .invalid, .outOfMemory, .failed]

    /// The one value that is not a point. All other 33-byte values are.
    static let noPoint: [UInt8] = [2] + [UInt8](repeating: 0xEE, count: 32)

    static func issuerKey(_ sec1: Span<UInt8>) -> IssuerKey? {
        [UInt8](sec1) == noPoint ? nil : IssuerKey(last: sec1[32])
    }

    static func signature(_ verdict: Verdict, keyEnding last: UInt8, over message: [UInt8]) -> [UInt8] {
        [UInt8(verdicts.firstIndex(of: verdict)!), last] + [UInt8](sha1(message.span))
    }

    private static func verdict(keyEnding last: UInt8, _ digest: Span<UInt8>, _ signature: Span<UInt8>) -> Verdict {
        guard [UInt8](signature).dropFirst() == [last] + [UInt8](digest) else { return .invalid }
        return Int(signature[0]) < verdicts.count ? verdicts[Int(signature[0])] : .invalid
    }

    static func verifyIssuer(_ key: IssuerKey, digest: Span<UInt8>, signature: Span<UInt8>) -> Verdict {
        Journal.note("verifyIssuer")
        return verdict(keyEnding: key.last, digest, signature)
    }

    static func verifyUser(_ publicKey: Span<UInt8>, digest: Span<UInt8>, signature: Span<UInt8>) -> Verdict {
        Journal.note("verifyUser")
        return verdict(keyEnding: publicKey[24], digest, signature)
    }

    static func sha1(_ message: Span<UInt8>) -> SHA1Digest { fold(message, 1) }

    static func sha256(_ message: Span<UInt8>) -> SHA256Digest { fold(message, 2) }

    static func hmacSHA256(key: Span<UInt8>, message: Span<UInt8>) -> SHA256Digest {
        let both = [UInt8](key.count, count: 2) + [UInt8](key) + [UInt8](message)
        return fold(both.span, 3)
    }

    private static func fold<let size: Int>(_ message: Span<UInt8>, _ start: UInt64) -> InlineArray<size, UInt8> {
        var state = start
        for index in message.indices { state = (state ^ UInt64(message[index])) &* 0x0000_0100_0000_01B3 }
        return InlineArray { index in
            state = (state ^ UInt64(index)) &* 0x9E37_79B9_7F4A_7C15
            state ^= state >> 29
            return UInt8(truncatingIfNeeded: state >> 32)
        }
    }
}

/// The digest is the last sixteen bytes of the card data, so that a test can choose an identity.
enum EchoBackend: CryptoBackend {
    typealias IssuerKey = MockBackend.IssuerKey

    static func sha256(_ message: Span<UInt8>) -> SHA256Digest {
        let all = [UInt8](message)
        let chosen = Array(all[(all.count - 20)..<(all.count - 4)])
        return InlineArray { $0 < 16 ? chosen[$0] : 0xEE }
    }

    static func issuerKey(_ sec1: Span<UInt8>) -> IssuerKey? { nil }
    static func verifyIssuer(_ key: IssuerKey, digest: Span<UInt8>, signature: Span<UInt8>) -> Verdict { .failed }
    static func verifyUser(_ publicKey: Span<UInt8>, digest: Span<UInt8>, signature: Span<UInt8>) -> Verdict {
        .failed
    }
    static func sha1(_ message: Span<UInt8>) -> SHA1Digest { SHA1Digest(repeating: 0) }
    static func hmacSHA256(key: Span<UInt8>, message: Span<UInt8>) -> SHA256Digest { SHA256Digest(repeating: 0) }
}

extension ReplayIdentity {
    /// An identity with the given 128 bits. The lowest bit is always set.
    static func choosing(high: UInt64, low: UInt64) throws(PosError) -> ReplayIdentity {
        let bits = [high, low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) } }
        let bytes = CodeParts(cardData: bits).bytes
        return ReplayIdentity(of: try TransitCode(bytes.span), by: EchoBackend.self)
    }

    /// An identity whose home slot is `home` in a table of any size. Different values of `tag` give different
    /// identities.
    static func at(home: Int, tag: Int) throws(PosError) -> ReplayIdentity {
        try choosing(high: UInt64(tag), low: UInt64(home) << 1)
    }
}
