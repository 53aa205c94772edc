/// What calls need again and again of merchants and keys, kept out of the database's way. Whoever changes one of them
/// says so with `forget`.
actor KeyRing {
    private let store: Store
    private let acceptsDevelopmentKey: Bool
    private var merchants: [String: Merchant] = [:]
    private var checks: [String: RecordCheck] = [:]
    private var issuerKeys: [IssuerKeyRow]?
    /// Counts what was forgotten, so that what was read before is not kept after.
    private var generation = 0

    init(store: Store, acceptsDevelopmentKey: Bool) {
        self.store = store
        self.acceptsDevelopmentKey = acceptsDevelopmentKey
    }

    func forget() {
        generation += 1
        merchants = [:]
        checks = [:]
        issuerKeys = nil
    }

    func merchant(_ appID: String) async throws -> Merchant? {
        if let known = merchants[appID] { return known }
        let before = generation
        let found = try await store.merchant(appID)
        if let found, before == generation { merchants[appID] = found }
        return found
    }

    /// All that there ever were; the retired ones too.
    func allIssuerKeys() async throws -> [IssuerKeyRow] {
        if let issuerKeys { return issuerKeys }
        let before = generation
        let found = try await store.issuerKeys()
        if before == generation { issuerKeys = found }
        return found
    }

    /// Checks the records of a merchant's gates.
    func check(for appID: String) async throws -> RecordCheck {
        if let known = checks[appID] { return known }
        let before = generation
        let made = try RecordCheck(
            issuerKeys: try await allIssuerKeys(), recordKeys: try await store.recordKeys(of: appID).map(\.key),
            acceptsDevelopmentKey: acceptsDevelopmentKey)
        if before == generation { checks[appID] = made }
        return made
    }
}
