import Foundation
import PlatformAPI
import Settlement
import Storage

/// The business of the five methods: takes a call that has passed the envelope, and gives the reply.
package struct Methods: Sendable {
    package let store: Store
    package let keys: KeyCache
    package let clock: WallClock
    package let limits: SettlementLimits

    package init(store: Store, keys: KeyCache, clock: WallClock, limits: SettlementLimits) {
        self.store = store
        self.keys = keys
        self.clock = clock
        self.limits = limits
    }

    package func reply(to call: Call, _ trace: RequestTrace) async -> Reply {
        do {
            switch call.method {
            case .keyQuery: return try await keyQuery()
            case .recordVerify: return try await recordVerify(call)
            case .tradeSettle: return try await tradeSettle(call, trace)
            case .virtualcardSend: return try await virtualcardSend(call)
            case .dataSend: return try await dataSend(call)
            }
        } catch let refusal as Refusal {
            return .refused(refusal)
        } catch let error as FieldError {
            return .refused(.business(.illegalParams, error.reason))
        } catch {
            // The database is locked, or the disk is full. A retry finds out whether anything was stored.
            trace.report(error, in: call.method.label, answered: "20000")
            return .refused(.unknownResult(trace.id))
        }
    }

    /// The digest of a message's fields. Equal digests mean equal fields.
    package static func digest(_ fields: [String]) -> [UInt8] {
        [UInt8](Data(JSON.array(fields.map { .string($0) }).text.utf8).sha256)
    }
}
