import Foundation
import GatewaySystem
import Synchronization

/// What an operator's action has to say, and a key that it has made.
struct ConsoleMessage: Sendable {
    let text: String
    var secret: String?
}

/// Keeps messages until the session that caused them shows its next page; no other session gets them.
final class ConsoleMessages: Sendable {
    private struct Waiting {
        var messages: [ConsoleMessage] = []
        var since: Int64
    }

    /// A session that acts without looking keeps the last ones.
    private static let largestCount = 16
    private let waiting = Mutex<[Data: Waiting]>([:])

    /// `session`: the digest of its token.
    func add(_ message: ConsoleMessage, for session: Data) { update(session) { $0 + [message] } }

    /// Returns messages that were taken and not shown. They come before newer ones.
    func putBack(_ messages: [ConsoleMessage], for session: Data) {
        if !messages.isEmpty { update(session) { messages + $0 } }
    }

    private func update(_ session: Data, _ change: ([ConsoleMessage]) -> [ConsoleMessage]) {
        let now = SystemTime.now
        waiting.withLock { waiting in
            waiting = waiting.filter { now - $0.value.since < Int64(Cookies.Name.console.seconds) }
            var own = waiting[session] ?? Waiting(since: now)
            own.messages = change(own.messages).suffix(Self.largestCount)
            waiting[session] = own
        }
    }

    /// Each is given out once.
    func take(for session: Data) -> [ConsoleMessage] {
        waiting.withLock { $0.removeValue(forKey: session)?.messages ?? [] }
    }
}
