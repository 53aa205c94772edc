import CPlatform
import TransitCode
import TransitGate

/// What both terminals share: the record key and the replay memory.
protocol SharedTerminal: Terminal where Backend == LibraryBackend {
    /// Whether a code may be accepted without the lists of init_pos_verify.
    var needsInitialization: Bool { get }
}

/// The backend under a name that `Terminal.Backend` does not hide.
typealias LibraryBackend = Backend

extension SharedTerminal {
    func sign(_ record: inout RecordBuffer) throws(PosError) {
        // A signal handler's frame would keep what is in the registers.
        var held = posoffline_platform_signals()
        posoffline_platform_hold_signals(&held)
        // Compilers make copies, and keep what they work on where no program reaches it.
        defer {
            posoffline_platform_wipe_calls()
            posoffline_platform_deliver_signals(&held)
        }
        try signWithCopy(&record)
    }

    /// A call of its own, so that all that the key touches is behind it on the stack.
    @inline(never)
    private func signWithCopy(_ record: inout RecordBuffer) throws(PosError) {
        // The thread's own: hashing takes long enough for another thread to run into the lock.
        var key = RecordKey()
        defer { key.wipe() }
        try withLibraryState { (state) throws(PosError) in
            // free_pos_verify may have come since the code was looked up, and taken the operator's key.
            if needsInitialization {
                guard state.isInitialized else { throw .notInitialized }
            } else {
                try state.requireEnvironment()
            }
            key.copy(from: state.recordKey)
        }
        try key.sign(&record, by: LibraryBackend.self)
    }

    func accept(_ identity: ReplayIdentity, until lastSecond: UInt32, now: UInt32) throws(PosError) {
        try withLibraryState { (state) throws(PosError) in
            // free_pos_verify may have come since the code was looked up: what it drops stays dropped.
            guard state.isInitialized || !needsInitialization else { throw .notInitialized }
            try state.remember(identity, until: lastSecond, now: now)
        }
    }
}

/// The terminal of verify_qrcode_v2: decides by the lists of init_pos_verify.
struct ListTerminal: SharedTerminal {
    var needsInitialization: Bool { true }

    func knowledge(
        cardType: CardType, identity: ReplayIdentity, issuerKeyID: UInt8
    ) throws(PosError) -> CodeStatus<LibraryBackend.IssuerKey> {
        try withLibraryState { (state) throws(PosError) in
            try state.knowledge(cardType: cardType, identity: identity, issuerKeyID: issuerKeyID)
        }
    }
}

/// The terminal of verify_qrcode: decides by one key that the caller chose.
struct KeyTerminal: SharedTerminal {
    var needsInitialization: Bool { false }
    /// 33 bytes, perhaps no point.
    let publicKey: InlineArray<33, UInt8>

    func knowledge(
        cardType: CardType, identity: ReplayIdentity, issuerKeyID: UInt8
    ) throws(PosError) -> CodeStatus<LibraryBackend.IssuerKey> {
        let hasAccepted = try withLibraryState { (state) throws(PosError) in
            try state.requireEnvironment()
            return try state.hasAccepted(identity)
        }
        return CodeStatus(
            supportsCardType: true, hasAccepted: hasAccepted,
            issuerKey: hasAccepted ? nil : LibraryBackend.issuerKey(publicKey.span))
    }
}

/// The first check of all.
func requireInitialized() throws(PosError) {
    guard try withLibraryState({ (state) throws(PosError) in state.isInitialized }) else { throw .notInitialized }
}
