import Foundation
import Synchronization

/// What an operator's action has to say, and a key that it has made.
struct ConsoleNotice: Sendable {
    let text: String
    var secret: String?
}

/// Keeps notices until the session that caused them shows its next page; no other session gets them.
final class ConsoleNotices: Sendable {
    private struct Waiting {
        var notices: [ConsoleNotice] = []
        var since: Int64
    }

    /// A session that acts without looking keeps the last ones.
    private static let largestCount = 16
    private let waiting = Mutex<[Data: Waiting]>([:])

    /// `session`: the digest of its token.
    func add(_ notice: ConsoleNotice, for session: Data) {
        let now = WallClock.now
        waiting.withLock { waiting in
            waiting = waiting.filter { now - $0.value.since < Int64(Cookies.Name.console.seconds) }
            var own = waiting[session] ?? Waiting(since: now)
            own.notices = (own.notices + [notice]).suffix(Self.largestCount)
            waiting[session] = own
        }
    }

    /// Each is given out once.
    func take(for session: Data) -> [ConsoleNotice] {
        waiting.withLock { $0.removeValue(forKey: session)?.notices ?? [] }
    }
}
