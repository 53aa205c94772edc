import CPlatform
import TransitCode
import TransitGate

/// Where a verification takes the issuer's key from.
enum IssuerKeySource {
    /// The lists of init_pos_verify, which must have succeeded.
    case lists
    /// A key that the caller passed: 33 bytes, not yet checked to be a point. Needs no init_pos_verify.
    case caller(InlineArray<33, UInt8>)
}

/// All that the library remembers between calls.
struct LibraryState: ~Copyable {
    var lists = IssuerLists()
    private var replay = ReplayTable()
    private var stateDirectory = StateDirectory()
    private(set) var recordKey = RecordKey()
    /// A key set by a call comes before one from the environment.
    private var recordKeyIsFromCall = false
    /// Whether the settings that the environment names are in force, since the last free_pos_verify.
    private var hasReadEnvironment = false

    /// Checks that a verification may begin or go on. The only place that asks whether the library is initialised.
    mutating func requireReady(for source: IssuerKeySource) throws(PosError) {
        switch source {
        case .lists: guard !lists.isEmpty else { throw .notInitialized }
        case .caller: try requireEnvironment()
        }
    }

    /// What is known of one code, by the lists.
    mutating func status(
        cardType: CardType, identity: ReplayIdentity, issuerKeyID: UInt8
    ) throws(PosError) -> CodeStatus<Backend.IssuerKey> {
        let isSupported = lists.supports(cardType)
        return CodeStatus(
            supportsCardType: isSupported,
            // In the order of checks the card type comes before a state directory that cannot be read.
            hasBeenAccepted: isSupported ? try hasAccepted(identity) : false,
            issuerKey: lists.key(issuerKeyID))
    }

    /// Whether a code has been accepted. Reads the state directory first, if that has not been done.
    mutating func hasAccepted(_ identity: ReplayIdentity) throws(PosError) -> Bool {
        try stateDirectory.requireRead(into: &replay)
        return replay.contains(identity)
    }

    /// Marks a code as accepted, in memory and in the state directory. Throws `.duplicated` when another thread was
    /// first, `.outOfMemory` when there is no room, `.system` when the directory cannot be used; the code is then not
    /// marked.
    mutating func accept(
        _ identity: ReplayIdentity, until lastSecond: UInt32, now: UInt32
    ) throws(PosError) {
        try stateDirectory.requireUsable(for: &replay)
        try replay.remember(identity, until: lastSecond, now: now)
        try stateDirectory.persist(identity, until: lastSecond, now: now, in: &replay)
    }

    /// False, and nothing changed, when the key's length is out of range.
    mutating func setRecordKey(_ key: Span<UInt8>) -> Bool {
        guard recordKey.set(key) else { return false }
        recordKeyIsFromCall = true
        return true
    }

    mutating func setStateDirectory(_ path: UnsafePointer<CChar>) throws(PosError) {
        try stateDirectory.use(path, for: &replay)
    }

    /// Drops everything but the state directory's path: the next verification or initialisation reads it again.
    mutating func reset() {
        lists = IssuerLists()
        replay = ReplayTable()
        stateDirectory.close()
        recordKey.wipe()
        recordKeyIsFromCall = false
        hasReadEnvironment = false
    }

    /// Runs when the library leaves the process.
    mutating func end() {
        reset()
        stateDirectory.unset()
    }

    /// Runs in the child of a fork. Async-signal-safe.
    mutating func closeInherited() { stateDirectory.closeInherited() }

    /// Applies the settings that the environment names, for a verification without init_pos_verify.
    private mutating func requireEnvironment() throws(PosError) {
        guard !hasReadEnvironment else { return }
        var file = RecordKeyFile()
        defer {
            file.wipe()
            posoffline_platform_wipe_stack_and_registers()
        }
        do throws(PosError) {
            try file.read()
            try stateDirectory.useEnvironment(for: &replay, isVerification: true)
        } catch {
            throw error.asSystemError
        }
        adoptKey(of: &file)
    }

    /// Applies the state directory that the environment names and the record key that `file` holds, and allocates the
    /// first replay table. Changes nothing when it throws.
    mutating func useEnvironment(_ file: inout RecordKeyFile) throws(PosError) {
        try stateDirectory.useEnvironment(for: &replay, isVerification: false)
        // Does nothing when a directory has just been read.
        try replay.reserve()
        adoptKey(of: &file)
    }

    /// `inout` although it changes nothing: the compiler may copy a borrowed file to the stack, with the key.
    private mutating func adoptKey(of file: inout RecordKeyFile) {
        if file.isPresent, !recordKeyIsFromCall { _ = recordKey.set(file.key) }
        hasReadEnvironment = true
    }
}

/// The state of the process. Only `withLibraryState` touches it. Constant data, so that it needs no lazy initialiser,
/// which threads could race for.
private nonisolated(unsafe) var library = LibraryState()

/// Runs `body` under the lock. Throws `.system` while the library leaves the process: the accepted codes are gone, and
/// a code that is accepted now would not be remembered.
func withLibraryState<Result>(
    _ body: (inout LibraryState) throws(PosError) -> Result
) throws(PosError) -> Result {
    guard posoffline_platform_lock() != 0 else { throw .system }
    defer { posoffline_platform_unlock() }
    posoffline_platform_set_exit_and_fork_handlers({ library.end() }, { library.closeInherited() })
    return try body(&library)
}

/// Runs `body` under the lock if the library is ready for a verification. Every step of a verification asks again:
/// free_pos_verify may have been called since the step before, and what it dropped must stay dropped.
func withReadyState<Result>(
    for source: IssuerKeySource, _ body: (inout LibraryState) throws(PosError) -> Result
) throws(PosError) -> Result {
    try withLibraryState { (state) throws(PosError) in
        try state.requireReady(for: source)
        return try body(&state)
    }
}

/// The first check of all.
func requireReady(for source: IssuerKeySource) throws(PosError) {
    try withLibraryState { (state) throws(PosError) in try state.requireReady(for: source) }
}

extension PosError {
    /// During a verification, a directory or a file that cannot be used is not a fault of the caller's arguments.
    var asSystemError: PosError { self == .outOfMemory ? .outOfMemory : .system }
}
