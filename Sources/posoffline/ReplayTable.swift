import TransitCode
import TransitGate

/// The replay memory with its storage, which grows with it.
struct ReplayTable: ~Copyable {
    private(set) var memory = ReplayMemory()
    private var slots = HeapBuffer<ReplaySlot>()

    var count: Int { memory.count }

    /// Whether no code was ever remembered.
    var isEmpty: Bool { memory.count == 0 && memory.watermark == nil }

    func contains(_ identity: ReplayIdentity) -> Bool { memory.contains(identity, in: slots.span) }

    /// Allocates the first slots, so that a verification seldom allocates.
    mutating func reserve() throws(PosError) {
        guard slots.count == 0 else { return }
        guard let buffer = HeapBuffer<ReplaySlot>(count: ReplayMemory.initialCapacity) else { throw .outOfMemory }
        slots = buffer
    }

    /// Makes room for `count` more codes at once.
    mutating func reserve(more count: Int) throws(PosError) {
        let capacity = ReplayMemory.capacity(for: memory.count &+ count)
        guard capacity <= slots.count || grow(to: capacity) else { throw .outOfMemory }
    }

    /// Remembers an accepted code. Throws `.duplicated` or `.outOfMemory`, and the code is then not remembered.
    mutating func remember(_ identity: ReplayIdentity, until lastSecond: UInt32, now: UInt32) throws(PosError) {
        try reserve()
        var outcome = remember(identity, until: lastSecond, now: now, canGrow: true)
        if outcome == .needsGrowth {
            let hasGrown = grow(to: slots.count &* 2)
            outcome = remember(identity, until: lastSecond, now: now, canGrow: hasGrown)
        }
        switch outcome {
        case .remembered: return
        case .duplicate: throw .duplicated
        case .needsGrowth: throw .outOfMemory
        }
    }

    /// Adds one entry of a journal.
    mutating func restore(_ entry: JournalEntry) throws(PosError) {
        try reserve()
        while true {
            let outcome = Self.run(&memory, &slots) { $0.restore(entry, in: &$1) }
            guard outcome == .needsGrowth else { return }
            guard grow(to: slots.count &* 2) else { throw .outOfMemory }
        }
    }

    /// Adds everything in another table.
    mutating func restore(_ other: borrowing ReplayTable) throws(PosError) {
        try reserve(more: other.count)
        if let watermark = other.memory.watermark { try restore(.evicted(watermark)) }
        let slots = other.allSlots
        for index in slots.indices where !slots[index].isEmpty { try restore(.accepted(slots[index])) }
    }

    /// Removes a code that was remembered just now.
    mutating func rollBack(_ identity: ReplayIdentity) {
        Self.run(&memory, &slots) { $0.rollBack(identity, from: &$1) }
    }

    mutating func removeExpired(_ now: UInt32) {
        Self.run(&memory, &slots) { $0.removeExpired(now, in: &$1) }
    }

    /// All slots, the empty ones too.
    var allSlots: Span<ReplaySlot> {
        @_lifetime(borrow self) get { slots.span }
    }

    private mutating func remember(
        _ identity: ReplayIdentity, until lastSecond: UInt32, now: UInt32, canGrow: Bool
    ) -> ReplayMemory.Outcome {
        Self.run(&memory, &slots) {
            $0.remember(identity, until: lastSecond, now: now, in: &$1, canGrow: canGrow)
        }
    }

    private static func run<Result>(
        _ memory: inout ReplayMemory, _ slots: inout HeapBuffer<ReplaySlot>,
        _ body: (inout ReplayMemory, inout MutableSpan<ReplaySlot>) -> Result
    ) -> Result {
        var span = slots.mutableSpan
        return body(&memory, &span)
    }

    /// False, and nothing changed, when memory is out.
    private mutating func grow(to capacity: Int) -> Bool {
        guard var larger = HeapBuffer<ReplaySlot>(count: capacity) else { return false }
        var span = larger.mutableSpan
        memory.move(from: slots.span, to: &span)
        slots = larger
        return true
    }
}
