import CPlatform
import TransitCode
import TransitGate

/// All that this library remembers between calls.
struct LibraryState: ~Copyable {
    /// The key list and the card type list of the last init_pos_verify; empty before the first.
    var keys = HeapBuffer<IssuerKey<Backend.IssuerKey>>()
    var cardTypes = HeapBuffer<CardType>()
    var replay = ReplayTable()
    var stateDirectory = StateDirectory()
    var recordKey = RecordKey()
    /// A key set by a call comes before one from the environment.
    var recordKeyIsFromCall = false
    /// Whether what the environment names is in force, since the last free_pos_verify.
    var hasReadEnvironment = false

    var isInitialized: Bool { keys.count > 0 }

    mutating func knowledge(
        cardType: CardType, identity: ReplayIdentity, issuerKeyID: UInt8
    ) throws(PosError) -> CodeStatus<Backend.IssuerKey> {
        guard isInitialized else { throw .notInitialized }
        let isSupported = TerminalLists.supports(cardType, in: cardTypes.span)
        return CodeStatus(
            supportsCardType: isSupported,
            // The card type comes first, and a directory that cannot be read after it.
            hasAccepted: isSupported ? try hasAccepted(identity) : false,
            issuerKey: TerminalLists.key(issuerKeyID, in: keys.span))
    }

    mutating func hasAccepted(_ identity: ReplayIdentity) throws(PosError) -> Bool {
        try stateDirectory.requireRead(into: &replay)
        return replay.contains(identity)
    }

    mutating func remember(
        _ identity: ReplayIdentity, until lastSecond: UInt32, now: UInt32
    ) throws(PosError) {
        try stateDirectory.requireUsable(for: &replay)
        try replay.remember(identity, until: lastSecond, now: now)
        try stateDirectory.persist(identity, until: lastSecond, now: now, in: &replay)
    }

    /// The state directory stays set; the next verification or initialisation reads it again.
    mutating func reset() {
        keys.release()
        cardTypes.release()
        replay.release()
        stateDirectory.close()
        recordKey.wipe()
        recordKeyIsFromCall = false
        hasReadEnvironment = false
    }

    /// When the library leaves the process.
    mutating func end() {
        reset()
        stateDirectory.unset()
    }

    /// Has in force what the environment names, for a verification that comes before init_pos_verify.
    mutating func requireEnvironment() throws(PosError) {
        guard !hasReadEnvironment else { return }
        var file = RecordKeyFile()
        defer {
            file.wipe()
            posoffline_platform_wipe_calls()
        }
        do throws(PosError) {
            try file.read()
            try stateDirectory.useEnvironment(for: &replay, isRide: true)
        } catch {
            throw error.asSystemError
        }
        takeKey(of: &file)
    }

    /// Takes the directory that the environment names, and the record key that its file had, and makes room for the
    /// first code. When it throws, nothing has changed.
    mutating func useEnvironment(_ file: inout RecordKeyFile) throws(PosError) {
        try stateDirectory.useEnvironment(for: &replay, isRide: false)
        // A directory that was opened has brought its own room.
        try replay.reserve()
        takeKey(of: &file)
    }

    /// Nothing of the file changes; one that is borrowed the compiler copies to the stack, key and all.
    private mutating func takeKey(of file: inout RecordKeyFile) {
        if file.isPresent, !recordKeyIsFromCall { _ = recordKey.set(file.key) }
        hasReadEnvironment = true
    }
}

/// The only one: a process has one library. Touched within `withLibraryState` alone. It begins as constant data: no
/// initialiser of the runtime's stands between two threads and it.
private nonisolated(unsafe) var library = LibraryState()

/// Runs `body` while no other thread touches the terminal's state. A thread that comes while the library leaves the process
/// is answered that nothing works: what was accepted is forgotten, and nothing accepted now would be remembered.
func withLibraryState<Result>(
    _ body: (inout LibraryState) throws(PosError) -> Result
) throws(PosError) -> Result {
    guard posoffline_platform_lock() != 0 else { throw .system }
    defer { posoffline_platform_unlock() }
    posoffline_platform_watch({ library.end() }, { library.stateDirectory.closeInherited() })
    return try body(&library)
}

extension PosError {
    /// What goes wrong with a directory or a file in the middle of a verification is no fault of the caller's arguments.
    var asSystemError: PosError { self == .outOfMemory ? .outOfMemory : .system }
}
