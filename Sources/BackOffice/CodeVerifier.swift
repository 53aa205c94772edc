import HostCrypto
import TransitCode
import TransitCrypto
import TransitGate

/// Checks the signatures and the times of a code. Continues after a failed check, so that the report is complete.
public struct CodeVerifier: Sendable {
    /// The issuer's keys; nil when the caller has none. Without keys, only the development issuer's signature can be
    /// verified, and any other signature is reported as not checked.
    public let issuerKeys: IssuerKeys?

    private let development: IssuerKeys

    /// Throws only when libcrypto fails.
    public init(issuerKeys: IssuerKeys?) throws(OfficeError) {
        self.issuerKeys = issuerKeys
        development = try IssuerKeys.development()
    }

    /// The findings, and whether the published development issuer signed the code.
    public struct Report: Equatable, Sendable {
        public internal(set) var findings = Findings()
        public internal(set) var isFromDevelopmentIssuer = false
    }

    /// Checks a code at a time in Unix seconds. The code may be malformed.
    public func check(_ code: [UInt8], at time: UInt32) -> Report {
        var report = Report()
        // The error is not lost: `add(malformed:)` finds where the code is malformed.
        if let parsed = try? TransitCode(code.span) {
            add(parsed, at: time, to: &report)
        } else {
            add(malformed: code, to: &report)
        }
        return report
    }

    func add(malformed bytes: [UInt8], to report: inout Report) {
        let fault = Self.stop(in: bytes)
        report.findings.add(.codeShape, fault.map { .failed($0) } ?? .notChecked)
        for check: Check in [.issuerKey, .expiry, .issuerSignature, .window, .userSignature] {
            report.findings.add(check, .notChecked)
        }
    }

    func add(_ code: borrowing TransitCode, at time: UInt32, to report: inout Report) {
        report.findings.add(.codeShape, .passed)

        let keys = issuerKeys ?? development
        let entry = keys.entry(code.issuerKeyID)
        let signature = entry.map { verdict(of: code, under: $0) }
        report.isFromDevelopmentIssuer = entry?.publicKey == development.entries[0].publicKey && signature == .valid
        let isUnknown = issuerKeys == nil && signature == .invalid

        report.findings.add(
            .issuerKey,
            isUnknown ? .notChecked : entry == nil ? .failed(.issuerKeyUnknown(id: code.issuerKeyID)) : .passed)
        report.findings.add(
            .expiry,
            time <= code.credential.expiry ? nil : .credentialExpired(expiry: code.credential.expiry, at: time))
        switch signature {
        case nil: report.findings.add(.issuerSignature, .notChecked)
        case .valid: report.findings.add(.issuerSignature, .passed)
        case .invalid where isUnknown: report.findings.add(.issuerSignature, .notChecked)
        case .invalid:
            let other = keys.entries.first { $0.id != code.issuerKeyID && verdict(of: code, under: $0) == .valid }
            report.findings.add(
                .issuerSignature, .failed(.issuerSignatureWrong(id: code.issuerKeyID, verifiesWith: other?.id)))
        case .outOfMemory, .failed: report.findings.add(.issuerSignature, .failed(.cryptographyFailed))
        }
        report.findings.add(
            .window,
            code.isInWindow(at: time)
                ? nil : .outsideWindow(generated: code.generated, window: code.credential.window, at: time))
        report.findings.add(.userSignature, userFault(of: code))
    }

    /// The field and offset where a code is malformed; nil when it is well formed.
    public static func stop(in bytes: [UInt8]) -> CheckFault? {
        Trace(code: bytes).stop.map { .codeStops($0.field, offset: $0.offset, $0.fault) }
    }

    private func verdict(of code: borrowing TransitCode, under entry: IssuerKeys.Entry) -> Verdict {
        do {
            try Gate.checkIssuerSignature(of: code, by: HostBackend.self, key: entry.key)
            return .valid
        } catch {
            return error == .malformedCode ? .invalid : .failed
        }
    }

    private func userFault(of code: borrowing TransitCode) -> CheckFault? {
        do {
            try Gate.checkUserSignature(of: code, by: HostBackend.self)
            return nil
        } catch {
            return error == .malformedCode ? .userSignatureWrong : .cryptographyFailed
        }
    }
}
