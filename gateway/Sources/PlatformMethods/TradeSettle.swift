import Foundation
import GatewaySystem
import GatewayText
import PlatformAPI
import Settlement
import BackOffice

extension Methods {
    /// Trades in one call.
    static let tradeLimit = 100
    /// Seconds after which a trade of unknown result may be sent again.
    static let retrySeconds: Int64 = 30

    /// alipay.commerce.transport.offlinepay.trade.settle: charges riders for their rides.
    package func tradeSettle(_ call: Call, _ trace: RequestTrace) async throws -> Reply {
        let list = try Fields(object: call.content).array("trade_list")
        guard list.count <= Self.tradeLimit else {
            throw FieldError("trade_list", "最多 \(Self.tradeLimit) 笔", "has more than \(Self.tradeLimit) trades")
        }
        let now = SystemTime.now
        let check = try await keys.recordCheck(for: call.caller.appID)
        let items = try list.enumerated().map { index, item -> ReadTrade in
            guard case .object(let object) = item else {
                throw FieldError("trade_list[\(index)]", "应为对象", "has to be an object")
            }
            return read(Fields(object: object, path: "trade_list[\(index)]."), of: call.caller, check)
        }
        let trades = items.compactMap(\.trade)
        var answers: [TradeAnswer]?
        if !trades.isEmpty {
            do { answers = try await store.settle(trades, limits: limits, at: now) } catch {
                trace.report(
                    error, in: call.method.label, answered: "UNKNOWN for \(trades.count) of \(list.count) trades")
            }
        }
        var rest = answers?[...]
        return .trades(
            items.map { item in
                switch item {
                case .invalid(let result): result
                case .trade(let trade):
                    rest?.popFirst().map { result(of: trade, $0) }
                        ?? unknownResult(trade.outTradeNo, now: now, trace)
                }
            })
    }

    /// The fault panel's answer: the result of every trade is unknown.
    package func unknownSettlement(_ call: Call, _ trace: RequestTrace) -> Reply {
        guard case .array(let list)? = call.content["trade_list"] else { return .refused(.unknownResult(trace.id)) }
        let now = SystemTime.now
        return .trades(
            list.map { item in
                guard case .object(let object) = item else { return unknownResult("", now: now, trace) }
                return unknownResult(Self.outTradeNo(Fields(object: object)), now: now, trace)
            })
    }

    /// One item of `trade_list`.
    private enum ReadTrade {
        case trade(Trade)
        /// A field is wrong: this is its answer, and nothing of it is stored.
        case invalid(TradeResult)

        var trade: Trade? {
            if case .trade(let trade) = self { trade } else { nil }
        }
    }

    private func read(_ fields: Fields, of caller: Caller, _ check: RecordCheck) -> ReadTrade {
        do throws(FieldError) {
            return .trade(try trade(fields, of: caller, check))
        } catch {
            let refusal = TradeRefusal(.illegalParams, error.reason)
            return .invalid(
                TradeResult(Self.outTradeNo(fields), .failed(code: refusal.code, reason: refusal.reason)))
        }
    }

    /// For the answer to a trade that was not read. Empty when this field itself is wrong.
    private static func outTradeNo(_ fields: Fields) -> String {
        do throws(FieldError) {
            return try fields.text("out_trade_no", limit: 64) ?? ""
        } catch {
            // The trade's own result names the first field that is wrong, which may be this one.
            return ""
        }
    }

    private func trade(_ fields: Fields, of caller: Caller, _ check: RecordCheck) throws(FieldError) -> Trade {
        let outTradeNo = try fields.requiredIdentifier("out_trade_no", limit: 64)
        let userID = try fields.requiredIdentifier("user_id", limit: 64)
        let orderedAt = try fields.requiredTime("actual_order_time", clock)
        let subject = try fields.requiredText("subject", limit: 128)
        let amountCent = try fields.requiredAmount("amount")
        guard amountCent > 0 else { throw FieldError(fields.path + "amount", "应大于 0", "has to be above 0") }
        let context = try fields.objectText("order_biz_context", limit: 2048)
        let seller = try fields.identifier("seller_login_name", limit: 64)
        let records = try records(fields)
        let checked = records.map(check.check)
        for (index, record) in checked.enumerated() {
            guard case .malformed(let reason) = record else { continue }
            throw FieldError("\(fields.path)records[\(index)]", "格式错误", reason)
        }
        let digest = Self.digest(
            [
                userID, "\(orderedAt)", subject, "\(amountCent)", context ?? "", seller ?? "",
            ] + records.map(\.hex))
        return Trade(
            appID: caller.appID, outTradeNo: outTradeNo, digest: digest, userID: userID, amountCent: amountCent,
            subject: subject, orderedAt: orderedAt, context: context, sellerLoginName: seller, records: checked)
    }

    private func records(_ fields: Fields) throws(FieldError) -> [[UInt8]] {
        let items = try fields.array("records")
        guard items.count <= 2 else {
            throw FieldError(fields.path + "records", "最多两条", "has more than two records")
        }
        var records: [[UInt8]] = []
        for (index, item) in items.enumerated() {
            guard case .string(let text) = item, text.utf8.count <= Self.recordLimit, let bytes = [UInt8](hex: text),
                !bytes.isEmpty
            else {
                throw FieldError("\(fields.path)records[\(index)]", "应为十六进制字符串", "has to be a string of hex digits")
            }
            records.append(bytes)
        }
        return records
    }

    private func result(of trade: Trade, _ answer: TradeAnswer) -> TradeResult {
        switch answer {
        case .settled(let id, let time):
            TradeResult(trade.outTradeNo, .settled(tradeNo: TradeNumber.text(id, at: time, clock)))
        case .refused(let refusal):
            TradeResult(trade.outTradeNo, .failed(code: refusal.code, reason: refusal.reason))
        }
    }

    private func unknownResult(_ outTradeNo: String, now: Int64, _ trace: RequestTrace) -> TradeResult {
        let reason = "结果未知，请到时用相同请求重试 / result unknown: send the same trade again then; request \(trace.id)".clipped
        return TradeResult(outTradeNo, .unknown(reason: reason, retryAt: clock.text(now + Self.retrySeconds)))
    }
}
