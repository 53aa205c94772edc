import ArgumentParser
import CProcess
import Glibc

/// The tool for everyone who is not a gate. Its manual page is man/poscode.1.
@main
struct Poscode: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "poscode",
        abstract: "Make, explain and check offline transit codes and the records of them.",
        discussion: """
            Data goes to standard output, everything else to standard error. "-" names standard input or output.

            Exit status: 0 done, and what was examined is good; 1 what was examined is bad; 64 a wrong option; \
            65 unusable input; 66 a file that cannot be read; 69 a missing program; 70 a fault of the system; \
            73 a file that cannot be made; 74 a failed read or write.
            """,
        version: "1.0.0",
        subcommands: [Keygen.self, Issue.self, Inspect.self, VerifyRecord.self, VerifySignature.self])

    static func main() {
        // It has issuers' and operators' keys.
        posoffline_forbid_cores()
        // A parent may have it ignored; a reader that goes away ends this program in silence either way.
        signal(SIGPIPE, SIG_DFL)
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let failure as Failure {
            Diagnostics.say(failure.message)
            Glibc.exit(failure.status.rawValue)
        } catch {
            exit(withError: error)
        }
    }
}
