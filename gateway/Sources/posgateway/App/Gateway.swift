import Hummingbird
import Logging

/// Everything that answers requests, put together.
struct Gateway: Sendable {
    let settings: Settings
    let store: Store
    let key: GatewayKey
    let keys: KeyRing
    let clock: WallClock
    let faults = FaultPanel()
    let log = CallLog()
    let counters = Counters()
    let consolePassword: String
    let readiness: Readiness
    let names: HostNames

    init(
        settings: Settings, store: Store, key: GatewayKey, consolePassword: String, names: HostNames, logger: Logger
    ) {
        self.names = names
        self.settings = settings
        self.store = store
        self.key = key
        self.consolePassword = consolePassword
        readiness = Readiness(store: store, logger: logger)
        keys = KeyRing(store: store, acceptsDevelopmentKey: settings.acceptsDevelopmentKey)
        clock = WallClock(secondsFromUTC: settings.utcOffset)
    }

    func router() throws -> Router<GatewayContext> {
        let router = Router(context: GatewayContext.self)
        router.add(middleware: EveryResponse(isSecure: settings.tlsCertificate != nil))
        router.add(middleware: PlainErrors())
        router.add(middleware: HostGuard(names: names))
        let interfaces = Interfaces(store: store, keys: keys, clock: clock, limits: settings.limits)
        GatewayEndpoint(key: key, interfaces: interfaces, faults: faults, log: log, counters: counters)
            .add(to: router)
        HealthEndpoint(readiness: readiness, counters: counters).add(to: router)
        let pages = try Pages()
        let cookies = Cookies(isSecure: settings.tlsCertificate != nil, consolePassword: consolePassword)
        let riders = RiderPages(
            store: store, keys: keys, clock: clock, settings: settings, pages: pages, cookies: cookies)
        riders.add(to: router)
        ConsolePages(gateway: self, pages: pages, cookies: cookies, riders: riders).add(to: router)
        Assets.add(to: router)
        return router
    }
}
