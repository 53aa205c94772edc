import PlatformAPI
import Settlement
import Storage

/// Caches what calls need of merchants and keys. Call `invalidate` after each change.
package actor KeyCache {
    private let store: Store
    private let acceptsDevelopmentKey: Bool
    private var callers: [String: Caller] = [:]
    private var checks: [String: RecordCheck] = [:]
    private var allKeys: [IssuerKeyRow]?
    /// Counts invalidations: what was read before one is not cached after it.
    private var generation = 0

    package init(store: Store, acceptsDevelopmentKey: Bool) {
        self.store = store
        self.acceptsDevelopmentKey = acceptsDevelopmentKey
    }

    package func invalidate() {
        generation += 1
        callers = [:]
        checks = [:]
        allKeys = nil
    }

    package func caller(_ appID: String) async throws -> Caller? {
        if let cached = callers[appID] { return cached }
        let before = generation
        let found = try await store.merchant(appID).map(Caller.init)
        if let found, before == generation { callers[appID] = found }
        return found
    }

    /// The retired ones too.
    package func issuerKeys() async throws -> [IssuerKeyRow] {
        if let allKeys { return allKeys }
        let before = generation
        let found = try await store.issuerKeys()
        if before == generation { allKeys = found }
        return found
    }

    /// Checks the records of a merchant's gates.
    package func recordCheck(for appID: String) async throws -> RecordCheck {
        if let cached = checks[appID] { return cached }
        let before = generation
        let made = try RecordCheck(
            issuerKeys: try await issuerKeys(), recordKeys: try await store.recordKeys(of: appID).map(\.key),
            acceptsDevelopmentKey: acceptsDevelopmentKey)
        if before == generation { checks[appID] = made }
        return made
    }
}
