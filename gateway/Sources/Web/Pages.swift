import HTTPTypes
import Hummingbird
import Mustache

/// Renders every page, in one frame. Templates escape their values.
package struct Pages: Sendable {
    private let library: MustacheLibrary

    /// The files in Resources, by the names that other templates and pages use.
    private static let templates = [
        "frame": PackageResources.frame_mustache, "message": PackageResources.message_mustache,
        "confirm": PackageResources.confirm_mustache, "token": PackageResources.token_mustache,
        "home": PackageResources.home_mustache, "sign": PackageResources.sign_mustache,
        "card": PackageResources.card_mustache, "rides": PackageResources.rides_mustache,
        "login": PackageResources.login_mustache, "console": PackageResources.console_mustache,
    ]

    package init() throws {
        library = MustacheLibrary(
            templates: try Self.templates.mapValues { try MustacheTemplate(string: Resource.text($0)) })
    }

    /// `formTarget`: another origin to which a form of this page may redirect.
    func response(
        _ name: String, _ values: [String: Any], language: Language, status: HTTPResponse.Status = .ok,
        formTarget: String? = nil
    ) throws -> Response {
        var values = values
        values["lang"] = language.rawValue
        guard let text = library.render(values, withTemplate: name) else { throw HTTPError(.internalServerError) }
        var response = Response(status, type: "text/html;charset=utf-8", text)
        Self.harden(&response, formTarget: formTarget)
        return response
    }

    /// A piece of a page, for a script.
    func fragment(_ name: String, _ values: [String: Any]) throws -> Response {
        guard let text = library.render(values, withTemplate: name) else { throw HTTPError(.internalServerError) }
        var response = Response(type: "text/html;charset=utf-8", text)
        Self.harden(&response, formTarget: nil)
        return response
    }

    /// Loads nothing from other sites, in no frame of theirs, and sends them no address.
    private static func harden(_ response: inout Response, formTarget: String?) {
        // Browsers apply form-action to a form's redirect too, so its target has to be in it.
        let target = formTarget.map { " \($0)" } ?? ""
        response.headers[.contentSecurityPolicy] =
            "default-src 'none'; img-src data:; style-src 'self'; script-src 'self'; connect-src 'self'; "
            + "form-action 'self'\(target); frame-ancestors 'none'; base-uri 'none'"
        // Our own forms need the Origin header; other sites get no referrer.
        response.headers[HTTPField.Name("Referrer-Policy")!] = "same-origin"
        response.headers[HTTPField.Name("Cross-Origin-Opener-Policy")!] = "same-origin"
    }
}
