import Hummingbird

/// `/health` and `/metrics`, for whoever watches the server.
struct HealthEndpoint: Sendable {
    let store: Store
    let counters: Counters

    func add(to router: Router<GatewayContext>) {
        router.get("health") { _, _ in
            do {
                try await store.check()
                return Response(type: "application/json", "{\"status\":\"ok\"}\n")
            } catch {
                return Response(
                    .serviceUnavailable, type: "application/json", "{\"status\":\"the database cannot be written\"}\n")
            }
        }
        router.get("metrics") { _, _ in Response(type: "text/plain; version=0.0.4", counters.text) }
    }
}
