import Synchronization

/// What an SDK's user must survive, on order of the operator.
struct Fault: Sendable, Equatable {
    enum Kind: String, CaseIterable, Sendable {
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
        var happens: Bool { self == .unavailableAfter || self == .unknownAfter || self == .dropAfter || self == .delay }
    }

    enum Extent: Sendable, Equatable {
        /// The next so many calls.
        case calls(Int)
        /// So many of a hundred calls, until it is taken back.
        case percent(Int)
    }

    let id: Int
    /// Nil for every interface.
    let method: Method?
    let kind: Kind
    /// For `delay`.
    let milliseconds: Int
    var extent: Extent
}

/// The faults that are waiting, in memory: a restart forgets them.
final class FaultPanel: Sendable {
    private struct State {
        var faults: [Fault] = []
        var count = 0
    }

    private let state = Mutex(State())

    var faults: [Fault] { state.withLock(\.faults) }

    func add(_ kind: Fault.Kind, method: Method?, milliseconds: Int, extent: Fault.Extent) {
        state.withLock { state in
            state.count += 1
            state.faults.append(
                Fault(id: state.count, method: method, kind: kind, milliseconds: milliseconds, extent: extent))
        }
    }

    func remove(_ id: Int) { state.withLock { $0.faults.removeAll { $0.id == id } } }

    /// What this call has to suffer: the first fault that is for it.
    func next(for method: Method) -> Fault? {
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
