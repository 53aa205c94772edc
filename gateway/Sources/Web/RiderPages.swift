import Foundation
import GatewaySystem
import GatewayText
import HTTPTypes
import Hummingbird
import PlatformAPI
import PlatformMethods
import Settlement
import Storage
import BackOffice

/// The route page of the integration document, and the rider's pages (docs/gateway.md, "Riders").
package struct RiderPages: Sendable {
    private let store: Store
    private let keys: KeyCache
    private let clock: WallClock
    private let terms: CodeTerms
    private let pages: Pages
    private let cookies: Cookies

    package init(
        store: Store, keys: KeyCache, clock: WallClock, terms: CodeTerms, pages: Pages, cookies: Cookies
    ) {
        self.store = store
        self.keys = keys
        self.clock = clock
        self.terms = terms
        self.pages = pages
        self.cookies = cookies
    }

    private static let entry = "/p/f/public_transit/card_entry.html"
    /// So many charges, and so many notices: neither crowds the other out.
    private static let ridesShown = 30
    private var csrf: FormGuard { FormGuard(cookies: cookies) }

    package func add(to router: Router<GatewayContext>) {
        router.get("/", use: home)
        router.get("p/f/public_transit/card_entry.html", use: entry)
        router.post("p/f/public_transit/sign", use: decide)
        router.get("card/code", use: code)
        router.get("card/rides", use: rides)
        router.get("leave", use: leavePage)
        router.post("logout", use: logout)
    }

    // MARK: Session

    /// The rider whose session this is.
    package func rider(of request: Request) async throws -> String? {
        guard let token = cookies.value(.rider, of: request) else { return nil }
        if let session = try await store.session(Cookies.digest(token)) { return session.userID }
        return try await store.session(cookies.operatorDigest(token))?.userID
    }

    /// Opens a session for a rider, as the answer's cookie.
    package func open(_ userID: String, byOperator: Bool = false, on response: inout Response) async throws {
        let secret = Cookies.newSecret()
        try await store.addSession(
            byOperator ? cookies.operatorDigest(secret.text) : secret.digest, userID: userID,
            expiresAt: SystemTime.now + Int64(Cookies.Name.rider.seconds))
        cookies.set(.rider, to: secret.text, on: &response)
    }

    /// Puts the end of a rider's session off while it is used: there is no password to come back with.
    private func renew(_ request: Request, _ context: GatewayContext, on response: inout Response) async {
        guard let token = cookies.value(.rider, of: request) else { return }
        let (now, seconds) = (SystemTime.now, Int64(Cookies.Name.rider.seconds))
        do {
            guard let session = try await store.session(Cookies.digest(token)), session.expiresAt - now < seconds / 2
            else { return }
            try await store.renewSession(Cookies.digest(token), expiresAt: now + seconds)
            cookies.set(.rider, to: token, on: &response)
        } catch {
            // The next page tries again; this one is good without.
            context.logger.warning("a rider's session was not renewed", metadata: ["error": "\("\(error)".oneLine)"])
        }
    }

    // MARK: Pages

    @Sendable private func home(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let say = Language(request)
        let userID = try await rider(of: request)
        var cards: [[String: Any]] = []
        if let userID {
            cards = try await store.cards(of: userID).filter { !$0.isRevoked }.map { card in
                [
                    "title": card.title, "number": card.cardNo, "address": Self.address(of: card),
                    "label": card.isDisabled ? say("查看", "Look at it") : say("出示乘车码", "Show the code"),
                ]
            }
        }
        var values: [String: Any] = [:]
        if let userID, let others = try await otherRides(of: userID, say) { values["otherRides"] = others }
        let own = "http\(cookies.isSecure ? "s" : "")://\(request.head.authority ?? "localhost")/"
        let sign =
            Self.entry + "?action=sign&scene=TRANSIT&subScene=330100&source=home&cardTitle="
            + Self.escaped(say("公交乘车码", "Transit card")) + "&redirectUrl=" + Self.escaped(own)
        values.merge(
            [
                "title": say("公交乘车码", "Transit codes"), "cards": cards, "isKnown": userID != nil,
                "intro": userID.map { say("用户 \($0)", "You are rider \($0).") }
                    ?? say("开通后即可出示乘车码。", "Sign up to get a transit code on this page."),
                "signAddress": sign, "signLabel": say("开通", "Sign up"), "leaveLabel": say("退出…", "Leave…"),
                "otherLang": say == .chinese ? "en" : "zh",
                "otherName": say == .chinese ? "English" : "中文",
            ]) { $1 }
        var response = try pages.response("home", values, language: say)
        await renew(request, context, on: &response)
        return response
    }

    /// Riders have no password, so leaving is final.
    @Sendable private func leavePage(_ request: Request, _: GatewayContext) async throws -> Response {
        let say = Language(request)
        guard let userID = try await rider(of: request) else {
            return Response(status: .seeOther, headers: [.location: "/"])
        }
        return try Confirmation(
            title: say("在此浏览器上退出？", "Leave on this browser?"),
            stops: [
                say(
                    "此浏览器不再显示用户 \(userID) 的卡和乘车码。",
                    "This browser no longer shows the cards and codes of rider \(userID)."),
                say(
                    "没有密码可以再次登录：退出后无法在此找回这些卡及其余额。",
                    "There is no password to come back with: the cards and their balances cannot be opened here again."),
            ],
            goesOn: say("已乘坐的行程仍会扣款，卡片仍属于您。", "Rides that you have made are still charged, and the cards stay yours."),
            action: "/logout", fields: [], label: say("退出", "Leave"), keep: (say("不退出", "Stay"), "/")
        ).response(pages, csrf, request, language: say)
    }

    @Sendable private func entry(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let say = Language(request)
        let parameters = FormParameters(query: request.uri.query ?? "", body: [])
        if let name = parameters.undecodable { return try wrong(name.beginning(bytes: 64), say) }
        if let scene = parameters["scene"], scene != "TRANSIT" { return try wrong("scene", say) }
        switch parameters["action"] {
        case "sign": return try sign(parameters, request, say)
        case "use":
            guard let cardType = parameters["cardType"] else { return try wrong("cardType", say) }
            guard let cardNo = parameters["cardNo"] else { return try wrong("cardNo", say) }
            var response = try await show(cardType, cardNo, request, say)
            await renew(request, context, on: &response)
            return response
        default: return try wrong("action", say)
        }
    }

    private func sign(_ parameters: FormParameters, _ request: Request, _ say: Language) throws -> Response {
        guard let title = parameters["cardTitle"], title.unicodeScalars.count <= 64 else {
            return try wrong("cardTitle", say)
        }
        guard let given = parameters["redirectUrl"], let target = ReturnAddress(given) else {
            return try wrong("redirectUrl", say)
        }
        let token = csrf.currentOrNewToken(for: request)
        var response = try pages.response(
            "sign",
            [
                "title": say("开通公交付款", "Pay for rides by code"), "cardTitle": title, "redirectUrl": given,
                "formToken": token, "agree": say("同意并开通", "Agree"), "decline": say("暂不开通", "Decline"),
                "terms": say(
                    "开通后，刷码乘车的车费将从您的账户扣除。",
                    "Once you agree, the fares of rides with this card are charged to your account."),
                "returns": say("之后将返回 \(target.host)", "You will then return to \(target.host)."),
            ], language: say, formTarget: target.origin)
        csrf.set(token, on: &response)
        return response
    }

    @Sendable private func decide(_ request: Request, _: GatewayContext) async throws -> Response {
        let form = try await request.form()
        let say = Language(request)
        try csrf.check(request, form)
        guard let target = form["redirectUrl"].flatMap(ReturnAddress.init) else { return try wrong("redirectUrl", say) }
        switch form["decision"] {
        case "decline": return Response(status: .seeOther, headers: [.location: target.answered(false)])
        case "agree":
            var response = Response(status: .seeOther, headers: [.location: target.answered(true)])
            guard try await rider(of: request) == nil else { return response }
            let userID = try await newUserID()
            let title = String(String.UnicodeScalarView((form["cardTitle"] ?? "").unicodeScalars.prefix(64)))
            try await store.addRider(userID, title: title, scalar: SigningKey(generatedOn: .secp192k1).scalar)
            try await open(userID, on: &response)
            return response
        default: return try wrong("decision", say)
        }
    }

    /// Sixteen digits that begin as the platform's do.
    private func newUserID() async throws -> String {
        while true {
            let userID = "2088" + RandomText.digits(12)
            if try await !store.hasRider(userID) { return userID }
        }
    }

    private func show(
        _ cardType: String, _ cardNo: String, _ request: Request, _ say: Language
    ) async throws -> Response {
        guard let card = try await card(cardType, cardNo, of: request) else { return try stranger(say) }
        var values: [String: Any] = [
            "title": card.title, "homeLabel": say("全部卡片", "All cards"), "userLabel": say("用户", "Rider"),
            "userID": card.userID, "typeLabel": say("卡类型", "Card type"), "cardType": card.cardType,
            "numberLabel": say("卡号", "Card number"), "cardNo": card.cardNo, "ridesLabel": say("乘车记录", "Rides"),
            "ridesAddress": "/card/rides?" + Self.query(card),
        ]
        if let reason = Self.closed(card, say) {
            values["closed"] = reason
        } else {
            let code = try await make(card)
            values["code"] =
                [
                    "image": try code.imageAddress, "alt": say("乘车二维码", "QR code of the transit code"),
                    "seconds": code.seconds, "spare": code.spareSeconds, "refresh": code.seconds - code.spareSeconds,
                    "hex": code.bytes.hex, "hexLabel": say("十六进制（测试用）", "In hex, for testers"),
                    "before": say("有效期", "Good for"), "after": say("秒，自动刷新", "s, then renewed by itself"),
                    "codeAddress": "/card/code?" + Self.query(card),
                ] as [String: Any]
        }
        return try pages.response(
            "card", values.merging(try await rideValues(card, say)) { $1 }, language: say)
    }

    // MARK: Requests of the script

    @Sendable private func code(_ request: Request, _: GatewayContext) async throws -> Response {
        guard let card = try await requestedCard(request) else { throw HTTPError(.notFound) }
        guard Self.closed(card, .english) == nil else { throw HTTPError(.conflict) }
        let code = try await make(card)
        return Response(
            type: "application/json",
            JSON.object([
                "image": .string(try code.imageAddress), "seconds": .integer(Int64(code.seconds)),
                "hex": .string(code.bytes.hex),
            ]).text)
    }

    @Sendable private func rides(_ request: Request, _: GatewayContext) async throws -> Response {
        guard let card = try await requestedCard(request) else { throw HTTPError(.notFound) }
        return try pages.fragment("rides", try await rideValues(card, Language(request)))
    }

    @Sendable private func logout(_ request: Request, _: GatewayContext) async throws -> Response {
        try csrf.check(request, try await request.form())
        if let token = cookies.value(.rider, of: request) {
            for digest in [Cookies.digest(token), cookies.operatorDigest(token)] {
                try await store.removeSession(digest)
            }
        }
        var response = Response(status: .seeOther, headers: [.location: "/"])
        cookies.clear(.rider, on: &response)
        return response
    }

    // MARK: Pieces

    private func requestedCard(_ request: Request) async throws -> Card? {
        let query = FormParameters(query: request.uri.query ?? "", body: [])
        guard let cardType = query["cardType"], let cardNo = query["cardNo"]
        else { return nil }
        return try await card(cardType, cardNo, of: request)
    }

    /// A card of the session's rider. Nil for other riders' cards and for unknown ones alike.
    private func card(_ cardType: String, _ cardNo: String, of request: Request) async throws -> Card? {
        guard let userID = try await rider(of: request) else { return nil }
        return try await store.cards(of: userID).first {
            $0.cardType.isSame(as: cardType) && $0.cardNo.isSame(as: cardNo)
        }
    }

    private func make(_ card: Card) async throws -> RiderCode {
        guard let issuer = try await keys.issuerKeys().first(where: { $0.state == .active }) else {
            throw HTTPError(.serviceUnavailable, message: "no issuer key is active")
        }
        return try RiderCode(
            card: card, issuer: issuer, terms: terms, at: SystemTime.now)
    }

    private static func closed(_ card: Card, _ say: Language) -> String? {
        if card.isRevoked { return say("此卡已注销。", "This card was revoked.") }
        if card.isDisabled { return card.disabledTips ?? say("此卡暂不可用。", "This card is disabled.") }
        return nil
    }

    private func rideValues(_ card: Card, _ say: Language) async throws -> [String: Any] {
        var values = list(
            try await store.rides(with: card, limit: Self.ridesShown),
            try await store.notices(of: card, limit: Self.ridesShown), of: card, say)
        if card.isPrepaid {
            values["balance"] = [
                "label": say("余额", "Balance"), "amount": Self.yuan(try await store.balance(of: card)),
            ]
        }
        return values
    }

    /// Rides and notices that no card's page lists. Nil when there are none.
    private func otherRides(of userID: String, _ say: Language) async throws -> [String: Any]? {
        let rides = try await store.ridesWithoutCard(of: userID, limit: Self.ridesShown)
        let notices = try await store.noticesWithoutCard(of: userID, limit: Self.ridesShown)
        guard !rides.isEmpty || !notices.isEmpty else { return nil }
        return list(rides, notices, of: nil, say).merging([
            "label": say("其他乘车记录", "Other rides"),
            "hint": say("所用的卡不在上面的列表中。", "The cards of these rides are not listed above."),
        ]) { $1 }
    }

    /// Charges and notices, the latest first.
    private func list(_ rides: [Ride], _ notices: [RideNotice], of card: Card?, _ say: Language) -> [String: Any] {
        let charges = rides.map { ride in
            (
                ride.orderedAt,
                [
                    "subject": ride.subject, "time": clock.text(ride.orderedAt),
                    "amount": "−" + Self.yuan(ride.amountCent),
                    "kind": "", "note": note(ride, of: card, say),
                ]
            )
        }
        let told = notices.map { notice in
            (
                notice.bizTime,
                [
                    "subject": notice.subject, "time": clock.text(notice.bizTime), "amount": "", "kind": "",
                    "note": notice.type == "event" ? say("刷码", "scanned") : say("乘车", "ride"),
                ]
            )
        }
        let lines = (charges + told).sorted { $0.0 > $1.0 }.map(\.1)
        return ["rides": lines, "hasRides": !lines.isEmpty, "noRides": say("还没有乘车记录。", "No rides yet.")]
    }

    /// Who paid, if it is not the page's own card or account.
    private func note(_ ride: Ride, of card: Card?, _ say: Language) -> String {
        let tradeNo = TradeNumber.text(ride.id, at: ride.settledAt, clock)
        let charged =
            switch (card, ride.isPaidByCard) {
            case (nil, true): say("已从卡余额扣款 \(tradeNo)", "charged to the card, \(tradeNo)")
            case (let card?, let isPaidByCard) where isPaidByCard == card.isPrepaid:
                say("已扣款 \(tradeNo)", "charged, \(tradeNo)")
            default: say("已从账户扣款 \(tradeNo)", "charged to your account, \(tradeNo)")
            }
        guard card == nil, let name = ride.card else { return charged }
        return "\(charged) · \(name.type) \(name.number)"
    }

    private func wrong(_ parameter: String, _ say: Language) throws -> Response {
        try pages.response(
            "message",
            [
                "title": say("链接有误", "This link is not complete"),
                "text": say(
                    "参数 \(parameter) 缺失或不正确，请联系商户。",
                    "The parameter \(parameter) is missing or wrong: tell whoever made the link."),
            ], language: say, status: .badRequest)
    }

    private func stranger(_ say: Language) throws -> Response {
        try pages.response(
            "message",
            [
                "title": say("无法显示此卡", "This card cannot be shown"),
                "text": say("请先在此设备上开通，或检查卡号。", "Sign up on this device first, or check the card's number."),
                "link": ["address": "/", "label": say("返回首页", "Start page")],
            ], language: say, status: .forbidden)
    }

    private static func address(of card: Card) -> String { entry + "?action=use&scene=TRANSIT&" + query(card) }

    private static func query(_ card: Card) -> String {
        "cardType=\(escaped(card.cardType))&cardNo=\(escaped(card.cardNo))"
    }

    private static func escaped(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }

    package static func yuan(_ cents: Int64) -> String {
        let magnitude = cents.magnitude
        return "\(cents < 0 ? "−" : "")¥\(magnitude / 100).\(magnitude % 100 < 10 ? "0" : "")\(magnitude % 100)"
    }
}
