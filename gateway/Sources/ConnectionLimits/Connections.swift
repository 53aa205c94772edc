import Logging
import NIOCore
import Synchronization

/// Counts connections and their memory, and ends some when there are too many (docs/gateway.md, "Limits"). A new
/// connection is admitted and another one ends: the one least likely to be in use. So connections that hold all places
/// do not lock anybody out.
package final class Connections: Sendable {
    package struct Limits: Sendable {
        package var total: Int
        package var perAddress: Int
        /// For all unanswered requests, and answers that were not read, together.
        package var bytes: Int
        /// In which a request has to be complete, and an answer read.
        package var time: TimeAmount

        package init(total: Int, perAddress: Int, bytes: Int, time: TimeAmount) {
            self.total = total
            self.perAddress = perAddress
            self.bytes = bytes
            self.time = time
        }
    }

    /// What a connection is doing.
    enum Stage: Sendable {
        /// It has not sent a complete request yet.
        case new
        /// Its last request is answered, and the next one is not complete.
        case idle
        /// A request is being answered: it is not ended.
        case busy
    }

    enum Ending: String, Sendable {
        case tooMany = "too many connections"
        case tooMuch = "too many bytes in requests under way"
        case tooSlow = "request or answer took too long"
        case outOfDescriptors = "out of file descriptors"
    }

    typealias ID = UInt64

    fileprivate struct Place {
        let peer: Peer
        /// How many were admitted before it, in all and from its address.
        let number: Int
        let numberOfPeer: Int
        var stage = Stage.new
        /// When it entered this stage, as a sequence number.
        var since: UInt64
        var bytes = 0
        /// Of the oldest bytes.
        var start = NIODeadline.uptimeNanoseconds(0)
        let end: @Sendable (Ending) -> Void

        /// Bytes times nanoseconds.
        func weight(at now: NIODeadline) -> Double { Double(bytes) * Double((now - start).nanoseconds) }
    }

    fileprivate struct Tally {
        var count = 0
        /// Including those that have left.
        var admitted = 0
    }

    fileprivate struct State {
        var places: [ID: Place] = [:]
        var tallies: [Peer: Tally] = [:]
        var admitted = 0
        var bytes = 0
        /// Numbers connections and stages.
        var moment: UInt64 = 0
    }

    package let limits: Limits
    private let logger: Logger
    private let state = Mutex(State())
    private let reports = Mutex<[Ending: SparseReport]>([:])

    package init(limits: Limits, logger: Logger) {
        self.limits = limits
        self.logger = logger
    }

    var count: Int { state.withLock { $0.places.count } }

    /// A place for a new connection. Nil when all are busy. `end` is called at most once, from any thread.
    func admit(_ peer: Peer, end: @escaping @Sendable (Ending) -> Void) -> ID? {
        let (id, victim) = state.withLock { state -> (ID?, Place?) in
            var victim: Place?
            if state.tallies[peer, default: Tally()].count >= limits.perAddress {
                victim = state.removeFirst(of: peer)
                guard victim != nil else { return (nil, nil) }
            } else if state.places.count >= limits.total {
                // Of the address that has most, when that is much; many addresses with little are treated alike.
                let most = state.tallies.max { $0.value.count < $1.value.count }
                if let most, most.value.count > limits.total / 16 { victim = state.removeFirst(of: most.key) }
                victim = victim ?? state.removeFirst()
                guard victim != nil else { return (nil, nil) }
            }
            state.add(peer, end)
            return (state.moment, victim)
        }
        if id == nil { report(.tooMany, peer) }
        if let victim { finish(victim, .tooMany) }
        return id
    }

    func leave(_ id: ID) { state.withLock { _ = $0.remove(id) } }

    func move(_ id: ID, to stage: Stage) {
        state.withLock { state in
            state.moment += 1
            state.places[id]?.stage = stage
            state.places[id]?.since = state.moment
        }
    }

    /// Reserves memory for a request. When it runs out, the connections end that have held most for longest, by bytes
    /// times time: a client that just sends has held its bytes for a moment. False when this connection is one of them.
    func take(_ count: Int, for id: ID) -> Bool { take(count, for: id, mayEndIt: true) }

    /// Reserves memory for an answer. An answer never ends its own connection. A peer that does not read it is idle, and
    /// its connection ends when others need the memory.
    func hold(_ count: Int, for id: ID) { _ = take(count, for: id, mayEndIt: false) }

    private func take(_ count: Int, for id: ID, mayEndIt: Bool) -> Bool {
        let (victims, isGranted) = state.withLock { state -> ([Place], Bool) in
            guard let place = state.places[id] else { return ([], true) }
            let now = NIODeadline.now()
            if place.bytes == 0 { state.places[id]?.start = now }
            state.places[id]?.bytes += count
            state.bytes += count
            var victims: [Place] = []
            while state.bytes > limits.bytes {
                let heaviest = state.places.lazy.filter { $0.value.bytes > 0 && $0.value.stage != .busy }
                    .max { $0.value.weight(at: now) < $1.value.weight(at: now) }?.key
                guard let heaviest, heaviest != id, let victim = state.remove(heaviest) else {
                    guard mayEndIt else { return (victims, true) }
                    _ = state.remove(id)
                    return (victims, false)
                }
                victims.append(victim)
            }
            return (victims, true)
        }
        for victim in victims { finish(victim, .tooMuch) }
        return isGranted
    }

    /// Releases the memory of an answered request or of a sent answer.
    func give(_ count: Int, of id: ID) {
        state.withLock { state in
            guard let bytes = state.places[id]?.bytes else { return }
            let given = min(count, bytes)
            state.places[id]?.bytes -= given
            state.bytes -= given
        }
    }

    /// Ends some connections to free file descriptors: new ones, or else an idle one.
    func makeRoom() {
        let victims = state.withLock { state -> [Place] in
            let new = (0..<16).compactMap { _ in state.removeFirst(onlyNew: true) }
            return new.isEmpty ? [state.removeFirst()].compactMap(\.self) : new
        }
        for victim in victims { finish(victim, .outOfDescriptors) }
    }

    private func finish(_ place: Place, _ reason: Ending) {
        place.end(reason)
        report(reason, place.peer)
    }

    /// Logs that a connection was ended: at once, and then every ten seconds with their number.
    func report(_ reason: Ending, _ peer: Peer) {
        guard let count = reports.withLock({ $0[reason, default: SparseReport()].note() }) else { return }
        logger.warning(
            "connections ended",
            metadata: ["reason": "\(reason.rawValue)", "count": "\(count)", "last_address": "\(peer)"])
    }

    /// Logs at the end what has not been logged yet, such as a last burst.
    package func reportRest() {
        let counts = reports.withLock { reports in
            reports.keys.sorted { $0.rawValue < $1.rawValue }.compactMap { reason in
                reports[reason]?.rest().map { (reason: reason, count: $0) }
            }
        }
        for (reason, count) in counts {
            logger.warning("connections ended", metadata: ["reason": "\(reason.rawValue)", "count": "\(count)"])
        }
    }
}

extension Connections {
    /// The handlers of one connection. A body may have `bodyLimit` bytes.
    package func handlers(bodyLimit: Int) -> [any RemovableChannelHandler] {
        [ConnectionGuard(connections: self, bodyLimit: bodyLimit), ContinueHandler()]
    }

    /// Watches the channel that accepts connections.
    package func watchAccepts(of channel: any Channel) async throws {
        let logger = logger
        try await channel.eventLoop.submit {
            try channel.pipeline.syncOperations.addHandler(
                AcceptErrors(connections: self, logger: logger), position: .first)
        }.get()
    }
}

extension Connections.State {
    fileprivate mutating func add(_ peer: Peer, _ end: @escaping @Sendable (Connections.Ending) -> Void) {
        moment += 1
        admitted += 1
        tallies[peer, default: Connections.Tally()].count += 1
        tallies[peer]?.admitted += 1
        places[moment] = Connections.Place(
            peer: peer, number: admitted, numberOfPeer: tallies[peer]?.admitted ?? 0, since: moment, end: end)
    }

    /// The first to end, of all or of one address: new ones, the oldest first, except the newest quarter, which may be
    /// about to send; then idle ones, the longest idle first; then the newest quarter.
    fileprivate mutating func removeFirst(
        of peer: Peer? = nil, onlyNew: Bool = false
    ) -> Connections.Place? {
        let tally = peer.map { tallies[$0, default: Connections.Tally()] }
        let youngest = tally.map { $0.admitted - $0.count / 4 } ?? admitted - places.count / 4
        var first: (id: Connections.ID, rank: Int, since: UInt64)?
        for (id, place) in places {
            guard place.stage == .new || place.stage == .idle && !onlyNew, peer == nil || place.peer == peer else {
                continue
            }
            let isYoung = (peer == nil ? place.number : place.numberOfPeer) > youngest
            let rank = place.stage == .idle ? 1 : isYoung ? 2 : 0
            if let best = first, (best.rank, best.since) < (rank, place.since) { continue }
            first = (id, rank, place.since)
        }
        return first.flatMap { remove($0.id) }
    }

    fileprivate mutating func remove(_ id: Connections.ID) -> Connections.Place? {
        guard let place = places.removeValue(forKey: id) else { return nil }
        bytes -= place.bytes
        tallies[place.peer]?.count -= 1
        if tallies[place.peer]?.count == 0 { tallies[place.peer] = nil }
        return place
    }
}

/// Limits the log lines of a frequent event to one every ten seconds.
package struct SparseReport {
    private var last: NIODeadline?
    private var count = 0

    package init() {}

    /// Counts one. Returns the count since the last log line when the next one is due.
    package mutating func note() -> Int? {
        count += 1
        let now = NIODeadline.now()
        if let last, now - last < .seconds(10) { return nil }
        defer { count = 0 }
        last = now
        return count
    }

    /// The count since the last line. Nil for none.
    package mutating func rest() -> Int? {
        defer { count = 0 }
        return count > 0 ? count : nil
    }
}
