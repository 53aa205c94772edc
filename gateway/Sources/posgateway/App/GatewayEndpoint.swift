import BackOffice
import Hummingbird
import Logging

/// `/gateway.do`: takes a call's parameters out of the request, and sends the signed answer.
struct GatewayEndpoint: Sendable {
    let key: GatewayKey
    let interfaces: Interfaces
    let faults: FaultPanel
    let log: CallLog
    let counters: Counters

    /// A hundred trades with two records each.
    static let bodyLimit = 2 * 1024 * 1024

    func add(to router: Router<GatewayContext>) {
        router.get("gateway.do", use: handle)
        router.post("gateway.do", use: handle)
    }

    @Sendable private func handle(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let start = ContinuousClock.now
        let body = request.method == .post ? try await request.bytes(upTo: Self.bodyLimit) : []
        let outcome = await reply(query: request.uri.query ?? "", body: body, RequestTrace(context))
        let elapsed = (ContinuousClock.now - start) / .seconds(1)
        note(outcome, seconds: elapsed, context.logger)
        if outcome.isDropped {
            try await context.channel.close()
            throw HTTPError(.internalServerError)
        }
        return Response(
            type: "application/json;charset=utf-8", try outcome.reply.body(method: outcome.node, key: key))
    }

    /// What a call came to.
    private struct Outcome {
        var appID = ""
        /// As the caller spelt it.
        var methodName = ""
        var method: Method?
        var reply: Reply
        var isDropped = false

        /// The node's name is the caller's word when it can be one.
        var node: String? {
            let isName = methodName.utf8.allSatisfy { byte in
                byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") || (0x30...0x39).contains(byte)
                    || (0x61...0x7A).contains(byte | 0x20)
            }
            return isName && !methodName.isEmpty && methodName.utf8.count <= 128 ? methodName : nil
        }
    }

    private func reply(query: String, body: [UInt8], _ trace: RequestTrace) async -> Outcome {
        let parameters = FormParameters(query: query, body: body)
        var outcome = Outcome(
            appID: parameters["app_id"] ?? "", methodName: parameters["method"] ?? "", reply: .success())
        outcome.method = Method(rawValue: outcome.methodName)
        do {
            let call = try await Envelope.open(parameters, clock: interfaces.clock, merchant: interfaces.keys.merchant)
            await carryOut(call, trace, into: &outcome)
        } catch let refusal as Refusal {
            outcome.reply = .refused(refusal)
        } catch {
            trace.report(error, in: outcome.method?.label ?? "envelope", answered: "20000")
            outcome.reply = .refused(.unknownResult(trace.id))
        }
        return outcome
    }

    private func carryOut(_ call: Call, _ trace: RequestTrace, into outcome: inout Outcome) async {
        guard let fault = faults.next(for: call.method) else {
            outcome.reply = await interfaces.answer(call, trace)
            return
        }
        if fault.kind.happens { outcome.reply = await interfaces.answer(call, trace) }
        switch fault.kind {
        case .unavailable, .unavailableAfter:
            trace.reportInjected(fault, in: call.method.label)
            outcome.reply = .refused(.unknownResult(trace.id))
        case .unknown, .unknownAfter:
            trace.reportInjected(fault, in: call.method.label)
            outcome.reply =
                call.method == .tradeSettle
                ? interfaces.unknownSettlement(call, trace) : .refused(.unknownResult(trace.id))
        case .delay:
            // The server's end cuts a delay short; the answer is sent all the same.
            do { try await Task.sleep(for: .milliseconds(fault.milliseconds)) } catch is CancellationError {
            } catch { trace.report(error, in: call.method.label, answered: "without its delay") }
        case .drop, .dropAfter: outcome.isDropped = true
        }
    }

    private func note(_ outcome: Outcome, seconds: Double, _ logger: Logger) {
        let refusal = outcome.reply.refusal
        let results = outcome.reply.tradeResults
        // A reply that says of a trade that nothing is known is no success, though its own code is 10000.
        let isUnknown = results.contains(BusinessResult.unknown.rawValue)
        let code = outcome.isDropped ? "dropped" : isUnknown ? "unknown" : refusal?.code.rawValue ?? "10000"
        let label = outcome.method?.label ?? "unknown"
        counters.count(method: label, code: code, seconds: seconds)
        for result in results { counters.count(trade: result) }
        log.add(
            CallEntry(
                time: WallClock.now, appID: outcome.appID, method: outcome.method?.label ?? outcome.methodName, code: code,
                subCode: refusal?.subCode ?? "", reason: refusal?.plainReason ?? refusal?.reason ?? outcome.reply.tradeReasons,
                milliseconds: Int(seconds * 1000)))
        logger.info(
            "call",
            metadata: [
                "method": "\(label)", "code": "\(code)", "sub_code": "\(refusal?.subCode ?? "")",
                "milliseconds": "\(Int(seconds * 1000))",
            ])
    }
}

extension Reply {
    /// The result of each trade, for the counters.
    fileprivate var tradeResults: [String] { trades.compactMap { $0["result"] } }

    /// Why trades failed, for the list of calls.
    fileprivate var tradeReasons: String {
        trades.compactMap { trade in trade["error_message"].map { "\(trade["out_trade_no"] ?? ""): \($0)" } }
            .joined(separator: "; ")
    }

    private var trades: [[String: String]] {
        guard case .array(let results)? = members.first(where: { $0.0 == "result_list" })?.1 else { return [] }
        return results.map { result in
            guard case .object(let members) = result else { return [:] }
            return Dictionary(members.compactMap { name, value in
                guard case .string(let text) = value else { return nil }
                return (name, text)
            }) { first, _ in first }
        }
    }
}
