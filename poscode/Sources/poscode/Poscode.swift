import ArgumentParser
import CProcess
import Glibc

/// The command-line tool for back offices and tests. The manual page is man/poscode.1.
@main
struct Poscode: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "poscode",
        abstract: "Make, explain and check offline transit codes and their records.",
        discussion: """
            Data goes to standard output. Everything else goes to standard error. "-" means standard input or output.

            Exit status: 0 success, and the input is good; 1 the input is bad; 64 a wrong option; 65 unusable input; \
            66 a file cannot be opened; 69 a program is missing; 70 a system error; 73 a file cannot be created; \
            74 a read or write failed.
            """,
        version: "1.0.0",
        subcommands: [Keygen.self, Issue.self, Inspect.self, VerifyRecord.self, VerifySignature.self])

    static func main() {
        // The process holds private keys of issuers and operators.
        posoffline_forbid_cores()
        // A parent may have set SIGPIPE to be ignored. With the default action, the tool ends without a message when
        // the reader closes the pipe.
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
