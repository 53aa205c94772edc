import Foundation
import GatewaySystem
import Synchronization

/// The outcome of an operator's action, and a key that it has made.
struct ConsoleMessage: Sendable {
    let text: String
    var secret: String?
}

/// Keeps messages until their session shows its next page. Other sessions do not get them.
final class ConsoleMessages: Sendable {
    private struct Waiting {
        var messages: [ConsoleMessage] = []
        var since: Int64
    }

    /// The limit for a session that never shows a page.
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

    /// Removes and returns them.
    func take(for session: Data) -> [ConsoleMessage] {
        waiting.withLock { $0.removeValue(forKey: session)?.messages ?? [] }
    }
}
