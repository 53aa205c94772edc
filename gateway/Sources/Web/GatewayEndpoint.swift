import GatewaySystem
import Hummingbird
import Logging
import PlatformAPI
import PlatformMethods

/// `/gateway.do`: takes a call's parameters out of the request, and sends the signed reply.
package struct GatewayEndpoint: Sendable {
    private let key: GatewayKey
    private let methods: Methods
    private let faults: FaultPanel
    private let log: CallLog
    private let counters: Counters

    /// A hundred trades with two records each.
    package static let bodyLimit = 2 * 1024 * 1024

    package init(key: GatewayKey, methods: Methods, faults: FaultPanel, log: CallLog, counters: Counters) {
        self.key = key
        self.methods = methods
        self.faults = faults
        self.log = log
        self.counters = counters
    }

    package func add(to router: Router<GatewayContext>) {
        router.get("gateway.do", use: handle)
        router.post("gateway.do", use: handle)
    }

    @Sendable private func handle(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let start = ContinuousClock.now
        let body = request.method == .post ? try await request.bytes(upTo: Self.bodyLimit) : []
        let parameters = FormParameters(query: request.uri.query ?? "", body: body)
        let name = CallName(parameters)
        let outcome = await outcome(of: parameters, name, context.trace)
        let elapsed = (ContinuousClock.now - start) / .seconds(1)
        note(name, outcome, seconds: elapsed, context.logger)
        guard case .reply(let reply) = outcome else {
            try await context.channel.close()
            throw HTTPError(.internalServerError)
        }
        return Response(type: "application/json;charset=utf-8", try reply.body(method: name.node, key: key))
    }

    /// Who calls what, as the caller spelt it.
    private struct CallName {
        let appID: String
        let methodName: String
        let method: Method?

        init(_ parameters: FormParameters) {
            appID = parameters["app_id"] ?? ""
            methodName = parameters["method"] ?? ""
            method = Method(rawValue: methodName)
        }

        /// For the response node: the caller's own word, when it can be a name.
        var node: String? {
            let isName = methodName.utf8.allSatisfy { byte in
                byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") || (0x30...0x39).contains(byte)
                    || (0x61...0x7A).contains(byte | 0x20)
            }
            return isName && !methodName.isEmpty && methodName.utf8.count <= 128 ? methodName : nil
        }
    }

    private enum Outcome {
        case reply(Reply)
        /// The fault panel ends the connection without a reply.
        case dropped
    }

    private func outcome(of parameters: FormParameters, _ name: CallName, _ trace: RequestTrace) async -> Outcome {
        do {
            let call = try await Envelope.open(parameters, clock: methods.clock, caller: methods.keys.caller)
            return await carryOut(call, trace)
        } catch let refusal as Refusal {
            return .reply(.refused(refusal))
        } catch {
            trace.report(error, in: name.method?.label ?? "envelope", answered: "20000")
            return .reply(.refused(.unknownResult(trace.id)))
        }
    }

    private func carryOut(_ call: Call, _ trace: RequestTrace) async -> Outcome {
        guard let fault = faults.next(for: call.method) else { return .reply(await methods.reply(to: call, trace)) }
        var reply = Reply.refused(.unknownResult(trace.id))
        if fault.kind.happens { reply = await methods.reply(to: call, trace) }
        switch fault.kind {
        case .unavailable, .unavailableAfter:
            trace.reportInjected(fault, in: call.method.label)
            return .reply(.refused(.unknownResult(trace.id)))
        case .unknown, .unknownAfter:
            trace.reportInjected(fault, in: call.method.label)
            return .reply(
                call.method == .tradeSettle
                    ? methods.unknownSettlement(call, trace) : .refused(.unknownResult(trace.id)))
        case .delay:
            // The end of the server cuts a delay short. The reply is sent all the same.
            do { try await Task.sleep(for: .milliseconds(fault.milliseconds)) } catch is CancellationError {
            } catch { trace.report(error, in: call.method.label, answered: "without its delay") }
            return .reply(reply)
        case .drop, .dropAfter: return .dropped
        }
    }

    private func note(_ name: CallName, _ outcome: Outcome, seconds: Double, _ logger: Logger) {
        let reply: Reply? = if case .reply(let reply) = outcome { reply } else { nil }
        let refusal = reply?.refusal
        let trades = reply?.trades ?? []
        // With an UNKNOWN trade the call is not counted as a success, though its own code is 10000.
        let isUnknown = trades.contains { $0.result == .unknown }
        let code = reply == nil ? "dropped" : isUnknown ? "unknown" : refusal?.code.rawValue ?? "10000"
        let label = name.method?.label ?? "unknown"
        counters.count(method: label, code: code, seconds: seconds)
        for trade in trades { counters.count(trade: trade.result) }
        let tradeReasons = trades.compactMap { trade in trade.reason.map { "\(trade.outTradeNo): \($0)" } }
        log.add(
            CallEntry(
                time: SystemTime.now, appID: name.appID, method: name.method?.label ?? name.methodName, code: code,
                subCode: refusal?.subCode ?? "",
                reason: refusal?.plainReason ?? refusal?.reason ?? tradeReasons.joined(separator: "; "),
                milliseconds: Int(seconds * 1000)))
        logger.info(
            "call",
            metadata: [
                "method": "\(label)", "code": "\(code)", "sub_code": "\(refusal?.subCode ?? "")",
                "milliseconds": "\(Int(seconds * 1000))",
            ])
    }
}
