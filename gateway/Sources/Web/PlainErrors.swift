import Hummingbird
import Logging

/// Answers errors with one line of text. Details of internal errors are in the log only.
package struct PlainErrors: RouterMiddleware {
    package init() {}

    package func handle(
        _ request: Request, context: GatewayContext,
        next: (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPError {
            return Response(
                error.status, type: "text/plain;charset=utf-8", "\(error.body ?? error.status.reasonPhrase)\n")
        } catch {
            let trace = context.trace
            trace.report(error, in: request.uri.path, answered: "503")
            return Response(
                .serviceUnavailable, type: "text/plain;charset=utf-8",
                "Service unavailable: try again in a moment. Request \(trace.id).\n")
        }
    }
}
