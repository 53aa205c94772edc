import TestSupport
import Testing
import TransitCode
import TransitCrypto
import TransitGate

/// A valid call of Gate.decide. Tests make one input wrong.
struct Trial {
    var parts = CodeParts()
    var issuerVerdict = Verdict.valid
    var userVerdict = Verdict.valid
    var posParam = #"{"pos_id":"1","type":"SINGLE","subject":"s","record_id":"r"}"#
    var amountCent: UInt32 = 200
    var now: UInt32? = 1_516_167_400
    var supportsCardType = true
    var hasBeenAccepted = false
    var hasIssuerKey = true

    static let issuerKeyEnd: UInt8 = 0x5A
    static let version = [UInt8](text: "9.8.7")

    /// The code, with signatures that produce the given verdicts.
    var code: [UInt8] {
        var parts = parts
        parts.issuerSignature = MockBackend.signature(
            issuerVerdict, keyEnding: Self.issuerKeyEnd, over: parts.credential)
        parts.userSignature = MockBackend.signature(
            userVerdict, keyEnding: parts.userPublicKey[24], over: parts.userSigned)
        return parts.bytes
    }

    var status: CodeStatus<MockBackend.IssuerKey> {
        CodeStatus(
            supportsCardType: supportsCardType, hasBeenAccepted: hasBeenAccepted,
            issuerKey: hasIssuerKey ? MockBackend.IssuerKey(last: Self.issuerKeyEnd) : nil)
    }

    /// Returns the error or the result of `decide`, and the signatures that it checked, in order.
    func run(_ code: [UInt8]? = nil) -> (refusal: PosError?, checked: [String], acceptedAt: UInt32?) {
        let (code, posParam) = (code ?? self.code, [UInt8](text: posParam))
        let journal = Journal()
        var acceptedAt: UInt32?
        let refused = Journal.$current.withValue(journal) {
            refusal { () throws(PosError) in
                let request = VerificationRequest(posParam: posParam.span, amountCent: amountCent, now: now)
                acceptedAt = try Gate.decide(
                    TransitCode(code.span), status: status, request: request, by: MockBackend.self)
            }
        }
        return (refused, journal.entries, acceptedAt)
    }
}

/// docs/rules.md, "The order of checks", steps 4 to 12.
@Suite struct GateTests {
    /// One error of a trial: the thrown error, and the signatures that are checked before it.
    struct Fault: Sendable {
        let name: String
        let error: PosError
        let checked: [String]
        let apply: @Sendable (inout Trial) -> Void
    }

    static let both = ["verifyIssuer", "verifyUser"]

    /// In the order of the rules.
    static let faults: [Fault] = [
        Fault(name: "card type", error: .cardTypeUnsupported, checked: []) { $0.supportsCardType = false },
        Fault(name: "duplicate", error: .duplicated, checked: []) { $0.hasBeenAccepted = true },
        Fault(name: "key id", error: .illegalParam, checked: []) { $0.hasIssuerKey = false },
        Fault(name: "clock", error: .system, checked: []) { $0.now = nil },
        Fault(name: "expiry", error: .credentialExpired, checked: []) { $0.parts.expiry = 1_516_167_399 },
        Fault(name: "issuer signature", error: .malformedCode, checked: Array(both[..<1])) {
            $0.issuerVerdict = .invalid
        },
        Fault(name: "window", error: .codeExpired, checked: Array(both[..<1])) {
            $0.parts.generated = 1_516_167_400 - 2574
        },
        Fault(name: "user signature", error: .malformedCode, checked: both) { $0.userVerdict = .invalid },
        Fault(name: "pos_param", error: .posParam, checked: both) { $0.posParam = "{}" },
        Fault(name: "quota", error: .quotaExceeded, checked: both) { $0.amountCent = 2574 },
    ]

    @Test func `a good code passes at the second of the request`() {
        let (refused, checked, acceptedAt) = Trial().run()
        #expect(refused == nil)
        #expect(checked == Self.both)
        #expect(acceptedAt == 1_516_167_400)
        #expect(Trial(now: 1_516_167_401).run().acceptedAt == 1_516_167_401)
    }

    @Test func `the same arguments give the same decision`() {
        for fault in Self.faults {
            var trial = Trial()
            fault.apply(&trial)
            #expect(trial.run().refusal == trial.run().refusal, "\(fault.name)")
        }
        #expect(Trial().run().acceptedAt == Trial().run().acceptedAt)
    }

    @Test func `each fault alone is refused by its own name`() {
        for fault in Self.faults {
            var trial = Trial()
            fault.apply(&trial)
            let (refused, checked, acceptedAt) = trial.run()
            #expect(refused == fault.error, "\(fault.name)")
            #expect(checked == fault.checked, "\(fault.name)")
            #expect(acceptedAt == nil, "\(fault.name)")
        }
    }

    @Test func `of two faults the earlier one is named`() {
        var pairs = 0
        for (index, first) in Self.faults.enumerated() {
            for second in Self.faults[(index + 1)...] {
                var trial = Trial()
                first.apply(&trial)
                second.apply(&trial)
                let (refused, checked, _) = trial.run()
                #expect(refused == first.error, "\(first.name) and \(second.name)")
                #expect(checked == first.checked, "\(first.name) and \(second.name)")
                pairs += 1
            }
        }
        #expect(pairs == 45)
    }

    @Test(
        arguments: [(.invalid, .malformedCode), (.outOfMemory, .outOfMemory), (.failed, .system)]
            as [(Verdict, PosError)])
    func `a signature that is not valid is refused, whatever keeps it from it`(verdict: Verdict, error: PosError) {
        let issuer = Trial(issuerVerdict: verdict).run()
        #expect(issuer.refusal == error)
        #expect(issuer.checked == ["verifyIssuer"])
        let user = Trial(userVerdict: verdict).run()
        #expect(user.refusal == error)
        #expect(user.checked == Self.both)
    }

    @Test func `signatures are checked with their own keys`() {
        var trial = Trial()
        trial.parts.userPublicKey[24] = 0x11
        #expect(trial.run().refusal == nil)
        // Both signatures name a key that is not the one of the trial.
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

    @Test func `an amount of 0 passes whatever the quota`() {
        for quota in [0, 1, 65535] as [UInt16] {
            #expect(Trial(parts: CodeParts(quotaCent: quota), amountCent: 0).run().refusal == nil)
        }
    }

    @Test func `a clock that cannot be read is a fault of the system, before any time is compared`() {
        var trial = Trial(now: nil)
        #expect(trial.run().refusal == .system)
        trial.parts.expiry = 0
        #expect(trial.run().refusal == .system)
    }

    @Test(
        arguments: [
            (#"{"pos_id":"1","type":"IN","subject":"s","record_id":"r"}"#, nil),
            (#"{"pos_id":"1","type":"OUT","subject":"s","record_id":"r"}"#, nil),
            (#"{"pos_id":"1","type":"EXIT","subject":"s","record_id":"r"}"#, .posParam),
            (#"{"pos_id":"","type":"IN","subject":"s","record_id":"r"}"#, .posParam), ("", .posParam),
        ] as [(String, PosError?)])
    func `pos_param is one of the three trips`(posParam: String, error: PosError?) {
        #expect(Trial(posParam: posParam).run().refusal == error)
    }

    @Test func `the longest pos_param passes, one byte more does not`() {
        let text = #"{"pos_id":"1","type":"SINGLE","subject":"s","record_id":"r"}"#
        let longest = text + String(repeating: " ", count: PosParam.maxCount - text.utf8.count)
        #expect(Trial(posParam: longest).run().refusal == nil)
        #expect(Trial(posParam: longest + " ").run().refusal == .posParam)
    }

    @Test func `the record is what was decided on`() throws {
        let trial = Trial(parts: CodeParts(keyID: 3), amountCent: 1234)
        let decided = trial.run().acceptedAt
        let acceptedAt = try #require(decided)
        let (code, posParam) = (trial.code, [UInt8](text: trial.posParam))
        var buffer = RecordBuffer()
        try buffer.compose(
            code: code.span, posParam: posParam.span, amountCent: trial.amountCent, acceptedAt: acceptedAt,
            version: Trial.version.span)
        var recordKey = RecordKey()
        try recordKey.sign(&buffer, by: MockBackend.self)
        let bytes = [UInt8](buffer.bytes)
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
        let (amount, recordedAt) = (record.amountCent, record.acceptedAt)
        #expect(fields == [code, posParam, Trial.version, [UInt8](expectedID), [UInt8](expectedMAC)])
        #expect(amount == 1234)
        #expect(recordedAt == 1_516_167_400)
    }

    @Test func `every bit of what a signature covers matters`() {
        let trial = Trial()
        let code = trial.code
        let signed = trial.parts.userSigned.count - trial.parts.issuerSignature.count + 22
        var refused = 0
        for bit in 0..<(8 * signed) {
            let bytes = code.setting(bit / 8, to: code[bit / 8] ^ 1 << UInt8(bit % 8))
            let outcome = trial.run(bytes).refusal
            // A mock signature begins with its verdict. A changed bit there gives another verdict, which is refused
            // too.
            if outcome != nil { refused += 1 }
            #expect(outcome != nil, "bit \(bit)")
        }
        #expect(refused == 8 * signed)
    }
}
