import GatewayText
import Logging
import Storage

/// Whether a settlement could be stored now. A check writes some pages and anybody may ask: requests at the same time,
/// or within a second of the last check, share one.
package actor Readiness {
    private let store: Store
    private let logger: Logger
    private var look: Task<String?, Never>?
    private var lastLook: ContinuousClock.Instant?
    private var lastCause: String?

    package init(store: Store, logger: Logger) {
        self.store = store
        self.logger = logger
    }

    /// Why not; nil when it could.
    package func obstacle() async -> String? {
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
            let storeError = StoreError(error)
            let cause = storeError?.rawValue ?? "other"
            // Monitoring asks every few seconds: one line for each change.
            if cause != lastCause {
                logger.error(
                    "not ready",
                    metadata: [
                        "cause": "\(cause)", "error": "\("\(error)".oneLine)",
                        "effect": "\(Self.effect(of: storeError))",
                        "advice": "\(storeError?.advice ?? "report this line")",
                    ])
            }
            lastCause = cause
        }
        return lastCause
    }

    /// Some settlements may still succeed: what is tried is one settlement, on pages of its own.
    private static func effect(of storeError: StoreError?) -> String {
        storeError == .replaced
            ? "settlements that succeed are kept in a file that the next start does not open"
            : "settlements may be answered UNKNOWN"
    }
}
