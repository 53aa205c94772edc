import Foundation
import GatewaySystem
import Hummingbird
import PlatformAPI
import PlatformMethods
import Storage
import BackOffice

/// The console's one page.
extension ConsolePages {
    @Sendable func show(_ request: Request, _ context: GatewayContext) async throws -> Response {
        try check(request, context)
        guard try await isOperator(request) else {
            return Response(status: .seeOther, headers: [.location: "/console/login"])
        }
        let token = csrf.currentOrNewToken(for: request)
        var values: [String: Any] = ["title": "posgateway console", "formToken": token]
        values.merge(try await plotValues()) { $1 }
        values["merchants"] = try await merchantValues()
        values["issuerKeys"] = try await store.issuerKeys().map { key in
            [
                "id": "\(key.id)", "publicKey": key.publicKey.hex, "state": key.state.rawValue,
                "since": clock.text(key.retiredAt ?? key.createdAt), "canChange": key.state == .published,
            ] as [String: Any]
        }
        values["riders"] = try await store.riders(limit: Self.ridersShown).map { ["userID": $0] }
        values["cards"] = try await store.cards(limit: 50).map { card in
            [
                "type": card.cardType, "number": card.cardNo, "userID": card.userID,
                "issuer": card.appID ?? "the gateway",
                "state": card.isRevoked
                    ? "revoked" : card.isDisabled ? "disabled" : card.isPrepaid ? "prepaid" : "open",
                "updated": clock.text(card.updatedAt),
            ]
        }
        values["calls"] = log.last.map { call in
            [
                "time": clock.text(call.time), "appID": call.appID, "method": call.method, "code": call.code,
                "subCode": call.subCode, "reason": call.reason, "milliseconds": "\(call.milliseconds)",
                "kind": call.code == "10000" ? "good" : "bad",
            ]
        }
        values["trades"] = try await store.lastTrades(limit: 50).map { trade in
            [
                "time": clock.text(trade.createdAt), "outTradeNo": trade.outTradeNo, "userID": trade.userID,
                "subject": trade.subject, "amount": RiderPages.yuan(trade.amountCent),
                "result": trade.errorCode.map { "\($0): \(trade.errorMessage ?? "")" }
                    ?? "settled, \(TradeNumber.text(trade.id, at: trade.createdAt, clock))",
                "kind": trade.errorCode == nil ? "good" : "bad",
            ]
        }
        values["accounts"] = try await store.accounts(limit: 50).map { account in
            ["kind": account.kind, "owner": account.owner, "balance": RiderPages.yuan(account.balanceCent)]
        }
        values["faults"] = faults.faults.map { ["id": "\($0.id)", "text": $0.text] }
        values["methods"] = Method.allCases.map { ["value": $0.rawValue, "label": $0.label] }
        values["kinds"] = InjectedFault.Kind.allCases.map { ["value": $0.rawValue, "label": $0.text] }
        // Last: if anything above throws, a new key that was taken here would be lost.
        let own = session(of: request)
        let shown = own.map(messages.take) ?? []
        values["notices"] = Self.values(of: shown)
        var response: Response
        do { response = try pages.response("console", values, language: .english) } catch {
            if let own { messages.putBack(shown, for: own) }
            throw error
        }
        csrf.set(token, on: &response)
        return response
    }

    /// Nil when there are none: the page then has no box for them.
    static func values(of messages: [ConsoleMessage]) -> [String: Any]? {
        guard !messages.isEmpty else { return nil }
        return [
            "lines": messages.map { message in
                var line = ["text": message.text]
                line["secret"] = message.secret
                return line
            }
        ]
    }

    func merchantValues() async throws -> [[String: Any]] {
        var all: [[String: Any]] = []
        for merchant in try await store.merchants() {
            var values: [String: Any] = [
                "name": merchant.name, "appID": merchant.appID, "loginName": merchant.loginName,
                "contract": merchant.isContracted ? "in force" : "none: calls are refused",
                "isContracted": merchant.isContracted,
                "recordKeys": try await store.recordKeys(of: merchant.appID).map { key in
                    ["id": "\(key.id)", "keyID": key.keyID.hex, "since": clock.text(key.createdAt)]
                },
            ]
            switch merchant.applicationKey {
            case .success(let key)?:
                values["key"] = [
                    "bits": "\(key.key.bits)", "text": key.key.der.base64EncodedString(),
                ]
            case .failure?: values["keyAbsence"] = "damaged: calls are answered 20000; paste it again"
            case nil: values["keyAbsence"] = "none: calls are refused with isv.missing-signature-config"
            }
            all.append(values)
        }
        return all
    }

    /// The last day as bars.
    func plotValues() async throws -> [String: Any] {
        let hours = 25
        let now = SystemTime.now / 3600
        let rides = try await store.ridesPerHour(since: (now - Int64(hours) + 1) * 3600)
        let most = max(rides.values.max() ?? 0, 1)
        let bars = (0..<hours).map { index -> [String: Any] in
            let hour = now - Int64(hours - 1 - index)
            let count = rides[hour] ?? 0
            let height = count * 120 / most
            let time = String(clock.text(hour * 3600).dropFirst(11).prefix(5))
            var bar: [String: Any] = [
                "x": "\(6 + index * 30)", "y": "\(142 - height)", "height": "\(height)", "label": "\(time): \(count)",
            ]
            if index.isMultiple(of: 4) { bar["hour"] = ["x": "\(6 + index * 30)", "text": time] }
            return bar
        }
        return [
            "bars": bars, "most": "\(rides.values.max() ?? 0) rides an hour at most",
            "plotLabel": "Settled rides in each of the last 25 hours, \(rides.values.reduce(0, +)) in all",
        ]
    }
}

extension InjectedFault.Kind {
    fileprivate var text: String {
        switch self {
        case .unavailable: "20000, nothing happened"
        case .unavailableAfter: "20000, and yet it happened"
        case .unknown: "UNKNOWN with retry, nothing happened"
        case .unknownAfter: "UNKNOWN with retry, and yet it happened"
        case .delay: "a late answer"
        case .drop: "the connection ends, nothing happened"
        case .dropAfter: "the connection ends, and yet it happened"
        }
    }
}

extension InjectedFault {
    fileprivate var text: String {
        let interface = method?.label ?? "every interface"
        let delay = kind == .delay ? " by \(milliseconds) ms" : ""
        return switch extent {
        case .calls(let calls): "\(interface): \(kind.text)\(delay), for the next \(calls) calls"
        case .percent(let percent): "\(interface): \(kind.text)\(delay), for \(percent) % of calls"
        }
    }
}
