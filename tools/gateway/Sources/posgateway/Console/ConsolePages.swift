import Foundation
import HTTPTypes
import Hummingbird
import Synchronization
import TransitGate
import TransitOffice

/// The operator's page (docs/gateway.md, "The console"). Local by default, and always behind a password.
struct ConsolePages: Sendable {
    let gateway: Gateway
    let pages: Pages
    let cookies: Cookies
    let riders: RiderPages
    let throttle = LoginThrottle()
    /// Said once on the next page.
    let notices = Notices()

    private var store: Store { gateway.store }
    private var guardian: FormGuard { FormGuard(cookies: cookies) }

    /// What the last action has to say, and a key that it has made, until the page is shown.
    final class Notices: Sendable {
        struct Notice { var text: String?, secret: (label: String, value: String)? }
        private let next = Mutex<Notice>(Notice())

        func say(_ text: String) { next.withLock { $0.text = text } }
        func show(_ secret: String, _ label: String) { next.withLock { $0.secret = (label, secret) } }
        func take() -> Notice {
            next.withLock { notice in
                defer { notice = Notice() }
                return notice
            }
        }
    }

    func add(to router: Router<GatewayContext>) {
        router.get("console", use: show)
        router.get("console/login", use: loginPage)
        router.post("console/login", use: login)
        router.get("console/issuer-keys/retire", use: retirePage)
        action(router, "console/logout") { _, request in
            if let token = cookies.value(.console, of: request) {
                try await store.removeSession(cookies.operatorDigest(token))
            }
        }
        addMerchantActions(router)
        addIssuerKeyActions(router)
        addFaultActions(router)
        router.post("console/riders/open", use: openRider)
    }

    // MARK: Who it is

    private static let forwarding = ["Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"].compactMap {
        HTTPField.Name($0)
    }

    private func check(_ request: Request, _ context: GatewayContext) throws {
        // Through a proxy on this machine the whole world comes from here.
        let isForwarded = Self.forwarding.contains { request.headers[$0] != nil }
        switch gateway.settings.console {
        case .any: return
        case .local where context.peer.isLocal && !isForwarded: return
        default: throw HTTPError(.notFound)
        }
    }

    private func isOperator(_ request: Request) async throws -> Bool {
        guard let token = cookies.value(.console, of: request),
            let session = try await store.session(cookies.operatorDigest(token))
        else { return false }
        // A rider's session is none of the console's.
        return session.userID == nil
    }

    @Sendable private func loginPage(_ request: Request, _ context: GatewayContext) async throws -> Response {
        try check(request, context)
        return try loginForm(request, failed: false)
    }

    private func loginForm(_ request: Request, failed: Bool) throws -> Response {
        let token = guardian.token(for: request)
        var response = try pages.response(
            "login", ["title": "posgateway console", "formToken": token, "failed": failed], language: .english,
            status: failed ? .forbidden : .ok)
        guardian.set(token, on: &response)
        return response
    }

    @Sendable private func login(_ request: Request, _ context: GatewayContext) async throws -> Response {
        try check(request, context)
        let form = try await request.form()
        try guardian.check(request, form)
        if case .refused(let seconds) = throttle.take(context.peer) {
            return throttled(seconds, context)
        }
        guard Cookies.digest(form["password"] ?? "") == cookies.passwordDigest else {
            context.logger.warning("console login failed", metadata: ["address": "\(context.peer)"])
            // Guessing shall take its time.
            try await Task.sleep(for: .seconds(1))
            return try loginForm(request, failed: true)
        }
        throttle.giveBack(context.peer)
        context.logger.notice("console login", metadata: ["address": "\(context.peer)"])
        let secret = Cookies.secret()
        try await store.addSession(
            cookies.operatorDigest(secret.text), userID: nil,
            expiresAt: WallClock.now + Int64(Cookies.Name.console.seconds))
        var response = Response(status: .seeOther, headers: [.location: "/console"])
        cookies.set(.console, to: secret.text, on: &response)
        return response
    }

    private func throttled(_ seconds: Int, _ context: GatewayContext) -> Response {
        if let count = throttle.noteRefusal() {
            context.logger.warning(
                "console logins refused: too many wrong passwords",
                metadata: ["address": "\(context.peer)", "count": "\(count)", "seconds_to_wait": "\(seconds)"])
        }
        var response = Response(
            .tooManyRequests, type: "text/plain;charset=utf-8",
            "Too many wrong passwords: try again in \(seconds) s.\n")
        response.headers[.retryAfter] = "\(seconds)"
        return response
    }

    /// Adds something that an operator does: the form is the operator's own, and the console comes back after it.
    private func action(
        _ router: Router<GatewayContext>, _ path: RouterPath, anchor: String = "",
        _ body: @escaping @Sendable (FormParameters, Request) async throws -> Void
    ) {
        router.post(path) { request, context in
            let form = try await permitted(request, context)
            do { try await body(form, request) } catch let fault as ConsoleFault {
                notices.say(fault.text)
            } catch let fault as IssuerKeyFault {
                notices.say(fault.text)
            }
            await gateway.keys.forget()
            return Response(status: .seeOther, headers: [.location: "/console" + anchor])
        }
    }

    private func permitted(_ request: Request, _ context: GatewayContext) async throws -> FormParameters {
        try check(request, context)
        guard try await isOperator(request) else { throw HTTPError(.forbidden, message: "log in first") }
        let form = try await request.form()
        try guardian.check(request, form)
        return form
    }

    // MARK: What an operator does

    /// Why something was not done, for the operator to read.
    private struct ConsoleFault: Error {
        let text: String
        init(_ text: String) { self.text = text }
    }

    private func required(_ form: FormParameters, _ name: String) throws -> String {
        guard let value = form[name] else { throw ConsoleFault("\(name) is missing.") }
        return value
    }

    private func addMerchantActions(_ router: Router<GatewayContext>) {
        action(router, "console/merchants", anchor: "#merchants") { form, _ in
            let appID = form["app_id"] ?? "2021" + RandomText.digits(12)
            guard appID.utf8.count <= 32, appID.utf8.allSatisfy(\.isPrintableASCII) else {
                throw ConsoleFault("app_id has to be at most 32 printable ASCII characters.")
            }
            let recordKey = RandomText.hex(bytes: 32)
            guard
                try await store.addMerchant(
                    appID: appID, name: try required(form, "name"), loginName: try required(form, "login_name"),
                    publicKey: nil, recordKey: [UInt8](hex: recordKey))
            else { throw ConsoleFault("A merchant with this app_id or this name to be paid as is there already.") }
            notices.say("Merchant \(appID) is there. Make its keys with `posgateway keygen`, and paste the public one.")
            notices.show(recordKey, "The record key of its gates, shown this once (POSOFFLINE_RECORD_KEY_FILE):")
        }
        action(router, "console/merchants/key", anchor: "#merchants") { form, _ in
            let text = try required(form, "public_key")
            let key: ApplicationKey
            do { key = try ApplicationKey(pasted: text) } catch RSAFault.notAKey {
                throw ConsoleFault("That is no RSA public key of at least 2,048 bits, in PEM or in one line of base64.")
            }
            let appID = try required(form, "app_id")
            guard try await store.merchant(appID) != nil else { throw ConsoleFault("There is no such merchant.") }
            try await store.setKey(key.key.der, of: appID)
            notices.say("The public key is set.")
        }
        action(router, "console/merchants/contract", anchor: "#merchants") { form, _ in
            try await store.setContract(form["contracted"] == "true", of: try required(form, "app_id"))
        }
        action(router, "console/merchants/record-key", anchor: "#merchants") { form, _ in
            let text = form["key"] ?? RandomText.hex(bytes: 32)
            let key: [UInt8]
            do throws(OfficeError) { key = try RecordKeyText.key(Array(text.utf8)) } catch {
                throw ConsoleFault("A record key is 32 to 128 hex digits.")
            }
            try await store.addRecordKey(key, to: try required(form, "app_id"))
            if form["key"] == nil { notices.show(text, "The new record key, shown this once:") }
        }
        action(router, "console/merchants/record-key/remove", anchor: "#merchants") { form, _ in
            guard let id = Int64(try required(form, "id")) else { throw ConsoleFault("id is no number.") }
            try await store.removeRecordKey(id, of: try required(form, "app_id"))
            notices.say("The record key is gone: records that it has signed do not settle any more.")
        }
    }

    private func addIssuerKeyActions(_ router: Router<GatewayContext>) {
        action(router, "console/issuer-keys", anchor: "#issuer-keys") { _, _ in
            try await store.addIssuerKeys([SigningKey(generatedOn: .secp256k1)])
            notices.say("A new issuer key is in the list. Activate it when the gates have fetched it.")
        }
        action(router, "console/issuer-keys/activate", anchor: "#issuer-keys") { form, _ in
            let id = try keyID(form)
            try await store.activateIssuerKey(id)
            notices.say("Riders' codes are signed with key \(id) from now on.")
        }
        action(router, "console/issuer-keys/retire", anchor: "#issuer-keys") { form, _ in
            let id = try keyID(form)
            try await store.retireIssuerKey(id)
            notices.say("Issuer key \(id) is retired.")
        }
    }

    private func keyID(_ form: FormParameters) throws -> UInt8 {
        guard let id = UInt8(try required(form, "id")) else { throw ConsoleFault("id is no key id.") }
        return id
    }

    private func addFaultActions(_ router: Router<GatewayContext>) {
        action(router, "console/faults", anchor: "#faults") { form, _ in
            guard let kind = Fault.Kind(rawValue: try required(form, "kind")) else {
                throw ConsoleFault("There is no such fault.")
            }
            let method = form["method"].flatMap(Method.init)
            guard form["method"] == nil || method != nil else { throw ConsoleFault("There is no such interface.") }
            guard let milliseconds = Int(form["milliseconds"] ?? "3000"), (0...120_000).contains(milliseconds) else {
                throw ConsoleFault("A delay is from 0 to 120,000 milliseconds.")
            }
            let extent: Fault.Extent
            if let text = form["percent"] {
                guard let percent = Int(text), (1...100).contains(percent) else {
                    throw ConsoleFault("A rate is from 1 to 100 %.")
                }
                extent = .percent(percent)
            } else {
                guard let calls = Int(form["calls"] ?? "1"), (1...1_000_000).contains(calls) else {
                    throw ConsoleFault("The number of calls is from 1 to 1,000,000.")
                }
                extent = .calls(calls)
            }
            gateway.faults.add(kind, method: method, milliseconds: milliseconds, extent: extent)
        }
        action(router, "console/faults/remove", anchor: "#faults") { form, _ in
            guard let id = Int(try required(form, "id")) else { throw ConsoleFault("id is no number.") }
            gateway.faults.remove(id)
        }
    }

    /// Opens a rider's page in this browser: how an operator sees what a rider sees.
    @Sendable private func openRider(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let form = try await permitted(request, context)
        guard let userID = form["user_id"], try await store.hasRider(userID) else { throw HTTPError(.notFound) }
        var response = Response(status: .seeOther, headers: [.location: "/"])
        try await riders.open(userID, byOperator: true, on: &response)
        return response
    }

    // MARK: Pages

    @Sendable private func retirePage(_ request: Request, _ context: GatewayContext) async throws -> Response {
        try check(request, context)
        guard try await isOperator(request) else { return Response(status: .seeOther, headers: [.location: "/console/login"]) }
        let keys = try await store.issuerKeys()
        guard let id = request.uri.queryParameters["id"].flatMap({ UInt8($0) }), keys.contains(where: { $0.id == id }) else {
            throw HTTPError(.notFound)
        }
        let token = guardian.token(for: request)
        var response = try pages.response(
            "retire",
            [
                "title": "Retire issuer key \(id)?", "id": "\(id)", "formToken": token,
                "active": keys.first { $0.state == .active }.map { "\($0.id)" } ?? "none",
                "days": "\(gateway.settings.limits.days)",
            ], language: .english)
        guardian.set(token, on: &response)
        return response
    }

    @Sendable private func show(_ request: Request, _ context: GatewayContext) async throws -> Response {
        try check(request, context)
        guard try await isOperator(request) else {
            return Response(status: .seeOther, headers: [.location: "/console/login"])
        }
        let token = guardian.token(for: request)
        let notice = notices.take()
        var values: [String: Any] = ["title": "posgateway console", "formToken": token]
        if let text = notice.text { values["notice"] = text }
        if let secret = notice.secret { values["secret"] = ["label": secret.label, "value": secret.value] }
        values.merge(try await plotValues()) { $1 }
        values["merchants"] = try await merchantValues()
        values["issuerKeys"] = try await store.issuerKeys().map { key in
            [
                "id": "\(key.id)", "publicKey": key.publicKey.hex, "state": key.state.rawValue,
                "since": gateway.clock.text(key.retiredAt ?? key.createdAt), "canChange": key.state == .published,
            ] as [String: Any]
        }
        values["riders"] = try await store.riders(limit: 20).map { ["userID": $0] }
        values["cards"] = try await store.cards(limit: 50).map { card in
            [
                "type": card.cardType, "number": card.cardNo, "userID": card.userID, "issuer": card.appID ?? "the gateway",
                "state": card.isRevoked ? "revoked" : card.isDisabled ? "disabled" : card.isPrepaid ? "prepaid" : "open",
                "updated": gateway.clock.text(card.updatedAt),
            ]
        }
        values["calls"] = gateway.log.last.prefix(50).map { call in
            [
                "time": gateway.clock.text(call.time), "appID": call.appID, "method": call.method, "code": call.code,
                "subCode": call.subCode, "reason": call.reason, "milliseconds": "\(call.milliseconds)",
                "kind": call.code == "10000" ? "good" : "bad",
            ]
        }
        values["trades"] = try await store.lastTrades(limit: 50, clock: gateway.clock).map { trade in
            [
                "time": gateway.clock.text(trade.createdAt), "outTradeNo": trade.outTradeNo, "userID": trade.userID,
                "subject": trade.subject, "amount": RiderPages.yuan(trade.amountCent),
                "result": trade.errorCode.map { "\($0): \(trade.errorMessage ?? "")" } ?? "settled, \(trade.tradeNo)",
                "kind": trade.errorCode == nil ? "good" : "bad",
            ]
        }
        values["accounts"] = try await store.accounts(limit: 50).map { account in
            ["kind": account.kind, "owner": account.owner, "balance": RiderPages.yuan(account.balanceCent)]
        }
        values["faults"] = gateway.faults.faults.map { ["id": "\($0.id)", "text": $0.text] }
        values["methods"] = Method.allCases.map { ["value": $0.rawValue, "label": $0.label] }
        values["kinds"] = Fault.Kind.allCases.map { ["value": $0.rawValue, "label": $0.text] }
        var response = try pages.response("console", values, language: .english)
        guardian.set(token, on: &response)
        return response
    }

    private func merchantValues() async throws -> [[String: Any]] {
        var all: [[String: Any]] = []
        for merchant in try await store.merchants() {
            var values: [String: Any] = [
                "name": merchant.name, "appID": merchant.appID, "loginName": merchant.loginName,
                "contract": merchant.isContracted ? "in force" : "none: calls are refused",
                "otherContract": merchant.isContracted ? "false" : "true",
                "contractLabel": merchant.isContracted ? "End the contract" : "Put the contract in force",
                "recordKeys": try await store.recordKeys(of: merchant.appID).map { key in
                    ["id": "\(key.id)", "keyID": key.keyID.hex, "since": gateway.clock.text(key.createdAt)]
                },
            ]
            switch merchant.key {
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
    private func plotValues() async throws -> [String: Any] {
        let hours = 25
        let now = WallClock.now / 3600
        let rides = try await store.ridesPerHour(since: (now - Int64(hours) + 1) * 3600)
        let most = max(rides.values.max() ?? 0, 1)
        let bars = (0..<hours).map { index -> [String: Any] in
            let hour = now - Int64(hours - 1 - index)
            let count = rides[hour] ?? 0
            let height = count * 120 / most
            let time = String(gateway.clock.text(hour * 3600).dropFirst(11).prefix(5))
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

extension IssuerKeyFault {
    fileprivate var text: String {
        switch self {
        case .unknown: "There is no such issuer key."
        case .retired: "That issuer key is retired, for good."
        case .active: "Riders' codes are signed with that key: activate another one first."
        case .tooMany: "Gates hold at most \(Store.largestKeyList) keys: retire one first."
        }
    }
}

extension Fault.Kind {
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

extension Fault {
    fileprivate var text: String {
        let interface = method?.label ?? "every interface"
        let delay = kind == .delay ? " by \(milliseconds) ms" : ""
        return switch extent {
        case .calls(let calls): "\(interface): \(kind.text)\(delay), for the next \(calls) calls"
        case .percent(let percent): "\(interface): \(kind.text)\(delay), for \(percent) % of calls"
        }
    }
}
