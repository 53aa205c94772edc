import ArgumentParser
import CProcess
import Foundation
import GatewayText
import PlatformAPI
import Storage
import BackOffice

/// The payment platform's interfaces on one machine. docs/gateway.md is its manual.
@main
struct Posgateway: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "posgateway",
        abstract:
            "The payment platform's transit interfaces on one machine: keys, records, settlements, cards, riders.",
        version: "1.0.0",
        subcommands: [Serve.self, Keygen.self, ExportIssuerKeys.self, AuditLedger.self, Plans.self],
        defaultSubcommand: Serve.self)

    static func main() async {
        // Every command has keys in memory.
        posoffline_forbid_cores()
        await main(nil)
    }
}

/// A merchant's key pair.
struct Keygen: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a merchant's RSA key pair in every form that the SDKs want.",
        discussion: "Paste the public key into the console; give the private one to the SDK.")

    @Argument(help: "A directory to make; it must not exist yet.")
    var directory: String

    func run() throws {
        guard !FileManager.default.fileExists(atPath: directory) else {
            throw Failure("\(directory) exists; keys are never overwritten")
        }
        let files = try DataDirectory(making: directory)
        let forms = PrivateKeyForms(key: try RSAPrivateKey())
        for (name, text) in forms.files {
            try files.write(text, to: directory + "/" + name)
            print(directory + "/" + name)
        }
    }
}

/// The issuer's private keys, for poscode.
struct ExportIssuerKeys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "issuer-keys",
        abstract: "Print the issuer's private keys, as `poscode issue --issuer-keys` reads them. Secret.")

    @Option(help: ArgumentHelp("The gateway's data directory.", valueName: "directory"))
    var data = "posgateway-data"

    func run() async throws {
        let rows = try await DataDirectory(data).reading().issuerKeys()
        // The active key comes first: poscode signs with the first.
        let sorted = rows.filter { $0.state == .active } + rows.filter { $0.state == .published }
        print(
            IssuerKeyFile(keys: try sorted.map { ($0.id, try SigningKey(scalar: $0.scalar, on: .secp256k1)) }).text,
            terminator: "")
    }
}

/// Checks the ledger.
struct AuditLedger: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract:
            "Check that no money appeared, vanished, moved twice or went to somebody else. Exit status 1 when some did.",
        discussion: "The gateway may go on running.")

    @Option(help: ArgumentHelp("The gateway's data directory.", valueName: "directory"))
    var data = "posgateway-data"

    func run() throws {
        let audit: Audit
        do { audit = try Audit(DataDirectory(data).reading()) } catch {
            guard error is AuditError || StoreError(error) == .damaged else { throw error }
            let advice = error is AuditError ? "" : "; \(StoreError.damaged.advice)"
            print(JSON.object(["faults": .array([.string("\(error)\(advice)".oneLine)])]).text)
            throw ExitCode(1)
        }
        print(
            JSON.object([
                "trades": .integer(audit.trades), "settled_trades": .integer(audit.settledTrades),
                "transfers": .integer(audit.transfers), "accounts": .integer(audit.accounts),
                "settled_codes": .integer(audit.settledCodes), "sum_cent": .integer(audit.sumCent),
                "faults": .array(audit.faults.map { .string($0) }),
            ]).text)
        if !audit.faults.isEmpty { throw ExitCode(1) }
    }
}

/// Prints the plans of all statements.
struct Plans: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print how SQLite runs each statement. Exit status 1 when a hot one reads a whole table.")

    @Option(help: ArgumentHelp("The gateway's data directory.", valueName: "directory"))
    var data = "posgateway-data"

    func run() throws {
        var isBad = false
        for (statement, steps) in try DataDirectory(data).reading().plans() {
            // "SCAN x USING INDEX" reads rows in an index's order, and stops at the limit.
            let scans = steps.contains { $0.hasPrefix("SCAN") && !$0.contains("USING") }
            let isFault = statement.isHot && scans
            isBad = isBad || isFault
            let name = "\(statement)"
            print(
                "\(isFault ? "SCANS" : statement.isHot ? "hot  " : "     ") \(name): \(steps.joined(separator: "; "))")
        }
        if isBad { throw ExitCode(1) }
    }
}
