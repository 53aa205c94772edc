import TransitCode

/// What a back office checks of a record, in the order in which it reports.
public enum Check: String, CaseIterable, Sendable {
    case recordShape = "record-shape"
    case recordKey = "record-key"
    case mac = "mac"
    case codeShape = "code-shape"
    case issuerKey = "issuer-key"
    case expiry = "expiry"
    case issuerSignature = "issuer-signature"
    case window = "window"
    case userSignature = "user-signature"
    case posParam = "pos-param"
    case quota = "quota"
}

/// What one check found.
public struct Finding: Equatable, Sendable {
    /// How a check ended.
    public enum Outcome: Equatable, Sendable {
        case passed
        case failed(CheckFault)
        /// What it needs is missing or failed before it.
        case notChecked
    }

    public let check: Check
    public let outcome: Outcome

    /// Why it failed; nil when it did not.
    public var fault: CheckFault? {
        if case .failed(let fault) = outcome { fault } else { nil }
    }
}

/// Why a check failed.
public enum CheckFault: Error, Equatable, Sendable {
    /// Where a record stops being one.
    case recordStops(RecordField, offset: Int, FieldFault)
    /// Where a code stops being one; the offset is the code's own.
    case codeStops(CodeField, offset: Int, FieldFault)
    /// No key at hand has this id.
    case recordKeyUnknown(id: [UInt8])
    /// Signed with the published key, which anyone can do.
    case developmentRecordKey
    case macWrong(recordKeyID: [UInt8])
    case issuerKeyUnknown(id: UInt8)
    /// `verifiesWith`: another key of the list that does verify it.
    case issuerSignatureWrong(id: UInt8, verifiesWith: UInt8?)
    case credentialExpired(expiry: UInt32, at: UInt32)
    case outsideWindow(generated: UInt32, window: UInt16, at: UInt32)
    case userSignatureWrong
    case posParamWrong
    case aboveQuota(amountCent: UInt32, quotaCent: UInt16)
    /// The cryptographic library failed; try again.
    case cryptographyFailed
}

extension CheckFault {
    /// A stable name for machines.
    public var name: String {
        switch self {
        case .recordStops: "malformed-record"
        case .codeStops: "malformed-code"
        case .recordKeyUnknown: "unknown-record-key"
        case .developmentRecordKey: "development-record-key"
        case .macWrong: "wrong-mac"
        case .issuerKeyUnknown: "unknown-issuer-key"
        case .issuerSignatureWrong: "wrong-issuer-signature"
        case .credentialExpired: "credential-expired"
        case .outsideWindow: "outside-window"
        case .userSignatureWrong: "wrong-user-signature"
        case .posParamWrong: "wrong-pos-param"
        case .aboveQuota: "above-quota"
        case .cryptographyFailed: "cryptography-failed"
        }
    }
}

/// A list of findings, every check once.
public struct Findings: Equatable, Sendable {
    /// In the order of `Check`.
    public private(set) var all: [Finding] = []

    /// The first thing wrong, by which a refusal is named.
    public var firstFailure: Finding? { all.first { $0.fault != nil } }

    /// Everything wrong, in order.
    public var failures: [Finding] { all.filter { $0.fault != nil } }

    /// How one check ended; not checked when it is not in the list.
    public subscript(check: Check) -> Finding.Outcome {
        all.first { $0.check == check }?.outcome ?? .notChecked
    }

    mutating func add(_ check: Check, _ outcome: Finding.Outcome) {
        all.append(Finding(check: check, outcome: outcome))
    }

    mutating func add(_ check: Check, _ fault: CheckFault?) {
        add(check, fault.map { .failed($0) } ?? .passed)
    }
}
