import ConnectionLimits
import Synchronization

/// Limits guesses of the console's password (docs/gateway.md, "The console").
final class LoginThrottle: Sendable {
    /// `guesses` at once, and then one each `seconds`.
    struct Rate: Sendable {
        let guesses: Int
        package let seconds: Int
    }

    /// Of one address. All addresses of this machine count as one: there are sixteen million loopback addresses.
    package static let perAddress = Rate(guesses: 50, seconds: 20)
    /// Of all other machines together, so that many addresses do not help. Their guesses do not lock out an operator on
    /// this machine.
    package static let total = Rate(guesses: 200, seconds: 2)

    enum Verdict: Equatable, Sendable {
        case permitted
        case refused(secondsToWait: Int)
    }

    private enum Guesser: Hashable {
        case thisMachine, others
        case peer(Peer)
    }

    private struct State {
        /// When the guesses of each will have expired. An absent one has made none.
        var ends: [Guesser: ContinuousClock.Instant] = [:]
        var report = SparseReport()
    }

    private let state = Mutex(State())

    /// Counts a guess before it is checked, so that concurrent guesses count too.
    package func take(_ peer: Peer) -> Verdict {
        state.withLock { state in
            let now = ContinuousClock.now
            state.ends = state.ends.filter { $0.value > now }
            let rates = Self.rates(for: peer)
            for (guesser, rate) in rates {
                let wait = (state.ends[guesser] ?? now) - now - .seconds(rate.seconds * (rate.guesses - 1))
                if wait > .zero { return .refused(secondsToWait: Int(wait.components.seconds) + 1) }
            }
            for (guesser, rate) in rates { state.ends[guesser] = (state.ends[guesser] ?? now) + .seconds(rate.seconds) }
            return .permitted
        }
    }

    /// Undoes `take`: the password was right.
    func giveBack(_ peer: Peer) {
        state.withLock { state in
            for (guesser, rate) in Self.rates(for: peer) {
                if let end = state.ends[guesser] { state.ends[guesser] = end - .seconds(rate.seconds) }
            }
        }
    }

    /// Counts a refusal. Returns the count since the last log line when the next one is due.
    func noteRefusal() -> Int? { state.withLock { $0.report.note() } }

    private static func rates(for peer: Peer) -> [(Guesser, Rate)] {
        peer.isLocal ? [(.thisMachine, perAddress)] : [(.peer(peer), perAddress), (.others, total)]
    }
}
