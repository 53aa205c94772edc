import HostCrypto
import Testing
import TransitCode
import TransitCrypto
import TransitGate

@testable import BackOffice

/// A code published with the vendor's demo.
struct GenuineCode: Sendable, CustomTestStringConvertible {
    let name: String
    let hex: String
    let userID: String
    let generated: UInt32

    var bytes: [UInt8] { [UInt8](hex: hex)! }
    var testDescription: String { name }

    static let issuerPublicKey = "028B90D7C281AD21B4BA9492C522E39B655890CC41420EB8E8826B28C6DF2D467A"
    static let window: UInt32 = 2573

    static let all = [
        GenuineCode(
            name: "card S0JP0000",
            hex:
                "02010054323038383330323233343033373935345BE77C8B0A"
                + "0D0A0D00000000000000000000000003BEDDEA3AAA38BABEA5"
                + "23A6727F066248FCCBEE59CA00165A53304A50303030300830"
                + "30303030303031051234567890473045022100B50CA620DF2F"
                + "BA5BA2373FF23752D8AD9A0681E785A77D4FE9A490118B2EC2"
                + "CA02202673E9693C5773D9E003A7F8717EEF80A861D2DBFF53"
                + "D6FD2AE8F5CED08D7B2E045A5EE0BB373035021900CDF4748F"
                + "76846E7CF8249FC21B4BDF60F5152B0F9735339302180B10DA"
                + "8CC1AE9F5184FC5B891F5063D11EF6EC89B6943DFF",
            userID: "2088302234037954", generated: 1_516_167_355),
        GenuineCode(
            name: "card TEST0001",
            hex:
                "02010057323038383230323931343938303737355E1AF1510A"
                + "0D0A0D000000000000000044454D4F03BEDDEA3AAA38BABEA5"
                + "23A6727F066248FCCBEE59CA00165A54455354303030311032"
                + "303838323032393134393830373735004730450221008A6E46"
                + "6CA550B8D0C0E2C81DC1C517FD0F698277383FDDD78A51C31B"
                + "0419EA9802200B2008518C7804D09D348D1BC617D717EA3FDC"
                + "C94B9632AED971E985C63AA66C045C925581373035021900B3"
                + "AC8382AE7E61993E61F6FD3DAE725E52A284BBF1E9DC010218"
                + "67CAD1BD062FA574FE8005C30478E6DCB3527282EB37D3C2",
            userID: "2088202914980775", generated: 1_553_094_017),
    ]

    static func keys(id: UInt8 = 0) throws -> IssuerKeys {
        try IssuerKeys(json: Array("[{\"key_id\":\(id),\"public_key\":\"\(issuerPublicKey)\"}]".utf8))
    }
}

/// The code that the tests issue. Every field has distinct bytes.
struct Sample {
    static let generated: UInt32 = 1_700_000_000
    static let window: UInt16 = 60
    static let quota: UInt16 = 2000
    static let keyID: UInt8 = 7

    let issuer: SigningKey
    let rider: SigningKey
    let keys: IssuerKeys
    var draft: CredentialDraft

    init() throws {
        issuer = try SigningKey(generatedOn: .secp256k1)
        rider = try SigningKey(generatedOn: .secp192k1)
        keys = try IssuerKeys(json: Array(IssuerKeys.json([(Self.keyID, issuer.publicKey)]).utf8))
        draft = CredentialDraft(
            userID: Array("2088123412341234".utf8), expiry: Self.generated + 1000, window: Self.window,
            quotaCent: Self.quota, reserved: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
            cardType: Array("ABCD1234".utf8),
            cardNumber: Array("3301000012345678".utf8), cardData: [0x00, 0xFF, 0x30])
    }

    func code(_ faults: [CodeFault] = [], half: SigningKey.SHalf = .any) throws -> [UInt8] {
        let credential = try IssuedCredential(
            draft, userPublicKey: rider.publicKey, issuerKeyID: Self.keyID, issuer: issuer, half: half, faults: faults
        )
        return try credential.code(generated: Self.generated, rider: rider, half: half)
    }

    static let posParam = #"{"pos_id":"p","type":"SINGLE","subject":"s","record_id":"r"}"#

    /// The record that a gate would write for the code.
    func record(
        code: [UInt8], posParam: String = posParam, amountCent: UInt32 = 200, acceptedAt: UInt32 = generated,
        key: [UInt8]?
    ) throws -> [UInt8] {
        var buffer = RecordBuffer()
        let version = Array("1.0.0".utf8)
        try buffer.compose(
            code: code.span, posParam: Array(posParam.utf8).span, amountCent: amountCent, acceptedAt: acceptedAt,
            version: version.span)
        var recordKey = RecordKey()
        if let key { guard recordKey.set(key.span) else { throw OfficeError.badPrivateKey } }
        try recordKey.sign(&buffer, by: HostBackend.self)
        return [UInt8](buffer.bytes)
    }
}

extension Findings {
    /// The checks that failed, in order.
    var failedChecks: [Check] { failures.map(\.check) }
}

/// Variations of a good input: every prefix, one byte more, each bit flipped, each byte set to 0, to 255, and off by
/// one.
func neighbours(of good: [UInt8]) -> [[UInt8]] {
    var all = (0..<good.count).map { Array(good.prefix($0)) }
    all += (0...255).map { good + [UInt8($0)] }
    for index in good.indices {
        var values = Set((0..<8).map { good[index] ^ (1 << UInt8($0)) })
        values.formUnion([0, 255, good[index] &+ 1, good[index] &- 1])
        values.remove(good[index])
        for value in values.sorted() {
            var changed = good
            changed[index] = value
            all.append(changed)
        }
    }
    return all
}
