import HostCrypto
import TransitCode
import TransitCrypto
import TransitGate

/// Makes the checks that a back office needs before it charges for a record.
public struct RecordVerifier: Sendable {
    /// How a record is treated that is signed with the published development key.
    public enum DevelopmentKeyPolicy: Sendable {
        /// The check fails, because anyone can sign such a record.
        case refused
        /// The check passes, and the report mentions the key.
        case accepted
    }

    /// The contents of a well-formed record. They are not authenticated: the findings say whether the signatures hold.
    public struct Summary: Equatable, Sendable {
        /// The code as it was scanned.
        public let code: [UInt8]
        public let posParam: [UInt8]
        public let amountCent: UInt32
        /// When the gate accepted the code, in Unix seconds of the gate's clock.
        public let acceptedAt: UInt32
        /// The version of the library that wrote the record, in ASCII.
        public let version: [UInt8]
        public let recordKeyID: [UInt8]
        /// The contents of the code; nil when the code is malformed.
        public let rider: Rider?
        /// The contents of pos_param; nil when it is malformed.
        public let trip: PosParam.Trip?
    }

    /// The rider and the card in the code.
    public struct Rider: Equatable, Sendable {
        public let userID: [UInt8]
        /// Eight bytes; empty for the plain transit code.
        public let cardType: [UInt8]
        public let cardNumber: [UInt8]
        /// The replay identity, from the signed fields. It does not depend on the signature bytes: re-encoded
        /// signatures give the same identity.
        public let identity: [UInt8]
        public let issuerKeyID: UInt8
        public let generated: UInt32
        public let quotaCent: UInt16
    }

    /// The result for one record.
    public struct Report: Equatable, Sendable {
        public let findings: Findings
        /// Nil when the input is not a record.
        public let summary: Summary?
        /// Whether the record is signed with the published development key.
        public let hasDevelopmentRecordKey: Bool
        /// Whether the published development issuer signed the code.
        public let hasDevelopmentIssuer: Bool

        /// Whether no check failed. Checks that were not made for lack of keys do not count.
        public var isGood: Bool { findings.firstFailure == nil }

        /// Whether the input is not a well-formed record.
        public var isMalformed: Bool { summary == nil }
    }

    private let codes: CodeVerifier
    private let recordKeys: [(id: [UInt8], key: [UInt8])]
    private let hasRecordKeys: Bool
    private let developmentKeys: DevelopmentKeyPolicy

    /// `recordKeys`: the current and earlier keys of the terminals, 16 to 64 bytes each. An argument of nil means that
    /// the caller has no keys of that kind. Then only signatures by development keys are checked. A back office must
    /// pass both.
    public init(
        issuerKeys: IssuerKeys?, recordKeys: [[UInt8]]?, developmentKey: DevelopmentKeyPolicy
    ) throws(OfficeError) {
        codes = try CodeVerifier(issuerKeys: issuerKeys)
        self.recordKeys = (recordKeys ?? []).map { (Self.id(of: $0), $0) }
        hasRecordKeys = recordKeys != nil
        developmentKeys = developmentKey
    }

    /// The key id in a record: four bytes, derived from the key.
    public static func id(of recordKey: [UInt8]) -> [UInt8] {
        [UInt8](RecordKey.id(of: recordKey.span, by: HostBackend.self).span)
    }

    /// Checks one record in binary form.
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
        // The error is not lost: `add(malformed:)` finds where the code is malformed.
        if let parsed = try? TransitCode(record.code) {
            codes.add(parsed, at: record.acceptedAt, to: &report)
            rider = Self.rider(of: parsed)
        } else {
            codes.add(malformed: code, to: &report)
        }
        // There is one error only, and the finding names it.
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

    /// Checks the key id and the MAC. Returns whether the record is signed with the development key.
    private func addMAC(of record: borrowing Record, to findings: inout Findings) -> Bool {
        let id = [UInt8](record.keyID)
        let mac = [UInt8](record.mac)
        // Two keys may have the same four-byte id. The record is good when one of them verifies the MAC.
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

    /// The field and offset where a record is malformed; nil for a well-formed record.
    public static func stop(in bytes: [UInt8]) -> CheckFault? {
        Trace(record: bytes).stop.map { .recordStops($0.field, offset: $0.offset, $0.fault) }
    }
}
