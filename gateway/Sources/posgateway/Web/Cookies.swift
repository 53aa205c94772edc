import Foundation
import Hummingbird

/// The cookies of the pages: sessions, and the token that a form has to carry.
struct Cookies: Sendable {
    enum Name: String {
        case rider = "posgateway_rider"
        case console = "posgateway_console"
        case form = "posgateway_form"

        var seconds: Int {
            switch self {
            case .rider: 30 * 86400
            case .console, .form: 12 * 3600
            }
        }
    }

    /// Whether the server speaks TLS: then no cookie ever travels without it.
    let isSecure: Bool
    /// Of the console's password.
    let passwordDigest: Data

    init(isSecure: Bool, consolePassword: String) {
        self.isSecure = isSecure
        passwordDigest = Self.digest(consolePassword)
    }

    func value(_ name: Name, of request: Request) -> String? { request.cookies[name.rawValue]?.value }

    /// A new secret for a cookie, and what is kept of it: its digest, so that the database opens no session.
    static func secret() -> (text: String, digest: Data) {
        let text = RandomText.hex(bytes: 32)
        return (text, digest(text))
    }

    static func digest(_ text: String) -> Data { Data(text.utf8).sha256 }

    /// The same for a session that the console's password has opened: the password is a part of it, so that under another
    /// one the session is nobody's.
    func operatorDigest(_ text: String) -> Data { (passwordDigest + Data(text.utf8)).sha256 }

    func set(_ name: Name, to value: String, on response: inout Response) {
        response.setCookie(
            Cookie(
                name: name.rawValue, value: value, maxAge: name.seconds, path: "/", secure: isSecure, httpOnly: true,
                // A merchant's page sends its rider here by a link. With Strict the rider would be a stranger, and get a
                // new form token under which pages that are open already could not be sent.
                sameSite: name == .console ? .strict : .lax))
    }

    func clear(_ name: Name, on response: inout Response) {
        response.setCookie(
            Cookie(name: name.rawValue, value: "", maxAge: 0, path: "/", secure: isSecure, httpOnly: true))
    }
}

/// Keeps other sites from submitting our forms: a token that is in a cookie and in the form, and the browser's own word
/// on where the form comes from.
struct FormGuard: Sendable {
    let cookies: Cookies

    /// The token for a page's forms, which `set` puts into its cookie.
    func token(for request: Request) -> String { cookies.value(.form, of: request) ?? Cookies.secret().text }

    func set(_ token: String, on response: inout Response) { cookies.set(.form, to: token, on: &response) }

    func check(_ request: Request, _ form: FormParameters) throws {
        guard let kept = cookies.value(.form, of: request), !kept.isEmpty, let sent = form["form_token"],
            Cookies.digest(kept) == Cookies.digest(sent)
        else {
            throw HTTPError(.forbidden, message: "页面已过期，请重新打开 / this form has expired or comes from elsewhere: load its page again")
        }
        if let origin = request.headers[.origin] {
            let host = request.head.authority ?? ""
            guard origin == "http://\(host)" || origin == "https://\(host)" else {
                throw HTTPError(.forbidden, message: "this form comes from another site")
            }
        }
    }
}
