import HTTPTypes
import Hummingbird

/// Refuses requests for other host names. Against DNS rebinding: a page of another name that resolves to this server
/// could send our forms, because its Host and its Origin agree.
package struct HostGuard: RouterMiddleware {
    private let names: HostNames

    package init(names: HostNames) { self.names = names }

    /// Paths for programs, under any name: what they give is signed or public, and no session opens it.
    private static let forPrograms: Set = ["/gateway.do", "/health", "/health/live", "/health/ready", "/metrics"]
    private static let host = HTTPField.Name("Host")!

    package func handle(
        _ request: Request, context: GatewayContext,
        next: (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        // Hummingbird moves the first one from the headers to the authority.
        guard request.headers[values: Self.host].isEmpty else {
            throw HTTPError(.badRequest, message: "two Host headers")
        }
        guard Self.forPrograms.contains(request.uri.path) || names.contains(request.head.authority ?? "") else {
            throw HTTPError(
                .misdirectedRequest,
                message:
                    "this gateway is not called that: open it by its address, or start it with --name (docs/gateway.md)"
            )
        }
        return try await next(request, context)
    }
}
