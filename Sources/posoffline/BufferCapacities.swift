import TransitCode

/// The sizes in bytes of the caller's buffers (docs/rules.md, "Buffers"). A buffer that a function does not have is as
/// large as can be.
struct BufferCapacities {
    var userID: Int
    var record = Int.max
    var cardNumber = Int.max
    var cardData = Int.max
    var cardType = Int.max

    /// Whether every size is at least the contract's minimum, whatever the code.
    var meetsMinimum: Bool {
        userID >= 17 && record >= 2048 && cardNumber >= 17 && cardData >= 65 && cardType >= 9
    }

    /// Whether a code's values fit, each text with its NUL.
    func holds(_ code: borrowing TransitCode) -> Bool {
        let credential = code.credential
        return credential.userID.count < userID && credential.cardNumber.count < cardNumber
            && credential.cardData.count <= cardData && credential.cardType.textCount < cardType
    }

    /// Whether a binary record of `count` bytes fits as hex with its NUL.
    func holdsRecord(count: Int) -> Bool { 2 &* count < record }
}
