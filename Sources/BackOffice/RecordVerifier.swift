import HostCrypto
import TransitCode
import TransitCrypto
import TransitGate

/// Checks what a back office must know before it lets a record stand for money.
public struct RecordVerifier: Sendable {
    /// What to think of a record that the published development key has signed.
    public enum DevelopmentKeyPolicy: Sendable {
        /// It fails: anyone can make one.
        case refused
        /// It passes, and the report says so.
        case accepted
    }

    /// What a well-formed record says. Nothing here is true before the findings say that it is.
    public struct Summary: Equatable, Sendable {
        /// As it was scanned.
        public let code: [UInt8]
        public let posParam: [UInt8]
        public let amountCent: UInt32
        /// Unix seconds, by the gate's clock.
        public let acceptedAt: UInt32
        /// Of the library that wrote the record, ASCII.
        public let version: [UInt8]
        public let recordKeyID: [UInt8]
        /// What the code inside says; nil when it is malformed.
        public let rider: Rider?
        /// Nil when pos_param is malformed.
        public let trip: PosParam.Trip?
    }

    /// Whose code it is.
    public struct Rider: Equatable, Sendable {
        public let userID: [UInt8]
        /// Eight bytes, or none for the plain transit code.
        public let cardType: [UInt8]
        public let cardNumber: [UInt8]
        /// What both signatures fix: the same code has the same identity, whatever its signatures look like.
        public let identity: [UInt8]
        public let issuerKeyID: UInt8
        public let generated: UInt32
        public let quotaCent: UInt16
    }

    /// Everything found about one record.
    public struct Report: Equatable, Sendable {
        public let findings: Findings
        /// Nil when it is no record.
        public let summary: Summary?
        /// The published development key signed the record.
        public let hasDevelopmentRecordKey: Bool
        /// The published development issuer signed the code.
        public let hasDevelopmentIssuer: Bool

        /// Every check passed, or was left out for want of keys.
        public var isGood: Bool { findings.firstFailure == nil }

        /// Not a record at all, as against one that does not hold.
        public var isMalformed: Bool { summary == nil }
    }

    private let codes: CodeVerifier
    private let recordKeys: [(id: [UInt8], key: [UInt8])]
    private let hasRecordKeys: Bool
    private let developmentKeys: DevelopmentKeyPolicy

    /// `recordKeys`: 16 to 64 bytes each; the terminals' keys of today and of before. Nil for either kind of keys
    /// when none are at hand: what is not a development key's is then left unchecked. A back office has both.
    public init(
        issuerKeys: IssuerKeys?, recordKeys: [[UInt8]]?, developmentKey: DevelopmentKeyPolicy
    ) throws(OfficeError) {
        codes = try CodeVerifier(issuerKeys: issuerKeys)
        self.recordKeys = (recordKeys ?? []).map { (Self.id(of: $0), $0) }
        hasRecordKeys = recordKeys != nil
        developmentKeys = developmentKey
    }

    /// The four bytes by which a record names its key.
    public static func id(of recordKey: [UInt8]) -> [UInt8] {
        [UInt8](RecordKey.id(of: recordKey.span, by: HostBackend.self).span)
    }

    /// Checks one record, binary.
    public func check(_ bytes: [UInt8]) -> Report {
        guard let record = Record(bytes.span) else {
            var findings = Findings()
            findings.add(.recordShape, Self.stop(in: bytes))
            for check in Check.allCases.dropFirst() { findings.add(check, .notChecked) }
            return Report(
                findings: findings, summary: nil, hasDevelopmentRecordKey: false, hasDevelopmentIssuer: false)
        }
        var report = CodeVerifier.Report()
        report.findings.add(.recordShape, .passed)
        let hasDevelopmentKey = addMAC(of: record, to: &report.findings)
        let code = [UInt8](record.code)
        var rider: Rider?
        if let parsed = try? TransitCode(record.code) {
            codes.add(parsed, at: record.acceptedAt, to: &report)
            rider = Self.rider(of: parsed)
        } else {
            codes.add(malformed: code, to: &report)
        }
        let trip = try? PosParam.check(record.posParam)
        report.findings.add(.posParam, trip == nil ? .posParamWrong : nil)
        if let quota = rider?.quotaCent {
            report.findings.add(
                .quota,
                record.amountCent <= UInt32(quota)
                    ? nil : .aboveQuota(amountCent: record.amountCent, quotaCent: quota))
        } else {
            report.findings.add(.quota, .notChecked)
        }
        let summary = Summary(
            code: code, posParam: [UInt8](record.posParam), amountCent: record.amountCent,
            acceptedAt: record.acceptedAt, version: [UInt8](record.version), recordKeyID: [UInt8](record.keyID),
            rider: rider, trip: trip)
        return Report(
            findings: report.findings, summary: summary, hasDevelopmentRecordKey: hasDevelopmentKey,
            hasDevelopmentIssuer: report.isFromDevelopmentIssuer)
    }

    /// Checks the key id and the MAC; tells whether the development key made it.
    private func addMAC(of record: borrowing Record, to findings: inout Findings) -> Bool {
        let id = [UInt8](record.keyID)
        let mac = [UInt8](record.mac)
        // Two keys may share an id of four bytes; one of them has to fit.
        let candidates = recordKeys.filter { $0.id == id }.map(\.key)
        for key in candidates where Self.mac(of: record, under: key, is: mac) {
            findings.add(.recordKey, key == DevelopmentKeys.record ? developmentOutcome : .passed)
            findings.add(.mac, .passed)
            return key == DevelopmentKeys.record
        }
        if !candidates.isEmpty {
            findings.add(.recordKey, .passed)
            findings.add(.mac, .failed(.macWrong(recordKeyID: id)))
            return false
        }
        let development = DevelopmentKeys.record
        guard id == Self.id(of: development) else {
            findings.add(.recordKey, hasRecordKeys ? .failed(.recordKeyUnknown(id: id)) : .notChecked)
            findings.add(.mac, .notChecked)
            return false
        }
        let isSigned = Self.mac(of: record, under: development, is: mac)
        findings.add(.recordKey, developmentOutcome)
        findings.add(.mac, isSigned ? .passed : .failed(.macWrong(recordKeyID: id)))
        return isSigned
    }

    private var developmentOutcome: Finding.Outcome {
        developmentKeys == .accepted ? .passed : .failed(.developmentRecordKey)
    }

    private static func mac(of record: borrowing Record, under key: [UInt8], is mac: [UInt8]) -> Bool {
        let expected = HostBackend.hmacSHA256(key: key.span, message: record.authenticated)
        return Libcrypto.isEqualInConstantTime([UInt8](expected.span), mac)
    }

    private static func rider(of code: borrowing TransitCode) -> Rider {
        let credential = code.credential
        var identity = [UInt8](credential.bytes)
        identity.append(bigEndian: code.generated)
        return Rider(
            userID: [UInt8](credential.userID),
            cardType: (0..<credential.cardType.textCount).map { credential.cardType[$0] },
            cardNumber: [UInt8](credential.cardNumber), identity: identity, issuerKeyID: code.issuerKeyID,
            generated: code.generated, quotaCent: credential.quotaCent)
    }

    /// Where bytes that are no record stop being one; nil for a record.
    public static func stop(in bytes: [UInt8]) -> CheckFault? {
        Trace(record: bytes).stop.map { .recordStops($0.field, offset: $0.offset, $0.fault) }
    }
}
