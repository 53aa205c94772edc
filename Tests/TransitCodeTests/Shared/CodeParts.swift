import TransitCode

/// The fields of a code, to be made wrong one at a time. Its signatures are whatever a test puts there.
struct CodeParts {
    var version: UInt8 = 2
    var algorithm: UInt8 = 1
    var keyID: UInt8 = 7
    var userID = [UInt8](text: "2088302234037954")
    var expiry: UInt32 = 1_541_897_355
    var window: UInt16 = 2573
    var quotaCent: UInt16 = 2573
    var reserved = [UInt8](0..<12)
    var userPublicKey: [UInt8] = [3] + [UInt8](repeating: 0xC5, count: 24)
    var cardType = [UInt8](text: "S0JP0000")
    var cardNumber = [UInt8](text: "00000001")
    var cardData: [UInt8] = [0x12, 0x34, 0x56, 0x78, 0x90]
    var issuerSignature: [UInt8] = Array(repeating: 0xA1, count: 71)
    var generated: UInt32 = 1_516_167_355
    var userSignature: [UInt8] = Array(repeating: 0xB2, count: 55)

    /// What the issuer signs.
    var credential: [UInt8] {
        userID + [UInt8](Int(expiry), count: 4) + [UInt8](Int(window), count: 2) + [UInt8](Int(quotaCent), count: 2)
            + reserved + userPublicKey + cardType
            + [UInt8(cardNumber.count)] + cardNumber + [UInt8(cardData.count)] + cardData
    }

    /// What the user signs.
    var userSigned: [UInt8] {
        let credential = credential
        return [version, algorithm, keyID, UInt8(credential.count)] + credential
            + [UInt8(issuerSignature.count)] + issuerSignature + [4] + [UInt8](Int(generated), count: 4)
    }

    var bytes: [UInt8] { userSigned + [UInt8(userSignature.count)] + userSignature }

    /// Where the six length bytes of `bytes` are, by name.
    var lengthOffsets: [(name: String, offset: Int)] {
        let issuerLength = 4 + credential.count
        let timeLength = issuerLength + 1 + issuerSignature.count
        return [
            ("credential", 3), ("card number", 4 + 69), ("card data", 4 + 69 + 1 + cardNumber.count),
            ("issuer signature", issuerLength), ("generation time", timeLength), ("user signature", timeLength + 5),
        ]
    }
}
