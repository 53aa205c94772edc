import Testing

/// A code published with the vendor's demo, with the published values of its fields.
public struct GenuineCode: Sendable, CustomTestStringConvertible {
    public let name: String
    public let code: [UInt8]
    public let generated: UInt32
    public let expiry: UInt32
    public let userID: String
    public let cardType: String
    public let cardNumber: String
    public let cardData: [UInt8]

    public var testDescription: String { name }

    /// The key that signed both codes.
    public static let issuerPublicKey = [UInt8](
        hex: "028B90D7C281AD21B4BA9492C522E39B655890CC41420EB8E8826B28C6DF2D467A")
    public static let window: UInt16 = 2573
    public static let quotaCent: UInt16 = 2573

    public static let all = [
        GenuineCode(
            name: "card S0JP0000",
            code: [UInt8](
                hex: """
                    02010054323038383330323233343033373935345BE77C8B0A0D0A0D00000000000000000000000003BEDDEA3AAA38BA\
                    BEA523A6727F066248FCCBEE59CA00165A53304A5030303030083030303030303031051234567890473045022100B50C\
                    A620DF2FBA5BA2373FF23752D8AD9A0681E785A77D4FE9A490118B2EC2CA02202673E9693C5773D9E003A7F8717EEF80\
                    A861D2DBFF53D6FD2AE8F5CED08D7B2E045A5EE0BB373035021900CDF4748F76846E7CF8249FC21B4BDF60F5152B0F97\
                    35339302180B10DA8CC1AE9F5184FC5B891F5063D11EF6EC89B6943DFF
                    """),
            generated: 1_516_167_355, expiry: 1_541_897_355, userID: "2088302234037954", cardType: "S0JP0000",
            cardNumber: "00000001", cardData: [0x12, 0x34, 0x56, 0x78, 0x90]),
        GenuineCode(
            name: "card TEST0001",
            code: [UInt8](
                hex: """
                    02010057323038383230323931343938303737355E1AF1510A0D0A0D000000000000000044454D4F03BEDDEA3AAA38BA\
                    BEA523A6727F066248FCCBEE59CA00165A5445535430303031103230383832303239313439383037373500473045022\
                    1008A6E466CA550B8D0C0E2C81DC1C517FD0F698277383FDDD78A51C31B0419EA9802200B2008518C7804D09D348D1BC\
                    617D717EA3FDCC94B9632AED971E985C63AA66C045C925581373035021900B3AC8382AE7E61993E61F6FD3DAE725E52A\
                    284BBF1E9DC01021867CAD1BD062FA574FE8005C30478E6DCB3527282EB37D3C2
                    """),
            generated: 1_553_094_017, expiry: 1_578_824_017, userID: "2088202914980775", cardType: "TEST0001",
            cardNumber: "2088202914980775", cardData: []),
    ]
}
