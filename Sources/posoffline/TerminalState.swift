import CPlatform
import TransitCode
import TransitGate

/// All that this library remembers between calls.
struct TerminalState: ~Copyable {
    /// The key list and the card type list of the last init_pos_verify; empty before the first.
    var keys = Block<IssuerKey<Backend.IssuerKey>>()
    var cardTypes = Block<CardType>()
    var replay = ReplayMemory()
    var slots = Block<ReplaySlot>()
    var recordKey = RecordKey()
    /// A key set by a call comes before one from the environment.
    var recordKeyIsFromCall = false

    var isInitialized: Bool { keys.count > 0 }

    func knowledge(
        cardType: CardType, identity: ReplayIdentity, issuerKeyID: UInt8
    ) throws(PosError) -> Knowledge<Backend.IssuerKey> {
        guard isInitialized else { throw .notInitialized }
        return Knowledge(
            supportsCardType: TerminalLists.supports(cardType, in: cardTypes.span),
            hasAccepted: replay.contains(identity, in: slots.span),
            issuerKey: TerminalLists.key(issuerKeyID, in: keys.span))
    }

    /// Makes the first room for accepted codes, so that a verification seldom allocates.
    mutating func reserveSlots() throws(PosError) {
        guard slots.count == 0 else { return }
        guard let block = Block<ReplaySlot>(count: ReplayMemory.initialCapacity) else { throw .outOfMemory }
        slots = block
    }

    mutating func remember(
        _ identity: ReplayIdentity, until lastSecond: UInt32, now: UInt32
    ) throws(PosError) {
        try reserveSlots()
        var outcome = replay.remember(identity, until: lastSecond, now: now, in: &slots, canGrow: true)
        if outcome == .crowded {
            let hasGrown = growSlots()
            outcome = replay.remember(identity, until: lastSecond, now: now, in: &slots, canGrow: hasGrown)
        }
        switch outcome {
        case .remembered: return
        case .duplicate: throw .duplicated
        case .crowded: throw .outOfMemory
        }
    }

    mutating func forgetAll() {
        keys.release()
        cardTypes.release()
        replay = ReplayMemory()
        slots.release()
        recordKey.wipe()
        recordKeyIsFromCall = false
    }

    /// False when there is no memory for it; the table is then as it was.
    private mutating func growSlots() -> Bool {
        guard var larger = Block<ReplaySlot>(count: slots.count * 2) else { return false }
        var span = larger.mutableSpan
        replay.move(from: slots.span, to: &span)
        slots.release()
        slots = larger
        return true
    }
}

extension ReplayMemory {
    fileprivate mutating func remember(
        _ identity: ReplayIdentity, until lastSecond: UInt32, now: UInt32, in slots: inout Block<ReplaySlot>,
        canGrow: Bool
    ) -> Outcome {
        var span = slots.mutableSpan
        return remember(identity, until: lastSecond, now: now, in: &span, canGrow: canGrow)
    }
}

/// The only one there is: a process is a terminal. Touched within `withTerminal` alone. It begins as constant data: no
/// initialiser of the runtime's stands between two threads and it.
private nonisolated(unsafe) var terminal = TerminalState()

/// Runs `body` while no other thread touches the terminal's state.
func withTerminal<Result>(
    _ body: (inout TerminalState) throws(PosError) -> Result
) throws(PosError) -> Result {
    posoffline_platform_lock()
    defer { posoffline_platform_unlock() }
    posoffline_platform_at_unload { terminal.forgetAll() }
    return try body(&terminal)
}
