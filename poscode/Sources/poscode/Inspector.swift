import BackOffice
import TransitCode
import TransitCrypto

/// Explains codes and records one by one.
struct Inspector {
    let codes: CodeVerifier
    let records: RecordVerifier
    /// The time at which codes are checked, in Unix seconds.
    let time: UInt32

    func inspect(_ bytes: [UInt8]) -> Inspection {
        if Explanation.looksLikeRecord(bytes) {
            let report = records.check(bytes)
            return Inspection(
                bytes: bytes, kind: .record, explanation: Explanation(record: bytes), findings: report.findings,
                time: report.summary?.acceptedAt, hasDevelopmentIssuer: report.hasDevelopmentIssuer,
                hasDevelopmentRecordKey: report.hasDevelopmentRecordKey, issuerKeys: codes.issuerKeys)
        }
        let report = codes.check(bytes, at: time)
        return Inspection(
            bytes: bytes, kind: .code, explanation: Explanation(code: bytes), findings: report.findings, time: time,
            hasDevelopmentIssuer: report.isFromDevelopmentIssuer, hasDevelopmentRecordKey: false,
            issuerKeys: codes.issuerKeys)
    }
}

/// The result for one code or record.
struct Inspection {
    enum Kind: String { case code, record }

    let bytes: [UInt8]
    let kind: Kind
    let explanation: Explanation
    let findings: Findings
    /// The time at which the code was checked; nil for a record, which contains its time.
    let time: UInt32?
    let hasDevelopmentIssuer: Bool
    let hasDevelopmentRecordKey: Bool
    let issuerKeys: IssuerKeys?

    var isGood: Bool { findings.firstFailure == nil }

    // MARK: For people

    var text: String {
        var text = "\(kind == .code ? "Code" : "Record"), \(bytes.count.count("byte"))\n\n"
        text += "offset  size  field                      value\n"
        for field in explanation.fields {
            let label = String(repeating: "  ", count: field.depth) + field.name.label
            text += "\(field.offset)".rightAligned(to: 6) + "\(field.bytes.count)".rightAligned(to: 6) + "  "
            text += label.padded(to: 25) + "  " + field.text + "\n"
        }
        if let stop = explanation.stop {
            text += "\(stop.offset)".rightAligned(to: 6) + "      " + "  " + stop.name.label.padded(to: 25)
            text += "  <-- stops here: \(stop.fault.text)\n"
        }
        text += "\n"
        if let time { text += "Judged as of \(Times.text(time))\n" }
        for finding in findings.all where isWorthSaying(finding) {
            text += "  " + word(for: finding).padded(to: 13) + finding.check.label.padded(to: 18) + note(on: finding)
            while text.last == " " { text.removeLast() }
            text += "\n"
        }
        let failures = findings.failures.count
        let unchecked = findings.all.contains { $0.outcome == .notChecked }
        text +=
            failures > 0
            ? "\(failures == 1 ? "One thing is" : "\(failures) things are") wrong.\n"
            : unchecked ? "Nothing is wrong as far as it was checked.\n" : "Nothing is wrong.\n"
        return text
    }

    /// Whether a finding is printed. After a malformed input, the checks that were not made are left out.
    private func isWorthSaying(_ finding: Finding) -> Bool {
        finding.outcome != .notChecked || findings[.codeShape] == .passed
            || findings[.recordShape] == .passed && (finding.check == .recordKey || finding.check == .mac)
    }

    private func word(for finding: Finding) -> String {
        switch finding.outcome {
        case .passed: "ok"
        case .failed: "WRONG"
        case .notChecked: "not checked"
        }
    }

    private func note(on finding: Finding) -> String {
        if let fault = finding.fault { return fault.text(keys: issuerKeys) }
        switch (finding.check, finding.outcome) {
        case (.issuerSignature, .notChecked) where issuerKeys == nil:
            return "not by the development issuer; give the issuer's key list with --keys"
        case (.recordKey, .notChecked): return "give the terminal's key with --record-key-file"
        case (.issuerSignature, .passed) where hasDevelopmentIssuer: return "BY THE PUBLISHED DEVELOPMENT ISSUER KEY"
        case (.mac, .passed) where hasDevelopmentRecordKey: return "BY THE PUBLISHED DEVELOPMENT KEY: proves nothing"
        default: return ""
        }
    }

    // MARK: For machines

    var json: JSONValue {
        .object([
            ("kind", .string(kind.rawValue)),
            ("size", .number(bytes.count)),
            ("hex", .string(bytes.hex)),
            ("well_formed", .bool(explanation.stop == nil)),
            ("good", .bool(isGood)),
            ("judged_at", .optional(time.map { Int($0) })),
            ("development_issuer", .bool(hasDevelopmentIssuer)),
            ("development_record_key", .bool(hasDevelopmentRecordKey)),
            ("fields", .array(explanation.fields.map(\.json))),
            ("stop", explanation.stop.map(\.json) ?? .null),
            ("findings", findings.json(keys: issuerKeys)),
        ])
    }
}

extension Findings {
    func json(keys: IssuerKeys?) -> JSONValue {
        .array(
            all.map { finding in
                switch finding.outcome {
                case .passed: .object([("check", .string(finding.check.rawValue)), ("outcome", .string("passed"))])
                case .notChecked:
                    .object([("check", .string(finding.check.rawValue)), ("outcome", .string("not-checked"))])
                case .failed(let fault):
                    .object([
                        ("check", .string(finding.check.rawValue)), ("outcome", .string("failed")),
                        ("fault", .string(fault.name)), ("message", .string(fault.text(keys: keys))),
                    ])
                }
            })
    }
}

extension Explanation.Stop {
    fileprivate var json: JSONValue {
        .object([
            ("field", .string(name.text)), ("offset", .number(offset)), ("fault", .string(fault.name)),
            ("message", .string(fault.text)),
        ])
    }
}

extension Explanation.Field {
    fileprivate var json: JSONValue {
        let value: JSONValue =
            switch value {
            case .number(let number): .number(Int(clamping: number))
            case .length(let count): .number(count)
            case .time(let time): .number(Int(time))
            case .seconds(let seconds): .number(Int(seconds))
            case .cents(let cents): .number(Int(cents))
            case .text(let text): .string(text)
            case .plainCardType: .string("")
            case .bytes: .string(bytes.hex)
            case .publicKey(let isOnCurve): .object([("on_curve", .bool(isOnCurve))])
            case .signature(let r, let s): .object([("r", .string(r.hex)), ("s", .string(s.hex))])
            case .malformedSignature: .null
            }
        return .object([
            ("name", .string(name.text)), ("offset", .number(offset)), ("size", .number(bytes.count)),
            ("depth", .number(depth)), ("hex", .string(bytes.hex)), ("value", value),
        ])
    }

    fileprivate var text: String {
        switch value {
        case .number(let number): "\(number)"
        case .length(let count): name == .record(.head) ? "format 3, \(count.count("byte")) follow" : "\(count)"
        case .time(let time): Times.text(time)
        case .seconds(let seconds): "\(seconds) s"
        case .cents(let cents): "\(cents.yuan) (\(cents) cents)"
        case .text(let text): text.isEmpty ? "(empty)" : Array(text.utf8).safeText
        case .plainCardType: "eight NULs: the plain transit code (ANT00001)"
        case .bytes: name == .record(.code) ? "(below)" : bytes.isEmpty ? "(empty)" : bytes.hex
        case .publicKey(let isOnCurve): bytes.hex + (isOnCurve ? "" : " NOT A POINT OF secp192k1")
        case .signature(let r, let s): "r \(r.hex)\n" + String(repeating: " ", count: 41) + "s \(s.hex)"
        case .malformedSignature: "\(bytes.isEmpty ? "(empty)" : bytes.hex) NOT STRICT DER"
        }
    }
}
