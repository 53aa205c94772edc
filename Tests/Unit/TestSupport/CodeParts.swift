import TransitCode

/// The fields of a code. Tests change them one at a time. The signatures need not be valid.
public struct CodeParts {
    public var version: UInt8 = 2
    public var algorithm: UInt8
    public var keyID: UInt8
    public var userID: [UInt8]
    public var expiry: UInt32 = 1_541_897_355
    public var window: UInt16
    public var quotaCent: UInt16
    public var reserved = [UInt8](0..<12)
    public var userPublicKey: [UInt8] = [3] + [UInt8](repeating: 0xC5, count: 24)
    public var cardType: [UInt8]
    public var cardNumber: [UInt8]
    public var cardData: [UInt8]
    public var issuerSignature: [UInt8] = Array(repeating: 0xA1, count: 71)
    public var generated: UInt32
    public var userSignature: [UInt8] = Array(repeating: 0xB2, count: 55)

    public init(
        algorithm: UInt8 = 1, keyID: UInt8 = 7, userID: [UInt8] = [UInt8](text: "2088302234037954"),
        window: UInt16 = 2573, quotaCent: UInt16 = 2573, cardType: [UInt8] = [UInt8](text: "S0JP0000"),
        cardNumber: [UInt8] = [UInt8](text: "00000001"), cardData: [UInt8] = [0x12, 0x34, 0x56, 0x78, 0x90],
        generated: UInt32 = 1_516_167_355
    ) {
        self.algorithm = algorithm
        self.keyID = keyID
        self.userID = userID
        self.window = window
        self.quotaCent = quotaCent
        self.cardType = cardType
        self.cardNumber = cardNumber
        self.cardData = cardData
        self.generated = generated
    }

    /// The bytes that the issuer signs.
    public var credential: [UInt8] {
        userID + [UInt8](Int(expiry), count: 4) + [UInt8](Int(window), count: 2) + [UInt8](Int(quotaCent), count: 2)
            + reserved + userPublicKey + cardType
            + [UInt8(cardNumber.count)] + cardNumber + [UInt8(cardData.count)] + cardData
    }

    /// The bytes that the user signs.
    public var userSigned: [UInt8] {
        let credential = credential
        return [version, algorithm, keyID, UInt8(credential.count)] + credential
            + [UInt8(issuerSignature.count)] + issuerSignature + [4] + [UInt8](Int(generated), count: 4)
    }

    public var bytes: [UInt8] { userSigned + [UInt8(userSignature.count)] + userSignature }

    /// The names and offsets of the six length bytes in `bytes`.
    public var lengthOffsets: [(name: String, offset: Int)] {
        let issuerLength = 4 + credential.count
        let timeLength = issuerLength + 1 + issuerSignature.count
        return [
            ("credential", 3), ("card number", 4 + 69), ("card data", 4 + 69 + 1 + cardNumber.count),
            ("issuer signature", issuerLength), ("generation time", timeLength), ("user signature", timeLength + 5),
        ]
    }
}
