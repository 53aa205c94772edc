import Hummingbird
import PlatformAPI

/// Protects forms against requests from other sites (CSRF): by a token in a cookie and in the form, and by the Origin
/// header.
struct FormGuard: Sendable {
    package let cookies: Cookies

    /// The token for a page's forms: the cookie's, or a new one. `set` puts it into the cookie.
    func currentOrNewToken(for request: Request) -> String {
        cookies.value(.form, of: request) ?? Cookies.newSecret().text
    }

    package func set(_ token: String, on response: inout Response) { cookies.set(.form, to: token, on: &response) }

    package func check(_ request: Request, _ form: FormParameters) throws {
        guard let kept = cookies.value(.form, of: request), !kept.isEmpty, let sent = form["form_token"],
            Cookies.digest(kept) == Cookies.digest(sent)
        else {
            throw HTTPError(
                .forbidden, message: "页面已过期，请重新打开 / this form has expired or comes from elsewhere: load its page again")
        }
        if let origin = request.headers[.origin] {
            let host = request.head.authority ?? ""
            guard origin == "http://\(host)" || origin == "https://\(host)" else {
                throw HTTPError(.forbidden, message: "this form comes from another site")
            }
        }
    }
}
