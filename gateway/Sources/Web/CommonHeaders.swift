import Hummingbird

/// The headers of every response, errors included.
package struct CommonHeaders: RouterMiddleware {
    private let isSecure: Bool

    package init(isSecure: Bool) { self.isSecure = isSecure }

    package func handle(
        _ request: Request, context: GatewayContext,
        next: (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        response.headers[.xContentTypeOptions] = "nosniff"
        if request.uri.queryParameters[Substring(Language.choice)] != nil {
            response.setCookie(
                Cookie(
                    name: Language.choice, value: Language(request).rawValue, maxAge: 365 * 86400, path: "/",
                    secure: isSecure, httpOnly: true, sameSite: .lax))
        }
        return response
    }
}
