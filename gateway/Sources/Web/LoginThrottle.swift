import ConnectionLimits
import Synchronization

/// How often somebody may guess the console's password (docs/gateway.md, "The console").
final class LoginThrottle: Sendable {
    /// So many at once, and then one each `seconds`.
    struct Rate: Sendable {
        let guesses: Int
        package let seconds: Int
    }

    /// Of one address. All addresses of this machine are one: whoever is on it has sixteen million of them.
    package static let perAddress = Rate(guesses: 50, seconds: 20)
    /// Of all other machines together, so that having many addresses does not help, and their guesses keep nobody out who
    /// goes to this one.
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
        /// When the last guess that each has made will be forgotten. Who is not here has made none.
        var ends: [Guesser: ContinuousClock.Instant] = [:]
        var report = SparseReport()
    }

    private let state = Mutex(State())

    /// Counts a guess before it is looked at: many at once are many.
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

    /// It was no guess.
    func giveBack(_ peer: Peer) {
        state.withLock { state in
            for (guesser, rate) in Self.rates(for: peer) {
                if let end = state.ends[guesser] { state.ends[guesser] = end - .seconds(rate.seconds) }
            }
        }
    }

    /// How many were refused since the last line in the log, when it is time for one.
    func noteRefusal() -> Int? { state.withLock { $0.report.note() } }

    private static func rates(for peer: Peer) -> [(Guesser, Rate)] {
        peer.isLocal ? [(.thisMachine, perAddress)] : [(.peer(peer), perAddress), (.others, total)]
    }
}
