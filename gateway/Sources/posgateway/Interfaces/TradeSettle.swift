import BackOffice
import Foundation

extension Interfaces {
    /// Trades in one call.
    static let tradeLimit = 100
    /// Seconds after which a trade of unknown result may be sent again.
    static let retrySeconds: Int64 = 30

    /// alipay.commerce.transport.offlinepay.trade.settle: charges riders for their rides.
    func tradeSettle(_ call: Call, _ trace: RequestTrace) async throws -> Reply {
        let list = try Fields(object: call.content).array("trade_list")
        guard list.count <= Self.tradeLimit else {
            throw Fields.Fault("trade_list", "最多 \(Self.tradeLimit) 笔", "has more than \(Self.tradeLimit) trades")
        }
        let now = WallClock.now
        let check = try await keys.check(for: call.merchant.appID)
        var results = [JSONValue?](repeating: nil, count: list.count)
        var trades: [(index: Int, trade: Trade)] = []
        for (index, item) in list.enumerated() {
            guard case .object(let object) = item else {
                throw Fields.Fault("trade_list[\(index)]", "应为对象", "has to be an object")
            }
            let fields = Fields(object: object, path: "trade_list[\(index)].")
            do throws(Fields.Fault) {
                trades.append((index, try trade(fields, of: call.merchant, check: check, now: now)))
            } catch {
                results[index] = Self.result(
                    Self.outTradeNo(item), .fail, error: TradeRefusal(.illegalParams, error.reason))
            }
        }
        if !trades.isEmpty {
            do {
                let answers = try await store.settle(trades.map(\.trade), at: now)
                for (entry, answer) in zip(trades, answers) { results[entry.index] = result(of: entry.trade, answer) }
            } catch {
                trace.report(error, in: call.method.label, answered: "UNKNOWN for \(trades.count) of \(list.count) trades")
                for entry in trades { results[entry.index] = unknownResult(entry.trade.outTradeNo, now: now, trace) }
            }
        }
        return .success([("result_list", .array(results.compactMap(\.self)))])
    }

    /// Every trade's result is that nothing is known, which the fault panel asks for.
    func unknownSettlement(_ call: Call, _ trace: RequestTrace) -> Reply {
        guard case .array(let list)? = call.content["trade_list"] else { return .refused(.unknownResult(trace.id)) }
        let now = WallClock.now
        return .success([
            (
                "result_list",
                .array(list.map { unknownResult(Self.outTradeNo($0), now: now, trace) })
            )
        ])
    }

    /// For a trade that is answered without having been read; empty when it is what is wrong.
    private static func outTradeNo(_ item: JSONInput) -> String {
        guard case .object(let object) = item else { return "" }
        do throws(Fields.Fault) {
            return try Fields(object: object).text("out_trade_no", limit: 64) ?? ""
        } catch {
            // The trade's own result names the first field that is wrong, which this one may be.
            return ""
        }
    }

    private func trade(
        _ fields: Fields, of merchant: Merchant, check: RecordCheck, now: Int64
    ) throws(Fields.Fault) -> Trade {
        let outTradeNo = try fields.requiredIdentifier("out_trade_no", limit: 64)
        let userID = try fields.requiredIdentifier("user_id", limit: 64)
        let orderedAt = try fields.requiredTime("actual_order_time", clock)
        let subject = try fields.requiredText("subject", limit: 128)
        let amountCent = try fields.requiredAmount("amount")
        guard amountCent > 0 else { throw Fields.Fault(fields.path + "amount", "应大于 0", "has to be above 0") }
        let context = try fields.objectText("order_biz_context", limit: 2048)
        let seller = try fields.identifier("seller_login_name", limit: 64)
        let records = try records(fields)
        let checked = records.map(check.check)
        if let index = checked.firstIndex(where: \.isMalformed) {
            throw Fields.Fault(
                "\(fields.path)records[\(index)]", "格式错误", checked[index].fault ?? "")
        }
        let digest = Self.digest([
            userID, "\(orderedAt)", subject, "\(amountCent)", context ?? "", seller ?? "",
        ] + records.map(\.hex))
        return Trade(
            appID: merchant.appID, outTradeNo: outTradeNo, digest: digest, userID: userID, amountCent: amountCent,
            subject: subject, orderedAt: orderedAt, context: context, sellerLoginName: seller,
            codes: Set(checked.compactMap(\.ride).map { Data($0.codeIdentity).sha256 }).sorted {
                $0.lexicographicallyPrecedes($1)
            },
            card: checked.lazy.compactMap(\.ride).compactMap(\.card).first,
            refusal: RideRules.objection(
                amountCent: amountCent, orderedAt: orderedAt, userID: userID, records: checked, limits: limits,
                now: now))
    }

    private func records(_ fields: Fields) throws(Fields.Fault) -> [[UInt8]] {
        let items = try fields.array("records")
        guard items.count <= 2 else {
            throw Fields.Fault(fields.path + "records", "最多两条", "has more than two records")
        }
        var records: [[UInt8]] = []
        for (index, item) in items.enumerated() {
            guard case .string(let text) = item, text.utf8.count <= Self.recordLimit, let bytes = [UInt8](hex: text),
                !bytes.isEmpty
            else {
                throw Fields.Fault("\(fields.path)records[\(index)]", "应为十六进制字符串", "has to be a string of hex digits")
            }
            records.append(bytes)
        }
        return records
    }

    private func result(of trade: Trade, _ answer: TradeAnswer) -> JSONValue {
        switch answer {
        case .settled(let id, let time):
            Self.result(trade.outTradeNo, .success, tradeNo: TradeNumber.text(id, at: time, clock))
        case .refused(let refusal): Self.result(trade.outTradeNo, .fail, error: refusal)
        }
    }

    private static func result(
        _ outTradeNo: String, _ result: BusinessResult, tradeNo: String? = nil, error: TradeRefusal? = nil
    ) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("result", .string(result.rawValue)), ("message", .string(error?.reason ?? "成功")),
        ]
        if let error {
            members += [
                ("error_code", .string(error.code)), ("error_message", .string(error.reason)),
                ("need_retry", .bool(false)),
            ]
        }
        members.append(("out_trade_no", .string(outTradeNo)))
        if let tradeNo { members.append(("trade_no", .string(tradeNo))) }
        return .object(members)
    }

    /// The document and the SDKs spell the retry's time differently, so it stands there twice.
    private func unknownResult(_ outTradeNo: String, now: Int64, _ trace: RequestTrace) -> JSONValue {
        let retry = clock.text(now + Self.retrySeconds)
        let reason = "结果未知，请到时用相同请求重试 / result unknown: send the same trade again then; request \(trace.id)".clipped
        return .object([
            ("result", .string(BusinessResult.unknown.rawValue)), ("message", .string(reason)),
            ("error_code", .string(BusinessResult.unknown.rawValue)), ("error_message", .string(reason)),
            ("need_retry", .bool(true)), ("next_retry_time", .string(retry)), ("next_try_time", .string(retry)),
            ("out_trade_no", .string(outTradeNo)),
        ])
    }
}
