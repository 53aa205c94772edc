import TransitCode

/// How many bytes the caller's buffers hold (docs/rules.md, "Buffers").
public struct BufferCapacities: Sendable {
    public var userID: Int
    public var record: Int
    public var cardNumber: Int
    public var cardData: Int
    public var cardType: Int

    public init(
        userID: Int, record: Int = .max, cardNumber: Int = .max, cardData: Int = .max, cardType: Int = .max
    ) {
        self.userID = userID
        self.record = record
        self.cardNumber = cardNumber
        self.cardData = cardData
        self.cardType = cardType
    }

    /// Whether every length is at least what the contract asks for, whatever the code.
    public var meetsMinimum: Bool {
        userID >= 17 && record >= 2048 && cardNumber >= 17 && cardData >= 65 && cardType >= 9
    }

    /// Whether a code's values fit, texts with their NUL.
    public func holds(_ code: borrowing TransitCode) -> Bool {
        let credential = code.credential
        return credential.userID.count < userID && credential.cardNumber.count < cardNumber
            && credential.cardData.count <= cardData && credential.cardType.textCount < cardType
    }

    /// Whether a binary record fits as hex with its NUL.
    public func holdsRecord(count: Int) -> Bool { 2 &* count < record }
}
