import Hummingbird

/// The style sheet and the one script, which renews the code in time and keeps the rides up to date. The pages work
/// without it.
package enum Assets {
    package static func add(to router: Router<GatewayContext>) {
        let style = Resource.text(PackageResources.style_css)
        let script = Resource.text(PackageResources.card_js)
        router.get("style.css") { _, _ in asset("text/css;charset=utf-8", style) }
        router.get("card.js") { _, _ in asset("text/javascript;charset=utf-8", script) }
    }

    private static func asset(_ type: String, _ text: String) -> Response {
        var response = Response(type: type, text)
        response.headers[.cacheControl] = "no-cache"
        return response
    }
}
