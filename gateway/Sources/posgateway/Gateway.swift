import Hummingbird
import Logging
import PlatformAPI
import PlatformMethods
import Storage
import Web

/// Puts together everything that answers requests.
struct Gateway {
    let settings: Settings
    let store: Store
    let key: GatewayKey
    let consolePassword: String
    let consoleEpoch: String
    let names: HostNames
    let logger: Logger

    func router() throws -> Router<GatewayContext> {
        let isSecure = settings.tlsCertificate != nil
        let router = Router(context: GatewayContext.self)
        router.add(middleware: CommonHeaders(isSecure: isSecure))
        router.add(middleware: PlainErrors())
        router.add(middleware: HostGuard(names: names))

        let keys = KeyCache(store: store, acceptsDevelopmentKey: settings.acceptsDevelopmentKey)
        let clock = WallClock(secondsFromUTC: settings.utcOffset)
        let (faults, log, counters) = (FaultPanel(), CallLog(), Counters())
        let methods = Methods(store: store, keys: keys, clock: clock, limits: settings.limits)
        GatewayEndpoint(key: key, methods: methods, faults: faults, log: log, counters: counters).add(to: router)
        HealthEndpoint(readiness: Readiness(store: store, logger: logger), counters: counters).add(to: router)

        let pages = try Pages()
        let cookies = Cookies(isSecure: isSecure, consolePassword: consolePassword, consoleEpoch: consoleEpoch)
        let riders = RiderPages(
            store: store, keys: keys, clock: clock, terms: settings.code, pages: pages, cookies: cookies)
        riders.add(to: router)
        ConsolePages(
            access: settings.console, settlementDays: settings.limits.days, store: store, keys: keys, clock: clock,
            faults: faults, log: log, pages: pages, cookies: cookies, riders: riders
        ).add(to: router)
        Assets.add(to: router)
        return router
    }
}
