import Hummingbird

/// `/health` and `/metrics`, for whoever watches the server.
struct HealthEndpoint: Sendable {
    let readiness: Readiness
    let counters: Counters

    func add(to router: Router<GatewayContext>) {
        router.get("health", use: ready)
        router.get("health/ready", use: ready)
        // Nothing but this process: whoever restarts it for a full disk helps nobody.
        router.get("health/live") { _, _ in Response(type: "application/json", "{\"status\":\"ok\"}\n") }
        router.get("metrics") { _, _ in Response(type: "text/plain; version=0.0.4", counters.text) }
    }

    @Sendable private func ready(_: Request, _: GatewayContext) async -> Response {
        guard let cause = await readiness.obstacle() else {
            return Response(type: "application/json", "{\"status\":\"ok\"}\n")
        }
        return Response(
            .serviceUnavailable, type: "application/json", "{\"status\":\"not ready\",\"cause\":\"\(cause)\"}\n")
    }
}
