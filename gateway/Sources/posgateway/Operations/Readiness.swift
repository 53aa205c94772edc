import Logging

/// Whether a settlement could be kept now. Those who ask at the same time, or within a second of the last look, share one:
/// each look writes some pages, and anybody may ask.
actor Readiness {
    private let store: Store
    private let logger: Logger
    private var look: Task<String?, Never>?
    private var lastLook: ContinuousClock.Instant?
    private var lastCause: String?

    init(store: Store, logger: Logger) {
        self.store = store
        self.logger = logger
    }

    /// Why not; nil when it could.
    func obstacle() async -> String? {
        if let look { return await look.value }
        if let lastLook, lastLook.duration(to: .now) < .seconds(1) { return lastCause }
        let look = Task { await take() }
        self.look = look
        let cause = await look.value
        self.look = nil
        lastLook = .now
        return cause
    }

    private func take() async -> String? {
        do {
            try await store.check()
            if let lastCause { logger.notice("ready again", metadata: ["cause": "\(lastCause)"]) }
            lastCause = nil
        } catch {
            let fault = StoreFault(error)
            let cause = fault?.rawValue ?? "other"
            // Whoever watches asks every few seconds: one line for each change.
            if cause != lastCause {
                logger.error(
                    "not ready",
                    metadata: [
                        "cause": "\(cause)", "error": "\("\(error)".oneLine)",
                        "effect": "settlements are answered UNKNOWN", "advice": "\(fault?.advice ?? "report this line")",
                    ])
            }
            lastCause = cause
        }
        return lastCause
    }
}
