import TestSupport
import Testing
import TransitCode
import TransitCrypto
import TransitGate

/// One call of Gate.verify with everything right, to be made wrong.
struct Trial {
    var parts = CodeParts()
    var issuerVerdict = Verdict.valid
    var userVerdict = Verdict.valid
    var posParam = #"{"pos_id":"1","type":"SINGLE","subject":"s","record_id":"r"}"#
    var amountCent: UInt32 = 200
    var now: UInt32? = 1_516_167_400
    var room = BufferCapacities(userID: 17, record: 2048, cardNumber: 17, cardData: 65, cardType: 9)
    var supportsCardType = true
    var hasAccepted = false
    var hasIssuerKey = true
    var knowledgeError: PosError?
    var signError: PosError?
    var acceptError: PosError?

    static let issuerKeyEnd: UInt8 = 0x5A
    static let version = [UInt8](text: "9.8.7")

    /// With the signatures that the verdicts ask for.
    var code: [UInt8] {
        var parts = parts
        parts.issuerSignature = MockBackend.signature(
            issuerVerdict, keyEnding: Self.issuerKeyEnd, over: parts.credential)
        parts.userSignature = MockBackend.signature(
            userVerdict, keyEnding: parts.userPublicKey[24], over: parts.userSigned)
        return parts.bytes
    }

    func run() -> (refusal: PosError?, journal: [String], record: [UInt8], terminal: MockTerminal) {
        let terminal = MockTerminal(self)
        let (code, posParam) = (code, [UInt8](text: posParam))
        let journal = Journal()
        var record = RecordBuffer()
        let refused = Journal.$current.withValue(journal) {
            refusal { () throws(PosError) in
                let request = VerificationRequest(posParam: posParam.span, amountCent: amountCent, now: now, room: room)
                try Gate.verify(
                    TransitCode(code.span), for: request, at: terminal, version: Self.version.span, record: &record)
            }
        }
        return (refused, journal.entries, [UInt8](record.bytes), terminal)
    }
}

final class MockTerminal: Terminal {
    typealias Backend = MockBackend

    let trial: Trial
    private(set) var asked: (cardType: CardType, identity: ReplayIdentity, keyID: UInt8)?
    private(set) var accepted: [(identity: ReplayIdentity, until: UInt32, now: UInt32)] = []

    init(_ trial: Trial) { self.trial = trial }

    func knowledge(
        cardType: CardType, identity: ReplayIdentity, issuerKeyID: UInt8
    ) throws(PosError) -> CodeStatus<MockBackend.IssuerKey> {
        Journal.note("knowledge")
        asked = (cardType, identity, issuerKeyID)
        if let error = trial.knowledgeError { throw error }
        return CodeStatus(
            supportsCardType: trial.supportsCardType, hasAccepted: trial.hasAccepted,
            issuerKey: trial.hasIssuerKey ? MockBackend.IssuerKey(last: Trial.issuerKeyEnd) : nil)
    }

    func sign(_ record: inout RecordBuffer) throws(PosError) {
        Journal.note("sign")
        if let error = trial.signError { throw error }
        var key = RecordKey()
        try key.sign(&record, by: MockBackend.self)
    }

    func accept(_ identity: ReplayIdentity, until lastSecond: UInt32, now: UInt32) throws(PosError) {
        Journal.note("accept")
        if let error = trial.acceptError { throw error }
        accepted.append((identity, lastSecond, now))
    }
}

/// Reference, section 4: the order of checks, from step 4 on.
@Suite struct GateTests {
    /// One way for a trial to fail: what it throws, and what has been called by then.
    struct Fault: Sendable {
        let name: String
        let error: PosError
        let journal: [String]
        let apply: @Sendable (inout Trial) -> Void
    }

    static let whole = ["knowledge", "verifyIssuer", "verifyUser", "sign", "accept"]

    /// In the order of the reference.
    static let faults: [Fault] = [
        Fault(name: "not initialised", error: .notInitialized, journal: Array(whole[..<1])) {
            $0.knowledgeError = .notInitialized
        },
        Fault(name: "card type", error: .cardTypeUnsupported, journal: Array(whole[..<1])) {
            $0.supportsCardType = false
        },
        Fault(name: "duplicate", error: .duplicated, journal: Array(whole[..<1])) { $0.hasAccepted = true },
        Fault(name: "key id", error: .illegalParam, journal: Array(whole[..<1])) { $0.hasIssuerKey = false },
        Fault(name: "clock", error: .system, journal: Array(whole[..<1])) { $0.now = nil },
        Fault(name: "expiry", error: .credentialExpired, journal: Array(whole[..<1])) {
            $0.parts.expiry = 1_516_167_399
        },
        Fault(name: "issuer signature", error: .malformedCode, journal: Array(whole[..<2])) {
            $0.issuerVerdict = .invalid
        },
        Fault(name: "window", error: .codeExpired, journal: Array(whole[..<2])) {
            $0.parts.generated = 1_516_167_400 - 2574
        },
        Fault(name: "user signature", error: .malformedCode, journal: Array(whole[..<3])) {
            $0.userVerdict = .invalid
        },
        Fault(name: "pos_param", error: .posParam, journal: Array(whole[..<3])) { $0.posParam = "{}" },
        Fault(name: "quota", error: .quotaExceeded, journal: Array(whole[..<3])) { $0.amountCent = 2574 },
        Fault(name: "signing", error: .system, journal: Array(whole[..<4])) { $0.signError = .system },
        Fault(name: "room", error: .illegalParam, journal: Array(whole[..<4])) { $0.room.cardNumber = 8 },
        Fault(name: "accepting", error: .duplicated, journal: whole) { $0.acceptError = .duplicated },
    ]

    @Test func `a good code is accepted, once and last`() {
        let (refused, journal, _, terminal) = Trial().run()
        #expect(refused == nil)
        #expect(journal == Self.whole)
        #expect(terminal.accepted.count == 1)
    }

    @Test func `each fault alone is refused by its own name, and nothing is accepted`() {
        for fault in Self.faults {
            var trial = Trial()
            fault.apply(&trial)
            let (refused, journal, _, terminal) = trial.run()
            #expect(refused == fault.error, "\(fault.name)")
            #expect(journal == fault.journal, "\(fault.name)")
            #expect(terminal.accepted.isEmpty, "\(fault.name)")
        }
    }

    @Test func `of two faults the earlier one is named`() {
        var pairs = 0
        for (index, first) in Self.faults.enumerated() {
            for second in Self.faults[(index + 1)...] {
                var trial = Trial()
                first.apply(&trial)
                second.apply(&trial)
                let (refused, journal, _, terminal) = trial.run()
                #expect(refused == first.error, "\(first.name) and \(second.name)")
                #expect(journal == first.journal, "\(first.name) and \(second.name)")
                #expect(terminal.accepted.isEmpty)
                pairs += 1
            }
        }
        #expect(pairs == 91)
    }

    @Test(
        arguments: [(.invalid, .malformedCode), (.outOfMemory, .outOfMemory), (.failed, .system)]
            as [(Verdict, PosError)])
    func `a signature that is not valid is refused, whatever keeps it from it`(verdict: Verdict, error: PosError) {
        let issuer = Trial(issuerVerdict: verdict).run()
        #expect(issuer.refusal == error)
        #expect(issuer.journal == ["knowledge", "verifyIssuer"])
        let user = Trial(userVerdict: verdict).run()
        #expect(user.refusal == error)
        #expect(user.journal == ["knowledge", "verifyIssuer", "verifyUser"])
    }

    @Test(arguments: [.duplicated, .outOfMemory, .notInitialized, .system] as [PosError])
    func `what the terminal throws comes through`(error: PosError) {
        #expect(Trial(knowledgeError: error).run().refusal == error)
        #expect(Trial(signError: error).run().refusal == error)
        #expect(Trial(acceptError: error).run().refusal == error)
    }

    @Test func `the terminal is asked about this code, and told of this code`() throws {
        for (cardType, bits) in [("S0JP0000", 0x5330_4A50_3030_3030), ("\0\0\0\0\0\0\0\0", 0)] as [(String, UInt64)] {
            let trial = Trial(parts: CodeParts(keyID: 0xC9, cardType: [UInt8](text: cardType)))
            let code = trial.code
            let identity = ReplayIdentity(of: try TransitCode(code.span), by: MockBackend.self)
            let terminal = trial.run().terminal
            let asked = try #require(terminal.asked)
            #expect(asked.cardType.bits == bits)
            #expect(asked.identity == identity)
            #expect(asked.keyID == 0xC9)
            let accepted = try #require(terminal.accepted.first)
            #expect(accepted.identity == identity)
            #expect(accepted.until == 1_516_167_355 + 2573)
            #expect(accepted.now == 1_516_167_400)
        }
    }

    @Test func `signatures are checked with their own keys`() {
        var trial = Trial()
        trial.parts.userPublicKey[24] = 0x11
        #expect(trial.run().refusal == nil)
        // The signature of the trial names 0x11; another key must not do.
        var parts = trial.parts
        parts.issuerSignature = MockBackend.signature(.valid, keyEnding: 0x5B, over: parts.credential)
        parts.userSignature = MockBackend.signature(.valid, keyEnding: 0x10, over: parts.userSigned)
        let bytes = parts.bytes
        let issuer = refusal { () throws(PosError) in
            try Gate.checkIssuerSignature(
                of: TransitCode(bytes.span), by: MockBackend.self, key: MockBackend.IssuerKey(last: 0x5A))
        }
        #expect(issuer == .malformedCode)
        let user = refusal { () throws(PosError) in
            try Gate.checkUserSignature(of: TransitCode(bytes.span), by: MockBackend.self)
        }
        #expect(user == .malformedCode)
    }

    /// The credential is good through its last second.
    @Test(arguments: [(0, nil), (1, PosError.credentialExpired)] as [(UInt32, PosError?)])
    func `the last second of the credential`(late: UInt32, error: PosError?) {
        var trial = Trial()
        trial.now = 1_516_167_400
        trial.parts.expiry = 1_516_167_400 - late
        #expect(trial.run().refusal == error)
    }

    @Test(
        arguments: [
            (1_516_167_355 + 2573, nil), (1_516_167_355 + 2574, .codeExpired), (1_516_167_355 - 2573, nil),
            (1_516_167_355 - 2574, .codeExpired), (1_516_167_355, nil), (0, .codeExpired),
            (1_541_897_355, .codeExpired),
            (1_541_897_356, .credentialExpired), (.max, .credentialExpired),
        ] as [(UInt32, PosError?)])
    func `both ends of the window pass`(now: UInt32, error: PosError?) {
        #expect(Trial(now: now).run().refusal == error)
    }

    @Test(
        arguments: [
            (0, 0, nil), (0, 2573, nil), (2573, 2573, nil), (2574, 2573, .quotaExceeded), (1, 0, .quotaExceeded),
            (65535, 65535, nil), (65536, 65535, .quotaExceeded), (65536, 0, .quotaExceeded),
            (.max, 65535, .quotaExceeded),
            (0x7FFF_FFFF, 65535, .quotaExceeded),
        ] as [(UInt32, UInt16, PosError?)])
    func `the quota itself may be spent`(amount: UInt32, quota: UInt16, error: PosError?) {
        #expect(Trial(parts: CodeParts(quotaCent: quota), amountCent: amount).run().refusal == error)
    }

    @Test func `the record is what was decided on`() throws {
        let trial = Trial(parts: CodeParts(keyID: 3), amountCent: 1234)
        let (refused, _, bytes, _) = trial.run()
        #expect(refused == nil)
        let key = RecordKey.development
        let expectedID = RecordKey.id(of: key.span, by: MockBackend.self)
        guard let record = Record(bytes.span) else {
            Issue.record("not a record")
            return
        }
        let expectedMAC = MockBackend.hmacSHA256(key: key.span, message: record.authenticated)
        let fields = [
            [UInt8](record.code), [UInt8](record.posParam), [UInt8](record.version), [UInt8](record.keyID),
            [UInt8](record.mac),
        ]
        let (amount, acceptedAt) = (record.amountCent, record.acceptedAt)
        #expect(
            fields == [
                trial.code, [UInt8](text: trial.posParam), Trial.version, [UInt8](expectedID), [UInt8](expectedMAC),
            ])
        #expect(amount == 1234)
        #expect(acceptedAt == 1_516_167_400)
    }

    @Test func `every result must fit its buffer`() {
        let recordCount = 2 * Trial().run().record.count + 1
        let edges: [(String, WritableKeyPath<BufferCapacities, Int>, Int)] = [
            ("user id", \.userID, 17), ("record", \.record, recordCount), ("card number", \.cardNumber, 9),
            ("card data", \.cardData, 5), ("card type", \.cardType, 9),
        ]
        for (name, path, least) in edges {
            for (size, error) in [(least, nil), (least - 1, .illegalParam), (0, .illegalParam), (-1, .illegalParam)]
                as [(Int, PosError?)]
            {
                var trial = Trial(room: BufferCapacities(userID: .max))
                trial.room[keyPath: path] = size
                let (refused, _, _, terminal) = trial.run()
                #expect(refused == error, "\(name) of \(size)")
                #expect(terminal.accepted.isEmpty == (error != nil))
            }
        }
    }

    @Test func `every bit of what a signature covers matters`() {
        let trial = Trial()
        let code = trial.code
        let signed = trial.parts.userSigned.count - trial.parts.issuerSignature.count + 22
        let posParam = [UInt8](text: trial.posParam)
        var refused = 0
        for bit in 0..<(8 * signed) {
            let bytes = code.setting(bit / 8, to: code[bit / 8] ^ 1 << UInt8(bit % 8))
            let terminal = MockTerminal(trial)
            var record = RecordBuffer()
            let outcome = refusal { () throws(PosError) in
                let request = VerificationRequest(posParam: posParam.span, amountCent: 200, now: trial.now, room: trial.room)
                try Gate.verify(
                    TransitCode(bytes.span), for: request, at: terminal, version: Trial.version.span, record: &record)
            }
            // The first bytes of a mock's signature are its verdict: there is one bit that makes it another.
            if outcome != nil { refused += 1 }
            #expect(outcome != nil, "bit \(bit)")
            #expect(terminal.accepted.isEmpty)
        }
        #expect(refused == 8 * signed)
    }
}

/// Reference, section 1: minimum lengths, and values that do not fit.
@Suite struct BufferCapacitiesTests {
    static let minimum = BufferCapacities(userID: 17, record: 2048, cardNumber: 17, cardData: 65, cardType: 9)

    @Test(
        arguments: [
            (\BufferCapacities.userID, 17), (\BufferCapacities.record, 2048), (\BufferCapacities.cardNumber, 17), (\BufferCapacities.cardData, 65),
            (\BufferCapacities.cardType, 9),
        ] as [(WritableKeyPath<BufferCapacities, Int> & Sendable, Int)])
    func `each length has its minimum`(path: WritableKeyPath<BufferCapacities, Int> & Sendable, least: Int) {
        #expect(Self.minimum[keyPath: path] == least)
        for (length, passes) in [
            (least, true), (least - 1, false), (least + 1, true), (0, false), (-1, false), (.min, false),
            (.max, true),
        ] {
            var room = Self.minimum
            room[keyPath: path] = length
            #expect(room.meetsMinimum == passes, "\(length)")
        }
    }

    @Test func `a buffer that is not given is large enough`() {
        #expect(BufferCapacities(userID: 17).meetsMinimum)
        #expect(!BufferCapacities(userID: 16).meetsMinimum)
    }

    private func holds(_ parts: CodeParts, _ change: (inout BufferCapacities) -> Void) throws -> Bool {
        let bytes = parts.bytes
        var room = Self.minimum
        change(&room)
        return room.holds(try TransitCode(bytes.span))
    }

    @Test func `texts need room for their NUL, card data does not`() throws {
        let full = CodeParts(
            cardNumber: [UInt8](repeating: 0x31, count: 16), cardData: [UInt8](repeating: 1, count: 65))
        #expect(try holds(full) { _ in })
        #expect(try !holds(full) { $0.userID = 16 })
        #expect(try !holds(full) { $0.cardNumber = 16 })
        #expect(try !holds(full) { $0.cardData = 64 })
        #expect(try !holds(full) { $0.cardType = 8 })
        var longer = full
        longer.cardNumber.append(0x31)
        #expect(try !holds(longer) { _ in })
        #expect(try holds(longer) { $0.cardNumber = 18 })
        longer = full
        longer.cardData.append(1)
        #expect(try !holds(longer) { _ in })
        #expect(try holds(longer) { $0.cardData = 66 })
    }

    @Test func `empty values need a NUL, or nothing`() throws {
        let empty = CodeParts(cardType: [UInt8](repeating: 0, count: 8), cardNumber: [], cardData: [])
        let exact = BufferCapacities(userID: 17, record: 0, cardNumber: 1, cardData: 0, cardType: 1)
        #expect(try holds(empty) { $0 = exact })
        #expect(
            try !holds(empty) {
                $0 = exact
                $0.cardNumber = 0
            })
        #expect(
            try !holds(empty) {
                $0 = exact
                $0.cardData = -1
            })
        #expect(
            try !holds(empty) {
                $0 = exact
                $0.cardType = 0
            })
    }

    @Test func `a record needs two digits a byte and a NUL`() {
        #expect(BufferCapacities(userID: 17, record: 201).holdsRecord(count: 100))
        #expect(!BufferCapacities(userID: 17, record: 200).holdsRecord(count: 100))
        #expect(BufferCapacities(userID: 17, record: 1).holdsRecord(count: 0))
        #expect(!BufferCapacities(userID: 17, record: 0).holdsRecord(count: 0))
    }
}
