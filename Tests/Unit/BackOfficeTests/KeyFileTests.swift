import HostCrypto
import Testing

@testable import BackOffice

@Suite struct KeyFileTests {
    @Test func bytesReadHexOfEitherCaseAndNothingElse() {
        #expect([UInt8](hex: "00fFA5") == [0, 0xFF, 0xA5])
        #expect([UInt8](hex: "") == [])
        #expect([UInt8](hex: "0") == nil)
        #expect([UInt8](hex: "0g") == nil)
        #expect([UInt8](hex: " 00 ") == nil)
        #expect([UInt8]([0, 0x9A, 0xBC]).hex == "009ABC")
    }

    @Test func issuerKeyFilesComeBack() throws {
        let keys = try (0..<3).map { (id: UInt8($0 * 100), key: try SigningKey(generatedOn: .secp256k1)) }
        let file = try IssuerKeyFile(text: Array(IssuerKeyFile(keys: keys).text.utf8))
        #expect(file.keys.map(\.id) == [0, 100, 200])
        #expect(file.keys.map(\.key.scalar) == keys.map(\.key.scalar))
    }

    private static let one = String(repeating: "0", count: 63) + "1"

    @Test(arguments: [
        ("", OfficeError.badKeyFile(line: 1, .wrongNumberOfKeys)),
        ("# nothing\n", .badKeyFile(line: 1, .wrongNumberOfKeys)),
        ("0 \(one)\n1 zz\n", .badKeyFile(line: 2, .malformed)),
        ("256 \(one)\n", .badKeyFile(line: 1, .malformed)),
        ("\(one)\n", .badKeyFile(line: 1, .malformed)),
        ("0 \(one) x\n", .badKeyFile(line: 1, .malformed)),
        ("0 00\n", .badKeyFile(line: 1, .badPrivateKey)),
        ("\n0 \(one.dropLast())0\n", .badKeyFile(line: 2, .badPrivateKey)),
        ("0 \(one)\n0 \(one)\n", .badKeyFile(line: 2, .repeated(keyID: 0))),
    ])
    func badIssuerKeyFilesNameTheLine(_ text: String, _ error: OfficeError) throws {
        #expect(throws: error) { try IssuerKeyFile(text: Array(text.utf8)) }
        #expect(try IssuerKeyFile(text: Array("# c\r\n  0\t\(Self.one)  \r\n\n".utf8)).keys.count == 1)
    }

    @Test func riderKeyFilesHoldOneKey() throws {
        let key = try SigningKey(generatedOn: .secp192k1)
        let text = RiderKeyFile(key: key).text
        #expect(try RiderKeyFile(text: Array(text.utf8)).key.scalar == key.scalar)
        #expect(throws: OfficeError.badKeyFile(line: 4, .wrongNumberOfKeys)) {
            try RiderKeyFile(text: Array((text + text).utf8))
        }
        #expect(throws: OfficeError.badKeyFile(line: 1, .wrongNumberOfKeys)) { try RiderKeyFile(text: []) }
        #expect(throws: OfficeError.badKeyFile(line: 1, .badPrivateKey)) { try RiderKeyFile(text: Array("01".utf8)) }
    }

    @Test func recordKeysHaveSixteenToSixtyFourBytes() throws {
        for (count, isGood) in [(15, false), (16, true), (64, true), (65, false)] {
            let digits = Array(String(repeating: "ab", count: count).utf8)
            if isGood {
                #expect(try RecordKeyText.key(digits) == [UInt8](repeating: 0xAB, count: count))
                #expect(try RecordKeyText.key(digits + Array(" \r\n".utf8)).count == count)
            } else {
                #expect(throws: OfficeError.badKeyFile(line: 1, .malformed)) { try RecordKeyText.key(digits) }
            }
        }
        let good = Array(String(repeating: "ab", count: 16).utf8)
        for text in [good.dropLast() + [0x67], [0x20] + good, good + good.prefix(1), []] {
            #expect(throws: OfficeError.badKeyFile(line: 1, .malformed)) { try RecordKeyText.key(Array(text)) }
        }
    }

    @Test func keyListsComeBack() throws {
        let key = try SigningKey(generatedOn: .secp256k1)
        let list = IssuerKeys.json((0..<256).map { (UInt8($0), key.publicKey) })
        let keys = try IssuerKeys(json: Array(list.utf8))
        #expect(keys.entries.count == 256)
        #expect(keys.entry(255)?.publicKey == key.publicKey)
        #expect(!keys.isDevelopment)
        // An entry may repeat an id with the same key, but 257 entries are too many.
        let more = list.replacing("\n]", with: ",{\"key_id\":0,\"public_key\":\"\(key.publicKey.hex)\"}\n]")
        #expect(throws: OfficeError.badKeyList(.tooMany)) { try IssuerKeys(json: Array(more.utf8)) }
    }

    @Test func badKeyListsSayWhy() throws {
        let (a, b) = try (SigningKey(generatedOn: .secp256k1), SigningKey(generatedOn: .secp256k1))
        func read(_ text: String) throws -> IssuerKeys { try IssuerKeys(json: Array(text.utf8)) }
        #expect(throws: OfficeError.badKeyList(.malformed)) { try read("[]") }
        #expect(throws: OfficeError.badKeyList(.malformed)) { try read("") }
        let list = IssuerKeys.json([(3, a.publicKey), (3, b.publicKey)])
        #expect(throws: OfficeError.badKeyList(.repeated(keyID: 3))) { try read(list) }
        #expect(try read(IssuerKeys.json([(3, a.publicKey), (3, a.publicKey)])).entries.count == 2)
        // 5^3 + 7 is not a square modulo p, so x = 5 is not on the curve.
        let none = [UInt8]([2] + [UInt8](repeating: 0, count: 31) + [5])
        #expect(throws: OfficeError.badKeyList(.notOnCurve(keyID: 9))) { try read(IssuerKeys.json([(9, none)])) }
    }

    @Test func theDevelopmentIssuerStandsForEveryID() throws {
        let keys = try IssuerKeys.development()
        let issuer = try DevelopmentKeys.issuer()
        #expect(keys.isDevelopment)
        #expect(keys.entry(0)?.publicKey == issuer.publicKey && keys.entry(255)?.publicKey == issuer.publicKey)
        // The published key: firmware and documents contain it.
        #expect(issuer.publicKey.hex == "026C09E72480DE884715E7456A5321E0F15E3F4A892C38974118A61EFD95422B8B")
        #expect(String(decoding: DevelopmentKeys.record, as: UTF8.self) == "posoffline development key")
    }
}
