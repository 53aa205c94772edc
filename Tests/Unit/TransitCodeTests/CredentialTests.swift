import TestSupport
import Testing
import TransitCode

/// docs/format.md, "Credential".
@Suite struct CredentialTests {
    private func refuses(_ bytes: [UInt8]) -> PosError? {
        refusal { () throws(PosError) in _ = try Credential(bytes.span) }
    }

    @Test func `every field is where the format puts it`() throws {
        let parts = CodeParts(quotaCent: 0x1234)
        let bytes = parts.credential
        let credential = try Credential(bytes.span)
        let fields = [
            [UInt8](credential.bytes), [UInt8](credential.userID), [UInt8](credential.reserved),
            [UInt8](credential.userPublicKey), [UInt8](credential.cardNumber), [UInt8](credential.cardData),
        ]
        let (expiry, window, quota) = (credential.expiry, credential.window, credential.quotaCent)
        let cardType = credential.cardType.bits
        #expect(
            fields == [
                bytes, parts.userID, parts.reserved, parts.userPublicKey, parts.cardNumber, parts.cardData,
            ])
        #expect(expiry == parts.expiry)
        #expect(window == parts.window)
        #expect(quota == 0x1234)
        #expect(cardType == 0x5330_4A50_3030_3030)
        #expect(Array(bytes[0..<16]) == parts.userID)
        #expect(Array(bytes[36..<61]) == parts.userPublicKey)
    }

    @Test func `card number and card data may be empty, and may fill the credential`() {
        var parts = CodeParts(cardNumber: [], cardData: [])
        #expect(parts.credential.count == 71)
        #expect(refuses(parts.credential) == nil)
        parts.cardNumber = [UInt8](repeating: 0x39, count: 184)
        #expect(parts.credential.count == 255)
        #expect(refuses(parts.credential) == nil)
        (parts.cardNumber, parts.cardData) = ([], [UInt8](repeating: 0, count: 184))
        #expect(refuses(parts.credential) == nil)
    }

    @Test func `every proper prefix is malformed`() {
        let bytes = CodeParts().credential
        #expect(refuses(bytes) == nil)
        for count in bytes.indices { #expect(refuses(Array(bytes[..<count])) == .malformedCode, "\(count)") }
    }

    @Test func `a byte left over is malformed, whatever it is`() {
        let bytes = CodeParts().credential
        for byte in 0...UInt8.max { #expect(refuses(bytes + [byte]) == .malformedCode) }
    }

    /// The characters at the limits, and whether they are allowed.
    static let printableEdges: [(UInt8, Bool)] = [
        (0x20, true), (0x1F, false), (0x7E, true), (0x7F, false), (0x00, false), (0x0A, false), (0x80, false),
        (0xFF, false),
    ]

    @Test(arguments: printableEdges)
    func `user id and card number are printable ASCII, card type as well`(byte: UInt8, passes: Bool) {
        let bytes = CodeParts().credential
        for index in Array(0..<16) + Array(61..<69) + Array(70..<78) {
            #expect(refuses(bytes.setting(index, to: byte)) == (passes ? nil : .malformedCode), "byte \(index)")
        }
    }

    @Test(arguments: [0x00, 0x1F, 0x7F, 0x80, 0xFF] as [UInt8])
    func `reserved bytes, public key and card data hold anything`(byte: UInt8) {
        let bytes = CodeParts().credential
        for index in Array(24..<61) + Array(79..<84) {
            #expect(refuses(bytes.setting(index, to: byte)) == nil, "byte \(index)")
        }
    }
}

@Suite struct CardTypeTests {
    private func bits(_ bytes: [UInt8]) -> UInt64? { CardType(bytes.span)?.bits }

    @Test func `eight NULs are the plain code, seven are nothing`() {
        #expect(bits([UInt8](repeating: 0, count: 8)) == 0)
        for index in 0..<8 {
            for byte in [0x01, 0x20, 0x41, 0x7E] as [UInt8] {
                #expect(bits([UInt8](repeating: 0, count: 8).setting(index, to: byte)) == nil)
            }
            #expect(bits([UInt8](text: "ANT00001").setting(index, to: 0)) == nil)
        }
    }

    @Test func `a card type has eight bytes`() {
        #expect(bits([UInt8](text: "ANT00001")) == CardType.ant00001.bits)
        #expect(bits([UInt8](text: "ANT0000")) == nil)
        #expect(bits([UInt8](text: "ANT000012")) == nil)
        #expect(bits([]) == nil)
        for count in [1, 7, 9, 16] { #expect(bits([UInt8](repeating: 0, count: count)) == nil) }
    }

    @Test(arguments: [(0x1F, false), (0x20, true), (0x7E, true), (0x7F, false), (0x80, false)] as [(UInt8, Bool)])
    func `its characters are printable`(byte: UInt8, passes: Bool) {
        #expect((bits([UInt8](repeating: byte, count: 8)) != nil) == passes)
        #expect((bits([UInt8](text: "ANT0000") + [byte]) != nil) == passes)
        #expect((bits([byte] + [UInt8](text: "NT00001")) != nil) == passes)
    }

    @Test func `the plain code is listed as ANT00001, and every other type as itself`() throws {
        let name = [UInt8](text: "S0JP0000")
        let read = CardType(name.span)
        let other = try #require(read)
        #expect(CardType.plain.listed == .ant00001)
        #expect(CardType.ant00001.listed == .ant00001)
        #expect(other.listed == other)
        #expect(CardType.plain != .ant00001)
    }

    @Test func `the plain code's text is empty, every other type's has eight characters`() {
        #expect(CardType.plain.textCount == 0)
        #expect(CardType.ant00001.textCount == 8)
        #expect((0..<8).map { CardType.ant00001[$0] } == [UInt8](text: "ANT00001"))
    }
}

@Suite struct PrintableTests {
    @Test func `space to tilde, and nothing else`() {
        for byte in 0...UInt8.max { #expect(byte.isPrintableASCII == (0x20...0x7E).contains(byte)) }
        for count in 0..<4 {
            let text = [UInt8](repeating: 0x20, count: count)
            let isPrintable = text.span.isPrintableASCII
            #expect(isPrintable)
            for index in text.indices {
                let isSpoilt = !text.setting(index, to: 0x1F).span.isPrintableASCII
                #expect(isSpoilt)
            }
        }
    }

    @Test func `hex digits of either case have values`() {
        for byte in 0...UInt8.max {
            let expected = byte < 0x80 ? Character(UnicodeScalar(byte)).hexDigitValue.map { UInt8($0) } : nil
            #expect(byte.hexDigitValue == expected)
        }
    }
}
