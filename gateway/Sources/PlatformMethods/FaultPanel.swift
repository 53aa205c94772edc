import PlatformAPI
import Synchronization

/// A failure that the operator injects, to test a caller.
package struct InjectedFault: Sendable, Equatable {
    package enum Kind: String, CaseIterable, Sendable {
        /// 20000, and nothing happened.
        case unavailable
        /// 20000, and yet it happened.
        case unavailableAfter = "unavailable-after"
        /// Every trade UNKNOWN with need_retry, and nothing happened. For trade.settle; elsewhere 20000.
        case unknown
        /// Every trade UNKNOWN with need_retry, and yet it happened.
        case unknownAfter = "unknown-after"
        /// An answer that is late.
        case delay
        /// The connection ends without an answer, and nothing happened.
        case drop
        /// The connection ends without an answer, and yet it happened.
        case dropAfter = "drop-after"

        /// Whether the call is carried out all the same.
        package var happens: Bool {
            self == .unavailableAfter || self == .unknownAfter || self == .dropAfter || self == .delay
        }
    }

    package enum Extent: Sendable, Equatable {
        /// The next calls.
        case calls(Int)
        /// This percentage of calls, until it is removed.
        case percent(Int)
    }

    package let id: Int
    /// Nil for every method.
    package let method: Method?
    package let kind: Kind
    /// For `delay`.
    package let milliseconds: Int
    package var extent: Extent
}

/// The faults that are waiting. In memory only.
package final class FaultPanel: Sendable {
    private struct State {
        var faults: [InjectedFault] = []
        var count = 0
    }

    private let state = Mutex(State())

    package init() {}

    package var faults: [InjectedFault] { state.withLock(\.faults) }

    package func add(_ kind: InjectedFault.Kind, method: Method?, milliseconds: Int, extent: InjectedFault.Extent) {
        state.withLock { state in
            state.count += 1
            state.faults.append(
                InjectedFault(id: state.count, method: method, kind: kind, milliseconds: milliseconds, extent: extent))
        }
    }

    package func remove(_ id: Int) { state.withLock { $0.faults.removeAll { $0.id == id } } }

    /// The first fault that applies to a call; it counts as used.
    package func next(for method: Method) -> InjectedFault? {
        state.withLock { state in
            for index in state.faults.indices where state.faults[index].method ?? method == method {
                let fault = state.faults[index]
                switch fault.extent {
                case .percent(let percent):
                    if Int.random(in: 1...100) <= percent { return fault }
                case .calls(let left):
                    state.faults[index].extent = .calls(left - 1)
                    if left <= 1 { state.faults.remove(at: index) }
                    return fault
                }
            }
            return nil
        }
    }
}
