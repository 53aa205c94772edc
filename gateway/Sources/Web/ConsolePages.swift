import Foundation
import GatewaySystem
import GatewayText
import HTTPTypes
import Hummingbird
import PlatformAPI
import PlatformMethods
import Storage

/// From where the console can be reached.
package enum ConsoleAccess: String, CaseIterable, Sendable {
    case local, any, off
}

/// The operator's pages (docs/gateway.md, "The console"). Local by default, and always behind a password.
package struct ConsolePages: Sendable {
    private let access: ConsoleAccess
    /// How old a trade may be, for the confirmations.
    let settlementDays: Int
    let store: Store
    let keys: KeyCache
    let clock: WallClock
    let faults: FaultPanel
    let log: CallLog
    let pages: Pages
    let cookies: Cookies
    let riders: RiderPages
    private let throttle = LoginThrottle()
    let messages = ConsoleMessages()

    static let ridersShown = 20

    var csrf: FormGuard { FormGuard(cookies: cookies) }

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

    func check(_ request: Request, _ context: GatewayContext) throws {
        // Through a proxy on this machine every connection is local.
        let isForwarded = Self.forwarding.contains { request.headers[$0] != nil }
        switch access {
        case .any: return
        case .local where context.peer.isLocal && !isForwarded: return
        default: throw HTTPError(.notFound)
        }
    }

    /// The digest of the request's token. There may be no such session.
    func session(of request: Request) -> Data? { cookies.value(.console, of: request).map(cookies.operatorDigest) }

    func isOperator(_ request: Request) async throws -> Bool {
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
    func action(
        _ router: Router<GatewayContext>, _ path: RouterPath, anchor: String = "",
        _ body: @escaping @Sendable (FormParameters, Request) async throws -> ConsoleMessage?
    ) {
        router.post(path) { request, context in
            let form = try await permitted(request, context)
            let message: ConsoleMessage?
            do { message = try await body(form, request) } catch let error as ConsoleError {
                message = ConsoleMessage(text: error.text)
            } catch let error as IssuerKeyError {
                message = ConsoleMessage(text: error.text)
            } catch let question as Unconfirmed {
                return try question.confirmation.response(pages, csrf, request, language: .english)
            }
            if let message, let session = session(of: request) { messages.add(message, for: session) }
            await keys.invalidate()
            return Response(status: .seeOther, headers: [.location: "/console" + anchor])
        }
    }

    func permitted(_ request: Request, _ context: GatewayContext) async throws -> FormParameters {
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
}
