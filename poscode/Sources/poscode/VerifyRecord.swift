import ArgumentParser
import BackOffice
import TransitCode

/// The command that makes the checks of a back office on records.
struct VerifyRecord: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check records: shape, record key id, MAC, both signatures, times, pos_param and quota.",
        discussion: """
            INPUT is a file with one record in hex per line, one record in hex, or - for standard input. Empty lines \
            are ignored.

            Without --keys every code must be signed by the published development issuer. Without --record-key-file \
            every record must be signed with the published development key. Use this only for tests.

            Exit status: 0 every record is good; 1 a record is bad; others as in `poscode --help`.
            """)

    @Argument(help: ArgumentHelp("Files, records in hex, or - for standard input.", valueName: "input"))
    var inputs: [String] = ["-"]
    @Option(help: ArgumentHelp("The issuer's key list.", valueName: "file"))
    var keys: String?
    @Option(help: ArgumentHelp("A terminal's record key in hex. May be repeated.", valueName: "file"))
    var recordKeyFile: [String] = []
    @Flag(help: "With --record-key-file, accept the published development key as well.")
    var allowDevelopmentKey = false
    @Flag(help: "Print one JSON object per record.")
    var json = false
    @Flag(name: .shortAndLong, help: "Print only bad records and the summary.")
    var quiet = false

    func run() throws {
        let issuerKeys: IssuerKeys
        if let keys {
            issuerKeys = try Inputs.issuerKeys(keys)
        } else {
            issuerKeys = try Inputs.developmentIssuerKeys()
        }
        let recordKeys = try Inputs.recordKeys(recordKeyFile)
        let verifier: RecordVerifier
        do throws(OfficeError) {
            verifier = try RecordVerifier(
                issuerKeys: issuerKeys, recordKeys: recordKeys ?? [],
                developmentKey: recordKeys == nil || allowDevelopmentKey ? .accepted : .refused)
        } catch {
            throw Failure(error, "verify-record")
        }

        var tally = Tally()
        let out = Output()
        var progress = Progress("records")
        do {
            for input in inputs {
                try forEachRecord(in: input) { place, bytes throws(Failure) in
                    let report = verifier.check(bytes)
                    tally.add(report)
                    progress.update(tally.count)
                    if json {
                        try out.line(Self.json(report, place, issuerKeys).text)
                    } else if !quiet || !report.isGood {
                        try out.line(Self.text(report, place, issuerKeys))
                    }
                }
            }
        } catch {
            progress.finish()
            try out.flush()
            throw error
        }
        progress.finish()
        guard tally.count > 0 else { throw Failure(.badInput, "no record found in the input") }
        if !json { try out.line(tally.text) }
        try out.flush()
        tally.warn()
        if tally.bad > 0 { throw ExitCode(1) }
    }

    private func forEachRecord(in input: String, _ body: (Place, [UInt8]) throws(Failure) -> Void) throws(Failure) {
        if input != "-", !Files.exists(input) {
            guard Inputs.isHexArgument(input) else {
                throw Failure(.noInput, "\(input.prefix(80)): neither a file nor hex")
            }
            return try body(
                Place(input: "argument", line: nil), try Inputs.hex(Array(input.utf8), name: "the argument"))
        }
        let name = input == "-" ? "standard input" : input
        let file = input == "-" ? Descriptor.standardInput : try Files.open(input)
        defer { if input != "-" { file.close() } }
        var lines = LineReader(file, name: name)
        while let line = try lines.next() {
            guard !line.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) else { continue }
            let bytes = try Inputs.hex(line, name: "\(name), line \(lines.number)")
            try body(Place(input: input, line: lines.number), bytes)
        }
    }

    /// Where a record was read: the input and the line.
    private struct Place {
        let input: String
        let line: Int?

        var text: String { line.map { "\(input == "-" ? "line " : input + ":")\($0)" } ?? input }
    }

    private static func text(_ report: RecordVerifier.Report, _ place: Place, _ keys: IssuerKeys) -> String {
        var text = "\(place.text): \(report.isGood ? "good" : "BAD")"
        if let summary = report.summary {
            if let rider = summary.rider { text += ", \(rider.userID.safeText)" }
            text += ", \(summary.trip?.name ?? "no trip type"), \(summary.amountCent.yuan)"
            text += ", \(Times.text(summary.acceptedAt))"
        }
        if report.hasDevelopmentRecordKey { text += ", DEVELOPMENT KEY" }
        if report.hasDevelopmentIssuer { text += ", DEVELOPMENT ISSUER" }
        for finding in report.findings.failures {
            text += "\n    \(finding.check.label): \(finding.fault.map { $0.text(keys: keys) } ?? "")"
        }
        return text
    }

    private static func json(_ report: RecordVerifier.Report, _ place: Place, _ keys: IssuerKeys) -> JSONValue {
        let summary = report.summary
        let rider = summary?.rider
        return .object([
            ("input", .string(place.input)),
            ("line", .optional(place.line)),
            ("good", .bool(report.isGood)),
            ("first_failure", .optional(report.findings.firstFailure?.check.rawValue)),
            ("uid", .optional(rider?.userID.safeText)),
            ("card_type", .optional(rider?.cardType.safeText)),
            ("card_no", .optional(rider?.cardNumber.safeText)),
            ("amount_cent", .optional(summary.map { Int($0.amountCent) })),
            ("accepted", .optional(summary.map { Int($0.acceptedAt) })),
            ("trip", .optional(summary?.trip?.name)),
            ("record_key_id", .optional(summary?.recordKeyID.hex)),
            ("development_issuer", .bool(report.hasDevelopmentIssuer)),
            ("development_record_key", .bool(report.hasDevelopmentRecordKey)),
            ("findings", report.findings.json(keys: keys)),
        ])
    }

    /// Counts the results for the summary.
    private struct Tally {
        var count = 0
        var bad = 0
        var developmentKey = 0
        var developmentIssuer = 0

        mutating func add(_ report: RecordVerifier.Report) {
            count += 1
            if !report.isGood { bad += 1 }
            if report.hasDevelopmentRecordKey { developmentKey += 1 }
            if report.hasDevelopmentIssuer { developmentIssuer += 1 }
        }

        var text: String { "\(count.count("record")): \(count - bad) good, \(bad) bad" }

        func warn() {
            if developmentKey > 0 {
                Diagnostics.say(
                    "WARNING: \(developmentKey.count("record")) signed with the PUBLISHED DEVELOPMENT KEY. Anyone "
                        + "can make such records: they prove nothing. Set a record key on the terminals.")
            }
            if developmentIssuer > 0 {
                Diagnostics.say(
                    "WARNING: \(developmentIssuer.count("code")) signed by the PUBLISHED DEVELOPMENT ISSUER. Anyone "
                        + "can make such codes. Give the issuer's key list with --keys.")
            }
        }
    }
}
