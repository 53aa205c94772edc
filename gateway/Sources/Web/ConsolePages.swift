import Foundation
import HTTPTypes
import GatewaySystem
import GatewayText
import Hummingbird
import PlatformAPI
import PlatformMethods
import Settlement
import Storage
import BackOffice

/// From where the console can be reached.
package enum ConsoleAccess: String, CaseIterable, Sendable {
    case local, any, off
}

/// The operator's pages (docs/gateway.md, "The console"). Local by default, and always behind a password.
package struct ConsolePages: Sendable {
    private let access: ConsoleAccess
    /// How old a trade may be, for the confirmations.
    private let settlementDays: Int
    private let store: Store
    private let keys: KeyCache
    private let clock: WallClock
    private let faults: FaultPanel
    private let log: CallLog
    private let pages: Pages
    private let cookies: Cookies
    private let riders: RiderPages
    private let throttle = LoginThrottle()
    private let messages = ConsoleMessages()

    private static let ridersShown = 20

    private var csrf: FormGuard { FormGuard(cookies: cookies) }

    package init(
        access: ConsoleAccess, settlementDays: Int, store: Store, keys: KeyCache, clock: WallClock, faults: FaultPanel,
        log: CallLog, pages: Pages, cookies: Cookies, riders: RiderPages
    ) {
        self.access = access
        self.settlementDays = settlementDays
        self.store = store
        self.keys = keys
        self.clock = clock
        self.faults = faults
        self.log = log
        self.pages = pages
        self.cookies = cookies
        self.riders = riders
    }

    package func add(to router: Router<GatewayContext>) {
        router.get("console", use: show)
        router.get("console/login", use: loginPage)
        router.post("console/login", use: login)
        action(router, "console/logout") { _, request in
            if let session = session(of: request) { try await store.removeSession(session) }
            return nil
        }
        addQuestions(router)
        addMerchantActions(router)
        addIssuerKeyActions(router)
        addFaultActions(router)
        router.post("console/riders/open", use: openRider)
    }

    // MARK: Session

    private static let forwarding = ["Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"].compactMap {
        HTTPField.Name($0)
    }

    private func check(_ request: Request, _ context: GatewayContext) throws {
        // Through a proxy on this machine every connection is local.
        let isForwarded = Self.forwarding.contains { request.headers[$0] != nil }
        switch access {
        case .any: return
        case .local where context.peer.isLocal && !isForwarded: return
        default: throw HTTPError(.notFound)
        }
    }

    /// The digest of the request's token. There may be no such session.
    private func session(of request: Request) -> Data? { cookies.value(.console, of: request).map(cookies.operatorDigest) }

    private func isOperator(_ request: Request) async throws -> Bool {
        guard let token = session(of: request), let session = try await store.session(token) else { return false }
        // A rider's session does not open the console.
        return session.userID == nil
    }

    @Sendable private func loginPage(_ request: Request, _ context: GatewayContext) async throws -> Response {
        try check(request, context)
        return try loginForm(request, failed: false)
    }

    private func loginForm(_ request: Request, failed: Bool) throws -> Response {
        let token = csrf.currentOrNewToken(for: request)
        var response = try pages.response(
            "login", ["title": "posgateway console", "formToken": token, "failed": failed], language: .english,
            status: failed ? .forbidden : .ok)
        csrf.set(token, on: &response)
        return response
    }

    @Sendable private func login(_ request: Request, _ context: GatewayContext) async throws -> Response {
        try check(request, context)
        let form = try await request.form()
        try csrf.check(request, form)
        if case .refused(let seconds) = throttle.take(context.peer) {
            return throttled(seconds, context)
        }
        guard Cookies.digest(form["password"] ?? "") == cookies.passwordDigest else {
            context.logger.warning("console login failed", metadata: ["address": "\(context.peer)"])
            // Slows guessing down.
            try await Task.sleep(for: .seconds(1))
            return try loginForm(request, failed: true)
        }
        throttle.giveBack(context.peer)
        context.logger.notice("console login", metadata: ["address": "\(context.peer)"])
        let secret = Cookies.newSecret()
        try await store.addSession(
            cookies.operatorDigest(secret.text), userID: nil,
            expiresAt: SystemTime.now + Int64(Cookies.Name.console.seconds))
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

    /// Adds an operator's action: checks the form, and redirects to the console.
    private func action(
        _ router: Router<GatewayContext>, _ path: RouterPath, anchor: String = "",
        _ body: @escaping @Sendable (FormParameters, Request) async throws -> ConsoleMessage?
    ) {
        router.post(path) { request, context in
            let form = try await permitted(request, context)
            let message: ConsoleMessage?
            do { message = try await body(form, request) } catch let fault as ConsoleError {
                message = ConsoleMessage(text: fault.text)
            } catch let fault as IssuerKeyError {
                message = ConsoleMessage(text: fault.text)
            } catch let question as Unconfirmed {
                return try question.confirmation.response(pages, csrf, request, language: .english)
            }
            if let message, let session = session(of: request) { messages.add(message, for: session) }
            await keys.invalidate()
            return Response(status: .seeOther, headers: [.location: "/console" + anchor])
        }
    }

    private func permitted(_ request: Request, _ context: GatewayContext) async throws -> FormParameters {
        try check(request, context)
        guard try await isOperator(request) else { throw HTTPError(.forbidden, message: "log in first") }
        let form = try await request.form()
        try csrf.check(request, form)
        return form
    }

    // MARK: Confirmations

    /// Adds the confirmation page of the action with the same path.
    private func question(
        _ router: Router<GatewayContext>, _ path: RouterPath,
        _ body: @escaping @Sendable (FormParameters) async throws -> Confirmation?
    ) {
        router.get(path) { request, context in
            try check(request, context)
            guard try await isOperator(request) else {
                return Response(status: .seeOther, headers: [.location: "/console/login"])
            }
            guard let confirmation = try await body(FormParameters(query: request.uri.query ?? "", body: [])) else {
                throw HTTPError(.notFound)
            }
            return try confirmation.response(pages, csrf, request, language: .english)
        }
    }

    private func addQuestions(_ router: Router<GatewayContext>) {
        question(router, "console/issuer-keys/activate") { query in
            try await issuerKey(query).map { .activateIssuerKey($0.id, active: $0.active) }
        }
        question(router, "console/issuer-keys/retire") { query in
            try await issuerKey(query).map {
                .retireIssuerKey($0.id, active: $0.active, days: settlementDays)
            }
        }
        question(router, "console/merchants/contract") { query in
            try await merchant(query).map { .endContract(of: $0, days: settlementDays) }
        }
        question(router, "console/merchants/record-key/remove") { query in
            guard let merchant = try await merchant(query) else { return nil }
            let keys = try await store.recordKeys(of: merchant.appID)
            return keys.first { "\($0.id)" == query["id"] }.map {
                .removeRecordKey($0, of: merchant, isLast: keys.count == 1)
            }
        }
    }

    /// The key that a link names, and the one that signs riders' codes now.
    private func issuerKey(_ query: FormParameters) async throws -> (id: UInt8, active: String)? {
        let keys = try await store.issuerKeys()
        guard let id = query["id"].flatMap({ UInt8($0) }), keys.contains(where: { $0.id == id }) else { return nil }
        return (id, keys.first { $0.state == .active }.map { "\($0.id)" } ?? "none")
    }

    private func merchant(_ query: FormParameters) async throws -> Merchant? {
        guard let appID = query["app_id"] else { return nil }
        return try await store.merchant(appID)
    }

    // MARK: What an operator does

    /// Why an action failed, for the operator.
    private struct ConsoleError: Error {
        let text: String
        init(_ text: String) { self.text = text }
    }

    /// An action that needs a confirmation first.
    private struct Unconfirmed: Error {
        let confirmation: Confirmation
    }

    private func required(_ form: FormParameters, _ name: String) throws -> String {
        guard let value = form[name] else { throw ConsoleError("\(name) is missing.") }
        return value
    }

    private func requiredMerchant(_ form: FormParameters) async throws -> Merchant {
        let appID = try required(form, "app_id")
        guard let merchant = try await store.merchant(appID) else { throw ConsoleError("There is no such merchant.") }
        return merchant
    }

    private func addMerchantActions(_ router: Router<GatewayContext>) {
        action(router, "console/merchants", anchor: "#merchants") { form, _ in
            let appID = form["app_id"] ?? "2021" + RandomText.digits(12)
            guard appID.utf8.count <= 32, appID.utf8.allSatisfy(\.isPrintableASCII) else {
                throw ConsoleError("app_id has to be at most 32 printable ASCII characters.")
            }
            let recordKey = RandomText.hex(bytes: 32)
            guard
                try await store.addMerchant(
                    appID: appID, name: try required(form, "name"), loginName: try required(form, "login_name"),
                    publicKey: nil, recordKey: [UInt8](hex: recordKey))
            else { throw ConsoleError("A merchant with this app_id or this name to be paid as is there already.") }
            return ConsoleMessage(
                text: """
                    Merchant \(appID) is there. Make its keys with `posgateway keygen`, and paste the public one. The \
                    record key of its gates, shown this once (POSOFFLINE_RECORD_KEY_FILE):
                    """, secret: recordKey)
        }
        action(router, "console/merchants/key", anchor: "#merchants") { form, _ in
            let pasted = try required(form, "public_key")
            let key: ApplicationKey
            do { key = try ApplicationKey(pasted: pasted) } catch RSAKeyError.notAKey {
                throw ConsoleError("That is no RSA public key of at least 2,048 bits, in PEM or in one line of base64.")
            }
            let merchant = try await requiredMerchant(form)
            if let present = merchant.workingKey, present.key.der != key.key.der, form["replaces"] != merchant.keyDigest {
                throw Unconfirmed(confirmation: .replaceKey(of: merchant, with: key, pasted: pasted))
            }
            try await store.setKey(key.key.der, of: merchant.appID)
            return ConsoleMessage(text: "The public key is set.")
        }
        action(router, "console/merchants/contract", anchor: "#merchants") { form, _ in
            let merchant = try await requiredMerchant(form)
            let isContracted: Bool
            switch try required(form, "contracted") {
            case "true": isContracted = true
            case "false": isContracted = false
            default: throw ConsoleError("contracted has to be true or false: the contract stays as it is.")
            }
            try await store.setContract(isContracted, of: merchant.appID)
            let outcome = isContracted ? "is in force" : "has ended: its calls are refused"
            return ConsoleMessage(text: "The contract of \(merchant.name) \(outcome).")
        }
        action(router, "console/merchants/record-key", anchor: "#merchants") { form, _ in
            let text = form["key"] ?? RandomText.hex(bytes: 32)
            let key: [UInt8]
            do throws(OfficeError) { key = try RecordKeyText.key(Array(text.utf8)) } catch {
                throw ConsoleError("A record key is 32 to 128 hex digits.")
            }
            try await store.addRecordKey(key, to: try await requiredMerchant(form).appID)
            return form["key"] == nil
                ? ConsoleMessage(text: "The new record key, shown this once:", secret: text)
                : ConsoleMessage(text: "Record key \(RecordVerifier.id(of: key).hex) is there.")
        }
        action(router, "console/merchants/record-key/remove", anchor: "#merchants") { form, _ in
            guard let id = Int64(try required(form, "id")) else { throw ConsoleError("id is no number.") }
            let appID = try await requiredMerchant(form).appID
            guard try await store.recordKeys(of: appID).contains(where: { $0.id == id }) else {
                throw ConsoleError("The merchant has no such record key.")
            }
            try await store.removeRecordKey(id, of: appID)
            return ConsoleMessage(text: "The record key is gone: records that it has signed do not settle any more.")
        }
    }

    private func addIssuerKeyActions(_ router: Router<GatewayContext>) {
        action(router, "console/issuer-keys", anchor: "#issuer-keys") { _, _ in
            try await store.addIssuerKeys([SigningKey(generatedOn: .secp256k1)])
            return ConsoleMessage(text: "A new issuer key is in the list. Activate it when the gates have fetched it.")
        }
        action(router, "console/issuer-keys/activate", anchor: "#issuer-keys") { form, _ in
            let id = try keyID(form)
            try await store.activateIssuerKey(id)
            return ConsoleMessage(text: "Riders' codes are signed with key \(id) from now on.")
        }
        action(router, "console/issuer-keys/retire", anchor: "#issuer-keys") { form, _ in
            let id = try keyID(form)
            try await store.retireIssuerKey(id)
            return ConsoleMessage(text: "Issuer key \(id) is retired.")
        }
    }

    private func keyID(_ form: FormParameters) throws -> UInt8 {
        guard let id = UInt8(try required(form, "id")) else { throw ConsoleError("id is no key id.") }
        return id
    }

    private func addFaultActions(_ router: Router<GatewayContext>) {
        action(router, "console/faults", anchor: "#faults") { form, _ in
            guard let kind = InjectedFault.Kind(rawValue: try required(form, "kind")) else {
                throw ConsoleError("There is no such fault.")
            }
            let method = form["method"].flatMap(Method.init)
            guard form["method"] == nil || method != nil else { throw ConsoleError("There is no such interface.") }
            guard let milliseconds = Int(form["milliseconds"] ?? "3000"), (0...120_000).contains(milliseconds) else {
                throw ConsoleError("A delay is from 0 to 120,000 milliseconds.")
            }
            let extent: InjectedFault.Extent
            if let text = form["percent"] {
                guard let percent = Int(text), (1...100).contains(percent) else {
                    throw ConsoleError("A rate is from 1 to 100 %.")
                }
                extent = .percent(percent)
            } else {
                guard let calls = Int(form["calls"] ?? "1"), (1...1_000_000).contains(calls) else {
                    throw ConsoleError("The number of calls is from 1 to 1,000,000.")
                }
                extent = .calls(calls)
            }
            faults.add(kind, method: method, milliseconds: milliseconds, extent: extent)
            return nil
        }
        action(router, "console/faults/remove", anchor: "#faults") { form, _ in
            guard let id = Int(try required(form, "id")) else { throw ConsoleError("id is no number.") }
            faults.remove(id)
            return nil
        }
    }

    /// Opens a rider's page in this browser.
    @Sendable private func openRider(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let form = try await permitted(request, context)
        guard let userID = form["user_id"], try await store.hasRider(userID) else { throw HTTPError(.notFound) }
        if let present = try await riders.rider(of: request), !present.isSame(as: userID), form["leaves"] != present {
            return try Confirmation.openRider(userID, leaving: present, listed: Self.ridersShown)
                .response(pages, csrf, request, language: .english)
        }
        var response = Response(status: .seeOther, headers: [.location: "/"])
        try await riders.open(userID, byOperator: true, on: &response)
        return response
    }

    // MARK: Pages

    @Sendable private func show(_ request: Request, _ context: GatewayContext) async throws -> Response {
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
                "type": card.cardType, "number": card.cardNo, "userID": card.userID, "issuer": card.appID ?? "the gateway",
                "state": card.isRevoked ? "revoked" : card.isDisabled ? "disabled" : card.isPrepaid ? "prepaid" : "open",
                "updated": clock.text(card.updatedAt),
            ]
        }
        values["calls"] = log.last.prefix(50).map { call in
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
                "result": trade.errorCode.map { "\($0): \(trade.errorMessage ?? "")" } ?? "settled, \(TradeNumber.text(trade.id, at: trade.createdAt, clock))",
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
    private static func values(of messages: [ConsoleMessage]) -> [String: Any]? {
        guard !messages.isEmpty else { return nil }
        return [
            "lines": messages.map { message in
                var line = ["text": message.text]
                line["secret"] = message.secret
                return line
            }
        ]
    }

    private func merchantValues() async throws -> [[String: Any]] {
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
    private func plotValues() async throws -> [String: Any] {
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

extension IssuerKeyError {
    fileprivate var text: String {
        switch self {
        case .unknown: "There is no such issuer key."
        case .retired: "That issuer key is retired, for good."
        case .active: "Riders' codes are signed with that key: activate another one first."
        case .tooMany: "Gates hold at most \(Store.largestKeyList) keys: retire one first."
        }
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
