import HTTPTypes
import Hummingbird
import Mustache

/// Every page, put into the one frame. Templates escape what they are given; nothing is put into a page by hand.
package struct Pages: Sendable {
    private let library: MustacheLibrary

    package init() throws {
        library = MustacheLibrary(
            templates: try (Self.frame.merging(RiderTemplates.all) { $1 }.merging(ConsoleTemplates.all) { $1 })
                .mapValues { try MustacheTemplate(string: $0) })
    }

    /// `formTarget`: another origin to which a form of this page may lead.
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

    /// Nothing from elsewhere, in no frame, no address told to others.
    private static func harden(_ response: inout Response, formTarget: String?) {
        // Browsers hold a form's redirect to this list as well, hence its target.
        let target = formTarget.map { " \($0)" } ?? ""
        response.headers[.contentSecurityPolicy] =
            "default-src 'none'; img-src data:; style-src 'self'; script-src 'self'; connect-src 'self'; "
            + "form-action 'self'\(target); frame-ancestors 'none'; base-uri 'none'"
        // For forms the browser has to say where they come from; others are told nothing.
        response.headers[HTTPField.Name("Referrer-Policy")!] = "same-origin"
        response.headers[HTTPField.Name("Cross-Origin-Opener-Policy")!] = "same-origin"
    }

    private static let frame = [
        "frame": """
            <!doctype html>
            <html lang="{{lang}}">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{{title}}</title>
            <link rel="icon" href="data:,">
            <link rel="stylesheet" href="/style.css">
            {{$head}}{{/head}}
            </head>
            <body class="{{$kind}}{{/kind}}">
            <main>
            {{$body}}{{/body}}
            </main>
            </body>
            </html>
            """,
        "confirm": """
            {{<frame}}{{$kind}}rider{{/kind}}{{$body}}
            <h1>{{title}}</h1>
            <section class="panel">
            <p>{{stopsLabel}}</p>
            <ul>{{#stops}}<li>{{.}}</li>{{/stops}}</ul>
            <p>{{goesOn}}</p>
            <form method="post" action="{{action}}"><input type="hidden" name="form_token" value="{{formToken}}">
            {{#fields}}<input type="hidden" name="{{name}}" value="{{value}}">{{/fields}}
            <p class="choices"><a class="button keep" href="{{keepAddress}}" autofocus>{{keepLabel}}</a>
            <button class="danger">{{label}}</button></p></form>
            </section>
            {{/body}}{{/frame}}
            """,
        "message": """
            {{<frame}}{{$kind}}rider{{/kind}}{{$body}}
            <h1>{{title}}</h1>
            <p>{{text}}</p>
            {{#link}}<p><a class="button" href="{{address}}">{{label}}</a></p>{{/link}}
            {{/body}}{{/frame}}
            """,
    ]
}
