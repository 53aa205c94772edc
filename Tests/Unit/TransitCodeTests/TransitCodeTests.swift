import TestSupport
import Testing
import TransitCode

/// docs/format.md, "The code".
@Suite struct TransitCodeTests {
    private func refuses(_ bytes: [UInt8]) -> PosError? {
        refusal { () throws(PosError) in _ = try TransitCode(bytes.span) }
    }

    @Test(arguments: GenuineCode.all)
    func `a genuine code is read in full`(genuine: GenuineCode) throws {
        let code = try TransitCode(genuine.code.span)
        let (algorithm, keyID, generated) = (code.algorithm, code.issuerKeyID, code.generated)
        let (expiry, window, quota) = (code.credential.expiry, code.credential.window, code.credential.quotaCent)
        let userID = [UInt8](code.credential.userID)
        let cardType = code.credential.cardType
        let cardNumber = [UInt8](code.credential.cardNumber)
        let cardData = [UInt8](code.credential.cardData)
        let userSigned = [UInt8](code.userSigned)
        let whole = userSigned + [UInt8(code.userSignature.count)] + [UInt8](code.userSignature)
        #expect(algorithm == 1)
        #expect(keyID == 0)
        #expect(generated == genuine.generated)
        #expect(expiry == genuine.expiry)
        #expect(window == GenuineCode.window)
        #expect(quota == GenuineCode.quotaCent)
        #expect(userID == [UInt8](text: genuine.userID))
        #expect((0..<8).map { cardType[$0] } == [UInt8](text: genuine.cardType))
        #expect(cardNumber == [UInt8](text: genuine.cardNumber))
        #expect(cardData == genuine.cardData)
        #expect(whole == genuine.code)
        #expect(Array(userSigned.suffix(5)) == [4] + [UInt8](Int(genuine.generated), count: 4))
    }

    @Test func `every field is where the format puts it`() throws {
        let parts = CodeParts(algorithm: 0xAB, keyID: 0xFE)
        let bytes = parts.bytes
        let code = try TransitCode(bytes.span)
        let fields = [
            [UInt8](code.bytes), [UInt8](code.credential.bytes), [UInt8](code.issuerSignature),
            [UInt8](code.userSignature), [UInt8](code.userSigned),
        ]
        let (algorithm, keyID, generated) = (code.algorithm, code.issuerKeyID, code.generated)
        #expect(
            fields == [bytes, parts.credential, parts.issuerSignature, parts.userSignature, parts.userSigned])
        #expect(algorithm == 0xAB)
        #expect(keyID == 0xFE)
        #expect(generated == parts.generated)
    }

    @Test func `every proper prefix is malformed`() {
        for bytes in GenuineCode.all.map(\.code) + [CodeParts().bytes] {
            #expect(refuses(bytes) == nil)
            for count in bytes.indices { #expect(refuses(Array(bytes[..<count])) == .malformedCode, "\(count)") }
        }
    }

    @Test func `bytes after the code are malformed, whatever they are`() {
        let bytes = CodeParts().bytes
        for byte in 0...UInt8.max { #expect(refuses(bytes + [byte]) == .malformedCode) }
        #expect(refuses(bytes + bytes) == .malformedCode)
    }

    @Test func `every length byte is exact`() {
        let parts = CodeParts()
        let bytes = parts.bytes
        #expect(refuses(bytes) == nil)
        #expect(parts.lengthOffsets.count == 6)
        for (name, offset) in parts.lengthOffsets {
            for wrong in [0, bytes[offset] - 1, bytes[offset] + 1, 255] {
                #expect(refuses(bytes.setting(offset, to: wrong)) == .malformedCode, "\(name) of \(wrong)")
            }
        }
    }

    @Test func `only version 2 is supported, whatever follows`() {
        let bytes = CodeParts().bytes
        for version in 0...UInt8.max where version != 2 {
            #expect(refuses(bytes.setting(0, to: version)) == .protocolUnsupported)
            #expect(refuses([version]) == .protocolUnsupported)
            #expect(refuses([version, 0xFF]) == .protocolUnsupported)
        }
        #expect(refuses([2]) == .malformedCode)
        #expect(refuses([]) == .malformedCode)
    }

    @Test func `algorithm and key id are any byte`() {
        let bytes = CodeParts().bytes
        for byte in 0...UInt8.max {
            #expect(refuses(bytes.setting(1, to: byte)) == nil)
            #expect(refuses(bytes.setting(2, to: byte)) == nil)
        }
    }

    @Test func `signatures may be empty or of 255 bytes: their form is checked elsewhere`() {
        var parts = CodeParts()
        (parts.issuerSignature, parts.userSignature) = ([], [])
        #expect(refuses(parts.bytes) == nil)
        parts.issuerSignature = [UInt8](repeating: 1, count: 255)
        parts.userSignature = parts.issuerSignature
        parts.cardNumber = []
        parts.cardData = [UInt8](repeating: 1, count: 184)
        #expect(parts.bytes.count == TransitCode.maxCount)
        #expect(TransitCode.maxCount == 776)
        #expect(refuses(parts.bytes) == nil)
        #expect(refuses(parts.bytes + [0]) == .malformedCode)
    }

    @Test func `what is wrong inside the credential makes the code malformed`() {
        #expect(refuses(CodeParts(cardType: [UInt8](repeating: 0, count: 8)).bytes) == nil)
        #expect(refuses(CodeParts(cardType: [UInt8](repeating: 0, count: 7) + [0x31]).bytes) == .malformedCode)
        #expect(refuses(CodeParts(userID: [UInt8](text: "208830223403795") + [0]).bytes) == .malformedCode)
        #expect(refuses(CodeParts(userID: [UInt8](text: "208830223403795")).bytes) == .malformedCode)
    }

    @Test func `the key id is read from three bytes of a version 2 code`() throws {
        func refuses(_ head: [UInt8]) -> PosError? {
            refusal { () throws(PosError) in _ = try TransitCode.issuerKeyID(ofHead: head.span) }
        }
        for id in 0...UInt8.max {
            let head: [UInt8] = [2, 1, id]
            #expect(try TransitCode.issuerKeyID(ofHead: head.span) == id)
        }
        let longer: [UInt8] = [2, 1, 9, 5]
        #expect(try TransitCode.issuerKeyID(ofHead: longer.span) == 9)
        for count in 0..<3 { #expect(refuses(Array(longer[..<count])) == .malformedCode) }
        #expect(refuses([1, 1, 9]) == .protocolUnsupported)
        #expect(refuses([3, 1, 9]) == .protocolUnsupported)
    }
}

/// docs/rules.md, "The order of checks", step 9: both ends of the window are included.
@Suite struct WindowTests {
    private func state(generated: UInt32, window: UInt16, now: UInt32) throws -> (
        isInWindow: Bool, lastSecond: UInt32
    ) {
        let bytes = CodeParts(window: window, generated: generated).bytes
        let code = try TransitCode(bytes.span)
        return (code.isInWindow(at: now), code.lastSecond)
    }

    @Test(arguments: [0, 1, 2573, 65535] as [UInt16])
    func `the last second inside stands beside the first outside`(window: UInt16) throws {
        let generated: UInt32 = 1_516_167_355
        let width = UInt32(window)
        for (now, passes) in [
            (generated, true), (generated + width, true), (generated + width + 1, false),
            (generated - width, true), (generated - width - 1, false), (0, false), (.max, false),
        ] {
            #expect(try state(generated: generated, window: window, now: now).isInWindow == passes, "\(now)")
        }
        #expect(try state(generated: generated, window: window, now: 0).lastSecond == generated + width)
    }

    @Test func `nothing wraps at the ends of time`() throws {
        #expect(try state(generated: 0, window: 10, now: 0).isInWindow)
        #expect(try state(generated: 5, window: 10, now: 0).isInWindow)
        #expect(try !state(generated: 5, window: 10, now: .max).isInWindow)
        #expect(try !state(generated: 11, window: 10, now: 0).isInWindow)
        #expect(try state(generated: .max, window: 10, now: .max - 10).isInWindow)
        #expect(try !state(generated: .max, window: 10, now: .max - 11).isInWindow)
        #expect(try !state(generated: .max, window: 10, now: 5).isInWindow)
        #expect(try state(generated: .max - 10, window: 10, now: 0).lastSecond == .max)
        #expect(try state(generated: .max - 11, window: 10, now: 0).lastSecond == .max - 1)
        #expect(try state(generated: .max - 9, window: 10, now: 0).lastSecond == .max)
        #expect(try state(generated: .max, window: 65535, now: 0).lastSecond == .max)
    }
}
