import Hummingbird
import PlatformMethods

/// `/health` and `/metrics`, for monitoring.
package struct HealthEndpoint: Sendable {
    private let readiness: Readiness
    private let counters: Counters

    package init(readiness: Readiness, counters: Counters) {
        self.readiness = readiness
        self.counters = counters
    }

    package func add(to router: Router<GatewayContext>) {
        router.get("health", use: ready)
        router.get("health/ready", use: ready)
        // The process alone: a restart does not help against a full disk.
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
