import GatewayText

/// A failure: the platform's code, its sub code, and what to do about it.
package struct Refusal: Error, Equatable, Sendable {
    /// The platform's public codes.
    package enum Code: String, Sendable {
        case unavailable = "20000"
        case missingArgument = "40001"
        case invalidArgument = "40002"
        case insufficientConditions = "40003"
        case businessFailed = "40004"
        case insufficientPermissions = "40006"

        /// The platform's words for it.
        package var message: String {
            switch self {
            case .unavailable: "Service Currently Unavailable"
            case .missingArgument: "Missing Required Arguments"
            case .invalidArgument: "Invalid Arguments"
            case .insufficientConditions: "Insufficient Conditions"
            case .businessFailed: "Business Failed"
            case .insufficientPermissions: "Insufficient Permissions"
            }
        }
    }

    package let code: Code
    package let subCode: String
    /// What was wrong and what to do.
    package let reason: String
    /// The same text without HTML escapes, where they differ.
    package var plainReason: String?
    /// Members beside the common four.
    package var members: JSONObject = [:]

    package static func missing(_ subCode: String, _ parameter: String) -> Refusal {
        Refusal(
            code: .missingArgument, subCode: subCode,
            reason: "缺少参数 \(parameter)，请补充后重试 / \(parameter) is missing: send it")
    }

    package static func invalid(_ subCode: String, _ chinese: String, _ english: String) -> Refusal {
        Refusal(code: .invalidArgument, subCode: subCode, reason: "\(chinese) / \(english)")
    }

    /// The document's business result FAIL, ILLEGAL_PARAMS or NO_RIGHT.
    package static func business(
        _ result: BusinessResult, _ reason: String, _ members: JSONObject = [:]
    ) -> Refusal {
        Refusal(code: .businessFailed, subCode: result.rawValue, reason: reason.clipped, members: members)
    }

    /// The result is unknown; the same request may be sent again. The log has the reason under the request's id.
    package static func unknownResult(_ requestID: String) -> Refusal {
        Refusal(
            code: .unavailable, subCode: "isp.unknow-error",
            reason: "系统繁忙，结果未知，请 30 秒后用相同请求重试 / result unknown: send the same request again in 30 s; "
                + "request \(requestID)")
    }
}

/// The document's business results, as sub codes and as results of one trade.
package enum BusinessResult: String, Sendable {
    case success = "SUCCESS"
    case fail = "FAIL"
    case unknown = "UNKNOWN"
    case illegalParams = "ILLEGAL_PARAMS"
    case noRight = "NO_RIGHT"
}
