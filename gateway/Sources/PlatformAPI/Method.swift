/// The methods that this gateway answers.
package enum Method: String, CaseIterable, Sendable {
    case keyQuery = "alipay.commerce.transport.offlinepay.key.query"
    case recordVerify = "alipay.commerce.transport.offlinepay.record.verify"
    case tradeSettle = "alipay.commerce.transport.offlinepay.trade.settle"
    case virtualcardSend = "alipay.commerce.transport.offlinepay.virtualcard.send"
    case dataSend = "alipay.commerce.data.send"

    /// Short, for metrics and pages.
    package var label: String {
        switch self {
        case .keyQuery: "key.query"
        case .recordVerify: "record.verify"
        case .tradeSettle: "trade.settle"
        case .virtualcardSend: "virtualcard.send"
        case .dataSend: "data.send"
        }
    }
}
