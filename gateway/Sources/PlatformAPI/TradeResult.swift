/// One trade's result in the reply to trade.settle.
package struct TradeResult: Sendable, Equatable {
    package enum Outcome: Sendable, Equatable {
        case settled(tradeNo: String)
        case failed(code: String, reason: String)
        /// Send the same trade again at `retryAt`.
        case unknown(reason: String, retryAt: String)
    }

    /// Empty when the request's own could not be read.
    package let outTradeNo: String
    package let outcome: Outcome

    package init(_ outTradeNo: String, _ outcome: Outcome) {
        self.outTradeNo = outTradeNo
        self.outcome = outcome
    }

    package var result: BusinessResult {
        switch outcome {
        case .settled: .success
        case .failed: .fail
        case .unknown: .unknown
        }
    }

    /// Nil for a success.
    package var reason: String? {
        switch outcome {
        case .settled: nil
        case .failed(_, let reason), .unknown(let reason, _): reason
        }
    }

    /// As it stands in `result_list`. The document and the SDKs name the time of the retry differently: both are there.
    package var members: JSONObject {
        let head: JSONObject = ["result": .string(result.rawValue), "message": .string(reason ?? "成功")]
        switch outcome {
        case .settled(let tradeNo):
            return head + ["out_trade_no": .string(outTradeNo), "trade_no": .string(tradeNo)]
        case .failed(let code, let reason):
            return head + [
                "error_code": .string(code), "error_message": .string(reason), "need_retry": .bool(false),
                "out_trade_no": .string(outTradeNo),
            ]
        case .unknown(let reason, let retryAt):
            return head + [
                "error_code": .string(result.rawValue), "error_message": .string(reason), "need_retry": .bool(true),
                "next_retry_time": .string(retryAt), "next_try_time": .string(retryAt),
                "out_trade_no": .string(outTradeNo),
            ]
        }
    }
}
