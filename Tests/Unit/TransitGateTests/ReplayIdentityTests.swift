import TestSupport
import Testing
import TransitCode
import TransitGate

/// docs/rules.md, "Replay": the identity depends on the signed data, not on the raw bytes.
@Suite struct ReplayIdentityTests {
    private func identity(_ parts: CodeParts) throws -> ReplayIdentity {
        let bytes = parts.bytes
        return ReplayIdentity(of: try TransitCode(bytes.span), by: MockBackend.self)
    }

    @Test func `other signatures, another algorithm and another key id leave a code the same`() throws {
        let parts = CodeParts()
        let first = try identity(parts)
        for change: (inout CodeParts) -> Void in [
            { $0.issuerSignature = [] }, { $0.issuerSignature[5] ^= 1 }, { $0.userSignature = [1, 2, 3] },
            { $0.userSignature[54] ^= 1 }, { $0.algorithm = 9 }, { $0.keyID = 200 },
        ] {
            var twin = parts
            change(&twin)
            #expect(try identity(twin) == first)
        }
    }

    @Test func `every byte of the credential and of the time makes another code`() throws {
        let parts = CodeParts()
        let first = try identity(parts)
        let changes: [(inout CodeParts) -> Void] = [
            { $0.userID[15] ^= 1 }, { $0.expiry ^= 1 }, { $0.window ^= 1 }, { $0.quotaCent ^= 1 },
            { $0.reserved[0] ^= 1 },
            { $0.userPublicKey[24] ^= 1 }, { $0.cardType[7] ^= 1 }, { $0.cardNumber[0] ^= 1 },
            { $0.cardData[4] ^= 1 },
            { $0.generated ^= 1 }, { $0.generated ^= 1 << 8 }, { $0.generated ^= 1 << 16 },
            { $0.generated ^= 1 << 31 },
            { $0.cardData.append(0) }, { $0.cardData.removeLast() },
        ]
        for (index, change) in changes.enumerated() {
            var other = parts
            change(&other)
            #expect(try identity(other) != first, "change \(index)")
        }
    }

    @Test func `the longest and the shortest credential have identities`() throws {
        var parts = CodeParts(cardNumber: [], cardData: [UInt8](repeating: 7, count: 184))
        #expect(parts.credential.count == 255)
        let longest = try identity(parts)
        parts.generated += 1
        #expect(try identity(parts) != longest)
        parts.cardData = []
        #expect(parts.credential.count == 71)
        #expect(try identity(parts) != longest)
    }

    @Test func `127 bits count, of both halves`() throws {
        let zero = try ReplayIdentity.choosing(high: 0, low: 0)
        #expect(try ReplayIdentity.choosing(high: 0, low: 1) == zero)
        for bit in 0..<64 {
            #expect(try ReplayIdentity.choosing(high: 1 << UInt64(bit), low: 0) != zero)
            if bit > 0 { #expect(try ReplayIdentity.choosing(high: 0, low: 1 << UInt64(bit)) != zero) }
        }
    }
}
