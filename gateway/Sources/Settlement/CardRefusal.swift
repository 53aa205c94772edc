/// Why a message does not change its card.
package struct CardRefusal: Error, Equatable, Sendable {
    /// The method's sub_error_code.
    package enum Code: String, Sendable {
        case cardNotExist = "CARD_NOT_EXIST"
        case cardExists = "CARD_ALREADY_EXIST"
        case cardRevoked = "CARD_REVOKED"
        case userMismatch = "USER_NOT_MATCH"
        case userUnknown = "USER_NOT_EXIST"
        case typeOfOther = "CARD_TYPE_NO_RIGHT"
        case tooMany = "TOO_MANY_MESSAGES"
        case timeAhead = "CARD_TIME_AHEAD"
    }

    package let code: Code
    package let reason: String

    init(_ code: Code, _ chinese: String, _ english: String) {
        self.code = code
        reason = "\(chinese) / \(english)"
    }
}
