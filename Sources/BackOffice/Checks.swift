import TransitCode

/// The checks of a record, in the order in which they are reported.
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

/// The result of one check.
public struct Finding: Equatable, Sendable {
    /// The outcome of a check.
    public enum Outcome: Equatable, Sendable {
        case passed
        case failed(CheckFault)
        /// The check was not made: an input is missing, or an earlier check failed.
        case notChecked
    }

    public let check: Check
    public let outcome: Outcome

    /// The reason for a failure; nil when the check did not fail.
    public var fault: CheckFault? {
        if case .failed(let fault) = outcome { fault } else { nil }
    }
}

/// The reason why a check failed.
public enum CheckFault: Error, Equatable, Sendable {
    /// The record is malformed: the first bad field, its offset in the record, and the error.
    case recordStops(RecordField, offset: Int, FieldFault)
    /// The code is malformed: the first bad field, its offset in the code, and the error.
    case codeStops(CodeField, offset: Int, FieldFault)
    /// No known record key has this id.
    case recordKeyUnknown(id: [UInt8])
    /// The record is signed with the published development key. Anyone can sign with that key.
    case developmentRecordKey
    case macWrong(recordKeyID: [UInt8])
    case issuerKeyUnknown(id: UInt8)
    /// `verifiesWith`: the id of another key in the list that verifies the signature; nil when none does.
    case issuerSignatureWrong(id: UInt8, verifiesWith: UInt8?)
    case credentialExpired(expiry: UInt32, at: UInt32)
    case outsideWindow(generated: UInt32, window: UInt16, at: UInt32)
    case userSignatureWrong
    case posParamWrong
    case aboveQuota(amountCent: UInt32, quotaCent: UInt16)
    /// The cryptographic library failed. A retry may succeed.
    case cryptographyFailed
}

extension CheckFault {
    /// A stable name for machine-readable output.
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

/// A list of findings, at most one for each check.
public struct Findings: Equatable, Sendable {
    /// In the order of `Check`.
    public private(set) var all: [Finding] = []

    /// The first failed check. It names the refusal.
    public var firstFailure: Finding? { all.first { $0.fault != nil } }

    /// All failed checks, in the order of `Check`.
    public var failures: [Finding] { all.filter { $0.fault != nil } }

    /// The outcome of one check; `.notChecked` when it is not in the list.
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
