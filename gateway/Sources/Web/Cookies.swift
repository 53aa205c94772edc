import Foundation
import GatewaySystem
import Hummingbird
import PlatformAPI

/// The cookies of the pages: sessions, and the token that a form has to carry.
package struct Cookies: Sendable {
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
    /// Changes when the console's password does.
    private let consoleEpoch: String

    package init(isSecure: Bool, consolePassword: String, consoleEpoch: String) {
        self.isSecure = isSecure
        self.consoleEpoch = consoleEpoch
        passwordDigest = Self.digest(consolePassword)
    }

    func value(_ name: Name, of request: Request) -> String? { request.cookies[name.rawValue]?.value }

    /// A new secret for a cookie, and its digest. The database has digests only, so it opens no session.
    static func newSecret() -> (text: String, digest: Data) {
        let text = RandomText.hex(bytes: 32)
        return (text, digest(text))
    }

    static func digest(_ text: String) -> Data { Data(text.utf8).sha256 }

    /// The digest of a session that the console's password has opened. It includes the password: a new password ends
    /// the session.
    func operatorDigest(_ text: String) -> Data { (passwordDigest + Data((consoleEpoch + text).utf8)).sha256 }

    func set(_ name: Name, to value: String, on response: inout Response) {
        response.setCookie(
            Cookie(
                name: name.rawValue, value: value, maxAge: name.seconds, path: "/", secure: isSecure, httpOnly: true,
                // A merchant's page links here. With Strict that request would have no cookies: the rider would be
                // logged out, and a new form token would invalidate the pages that are open.
                sameSite: name == .console ? .strict : .lax))
    }

    func clear(_ name: Name, on response: inout Response) {
        response.setCookie(
            Cookie(name: name.rawValue, value: "", maxAge: 0, path: "/", secure: isSecure, httpOnly: true))
    }
}
