import ArgumentParser
import Configuration
import Foundation
import SystemPackage

/// What an operator can set. A flag comes before the environment (POSGATEWAY_HOST), which comes before the file ("host").
struct Settings: Sendable {
    var data: String
    var host: String
    var port: Int
    var console: ConsoleAccess
    var tlsCertificate: String?
    var tlsKey: String?
    var limits: SettlementLimits
    var codeWindow: UInt16
    var codeQuotaCent: UInt16
    var utcOffset: Int
    var acceptsDevelopmentKey: Bool
    var logLevel: String

    /// From where the console can be reached.
    enum ConsoleAccess: String, CaseIterable, ExpressibleByArgument, Sendable {
        case local, any, off
    }
}

/// The flags of `serve`, and how they become settings.
struct SettingsOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A JSON file of settings.", valueName: "file"))
    var config: String?
    @Option(help: ArgumentHelp("Where everything is kept (default: ./posgateway-data).", valueName: "directory"))
    var data: String?
    @Option(help: ArgumentHelp("The address to listen on (default: 127.0.0.1).", valueName: "address"))
    var host: String?
    @Option(help: ArgumentHelp("The port to listen on (default: 8080; 0: any that is free).", valueName: "number"))
    var port: Int?
    @Option(help: "From where the console can be reached: local, any or off (default: local).")
    var console: Settings.ConsoleAccess?
    @Option(help: ArgumentHelp("Serve TLS with this certificate chain, PEM.", valueName: "file"))
    var tlsCertificate: String?
    @Option(help: ArgumentHelp("The certificate's private key, PEM.", valueName: "file"))
    var tlsKey: String?
    @Option(help: ArgumentHelp("How old a trade may be (default: 5).", valueName: "days"))
    var settlementDays: Int?
    @Option(help: ArgumentHelp("What one ride may cost (default: 2000).", valueName: "cents"))
    var rideCap: Int?
    @Option(help: ArgumentHelp("How long a rider's code is good (default: 60).", valueName: "seconds"))
    var codeWindow: Int?
    @Option(help: ArgumentHelp("The quota in a rider's code (default: 2000).", valueName: "cents"))
    var codeQuota: Int?
    @Option(help: ArgumentHelp("The interfaces' time zone, hours from UTC (default: 8).", valueName: "hours"))
    var utcOffset: Int?
    @Flag(help: "Take records that the published development record key has signed. Never where money is at stake.")
    var acceptDevelopmentKey = false
    @Option(help: ArgumentHelp("trace, debug, info, notice, warning or error (default: info).", valueName: "level"))
    var logLevel: String?

    func settings() async throws -> Settings {
        var providers: [any ConfigProvider] = [
            EnvironmentVariablesProvider().prefixKeys(with: "posgateway")
        ]
        if let config {
            guard FileManager.default.isReadableFile(atPath: config) else {
                throw ValidationError("--config: \(config) cannot be read.")
            }
            do {
                providers.append(try await FileProvider<JSONSnapshot>(filePath: FilePath(config)))
            } catch {
                throw ValidationError("--config: \(config) is not a JSON object of settings.")
            }
        }
        let reader = ConfigReader(providers: providers)
        func text(_ flag: String?, _ key: ConfigKey) -> String? { flag ?? reader.string(forKey: key) }
        func number(_ flag: Int?, _ key: ConfigKey, _ name: String, _ range: ClosedRange<Int>, _ fallback: Int) throws
            -> Int
        {
            // Read as text, so that what is no number is refused and not passed over.
            let given = flag ?? reader.int(forKey: key)
            if given == nil, let wrong = reader.string(forKey: key) {
                throw ValidationError("\(name) is \"\(wrong)\" and has to be a number.")
            }
            let value = given ?? fallback
            guard range.contains(value) else {
                throw ValidationError("\(name) has to be from \(range.lowerBound) to \(range.upperBound).")
            }
            return value
        }
        var access = console
        if access == nil, let word = reader.string(forKey: "console") {
            guard let known = Settings.ConsoleAccess(rawValue: word) else {
                throw ValidationError("console has to be local, any or off.")
            }
            access = known
        }
        let certificate = text(tlsCertificate, "tls.certificate")
        let key = text(tlsKey, "tls.key")
        guard (certificate == nil) == (key == nil) else {
            throw ValidationError("TLS needs both: --tls-certificate and --tls-key.")
        }
        return Settings(
            data: text(data, "data") ?? "posgateway-data",
            host: text(host, "host") ?? "127.0.0.1",
            port: try number(port, "port", "port", 0...65535, 8080),
            console: access ?? .local,
            tlsCertificate: certificate, tlsKey: key,
            limits: SettlementLimits(
                days: try number(settlementDays, "settlement.days", "settlement days", 1...365, 5),
                rideCapCent: Int64(try number(rideCap, "ride.cap", "ride cap", 1...1_000_000, 2000))),
            codeWindow: UInt16(try number(codeWindow, "code.window", "code window", 10...3600, 60)),
            codeQuotaCent: UInt16(try number(codeQuota, "code.quota", "code quota", 1...65535, 2000)),
            utcOffset: try number(utcOffset, "utc.offset", "utc offset", -12...14, 8) * 3600,
            acceptsDevelopmentKey: acceptDevelopmentKey || reader.bool(forKey: "accept.development.key", default: false),
            logLevel: text(logLevel, "log.level") ?? "info")
    }
}
