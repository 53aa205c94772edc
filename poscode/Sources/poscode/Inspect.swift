import ArgumentParser
import BackOffice

/// The command that explains a code or a record.
struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Explain a code or a record field by field, and say what is wrong with it.",
        discussion: """
            INPUT is hex, a file, or - for standard input. A file or standard input contains hex (one code or record \
            per line), raw bytes, or a QR picture. The picture is PNG or JPEG and is read by zbarimg of zbar-tools.

            Exit status: 0 nothing is wrong; 1 something is wrong; others as in `poscode --help`.
            """)

    @Argument(help: ArgumentHelp("Hex, a file, or - for standard input.", valueName: "input"))
    var input = "-"
    @Option(help: ArgumentHelp("The issuer's key list, to check the issuer's signature.", valueName: "file"))
    var keys: String?
    @Option(
        help: ArgumentHelp("A terminal's record key in hex, to check a record. May be repeated.", valueName: "file"))
    var recordKeyFile: [String] = []
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Check a code at this time. A record is checked at its own time.", valueName: "time"))
    var at = TimeArgument.relative(0)
    @Flag(help: "Print one JSON object for each code or record.")
    var json = false

    func run() throws {
        let issuerKeys = try keys.map { path throws(Failure) in try Inputs.issuerKeys(path) }
        guard let time = at.resolved(from: Times.now) else {
            throw Failure(.usage, "--at is not a time that a code can hold (1970 to 2106)")
        }
        let recordKeys = try Inputs.recordKeys(recordKeyFile)
        let inspector: Inspector
        do throws(OfficeError) {
            inspector = try Inspector(
                codes: CodeVerifier(issuerKeys: issuerKeys),
                records: RecordVerifier(
                    issuerKeys: issuerKeys, recordKeys: recordKeys,
                    developmentKey: recordKeyFile.isEmpty ? .accepted : .refused),
                time: time)
        } catch {
            throw Failure(error, "inspect")
        }
        let items = try items()
        let out = Output()
        var isGood = true
        for (index, item) in items.enumerated() {
            let inspection = inspector.inspect(item)
            isGood = isGood && inspection.isGood
            if json {
                try out.line(inspection.json.text)
            } else {
                if index > 0 { try out.line() }
                try out.write(inspection.text)
            }
        }
        try out.flush()
        if !isGood { throw ExitCode(1) }
    }

    /// The codes and records in the input, each as bytes.
    private func items() throws(Failure) -> [[UInt8]] {
        if input == "-" {
            if Descriptor.standardInput.isTerminal {
                Diagnostics.say("reading hex from the terminal; end with Ctrl-D")
            }
            return try Self.items(in: try Files.read("-"), name: "standard input")
        }
        if Files.exists(input) { return try Self.items(in: try Files.read(input), name: input) }
        guard Inputs.isHexArgument(input) else {
            throw Failure(.noInput, "\(input.prefix(80)): neither a file nor hex")
        }
        return [try Inputs.hex(Array(input.utf8), name: "the argument")]
    }

    private static func items(in content: [UInt8], name: String) throws(Failure) -> [[UInt8]] {
        if Scanner.isPicture(content) { return [try Scanner.scan(content, name: name)] }
        let isText = content.allSatisfy { (0x20...0x7E).contains($0) || (0x09...0x0D).contains($0) }
        guard isText else { return [content] }
        var items: [[UInt8]] = []
        for (index, line) in content.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated()
        where !line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) {
            items.append(try Inputs.hex(line, name: "\(name), line \(index + 1)"))
        }
        guard !items.isEmpty else {
            throw Failure(.badInput, "\(name): empty; a code or a record in hex was expected")
        }
        return items
    }
}
