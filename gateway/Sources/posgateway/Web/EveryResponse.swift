import Hummingbird

/// What every response has, whatever comes of the request.
struct EveryResponse: RouterMiddleware {
    let isSecure: Bool

    func handle(
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
