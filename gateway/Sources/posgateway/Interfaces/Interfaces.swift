import BackOffice
import Foundation

/// The business of the five interfaces: a call whose envelope holds comes in, a reply goes out.
struct Interfaces: Sendable {
    let store: Store
    let keys: KeyRing
    let clock: WallClock
    let limits: SettlementLimits

    func answer(_ call: Call, _ trace: RequestTrace) async -> Reply {
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
        } catch let fault as Fields.Fault {
            return .refused(.business(.illegalParams, fault.reason))
        } catch {
            // The database is locked, or the disk is full: whether anything happened is for the retry to find out.
            trace.report(error, in: call.method.label, answered: "20000")
            return .refused(.unknownResult(trace.id))
        }
    }

    /// Two messages with the same digest say the same thing, field by field.
    static func digest(_ parts: [String]) -> Data {
        Data(JSONValue.array(parts.map { .string($0) }).text.utf8).sha256
    }
}

extension String {
    /// Whether the bytes are the same. Swift's own `==` takes different spellings of one character for equal, and what
    /// only looks the same is somebody else.
    func isSame(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }

    /// What fits a field of the document that has room for 128 characters.
    var clipped: String { String(String.UnicodeScalarView(unicodeScalars.prefix(128))) }
}
