import ArgumentParser
import ConnectionLimits
import Configuration
import Settlement
import SystemPackage
import Web

/// What an operator can set. A flag comes before the environment (POSGATEWAY_HOST), which comes before the file ("host").
struct Settings: Sendable {
    var data: String
    var host: String
    var port: Int
    /// What browsers call the gateway, besides its addresses.
    var names: [String]
    var console: ConsoleAccess
    var tlsCertificate: String?
    var tlsKey: String?
    var limits: SettlementLimits
    var code: CodeTerms
    var utcOffset: Int
    var acceptsDevelopmentKey: Bool
    var logLevel: String
    var connections: Connections.Limits
}

extension ConsoleAccess: ExpressibleByArgument {}

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
    @Option(
        help: ArgumentHelp(
            "What browsers call this gateway, besides its addresses, localhost and the names in its certificate.",
            valueName: "name,name"))
    var name: [String] = []
    @Option(help: "From where the console can be reached: local, any or off (default: local).")
    var console: ConsoleAccess?
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
    @Option(help: ArgumentHelp("Connections at once (default: 4000).", valueName: "number"))
    var connectionsTotal: Int?
    @Option(help: ArgumentHelp("Connections at once from one address (default: 1000).", valueName: "number"))
    var connectionsPerAddress: Int?
    @Option(help: ArgumentHelp("Memory for requests under way (default: 32).", valueName: "MiB"))
    var requestMemory: Int?
    @Option(
        help: ArgumentHelp("How long a request may come, and its answer may wait to be taken (default: 30).", valueName: "seconds"))
    var requestTime: Int?
    @Option(help: ArgumentHelp("trace, debug, info, notice, warning or error (default: info).", valueName: "level"))
    var logLevel: String?

    func settings() async throws -> Settings {
        guard name.count < 2 else {
            throw ValidationError("--name is given \(name.count) times: give it once, with commas between the names.")
        }
        try SettingsEnvironment.check()
        var providers: [any ConfigProvider] = [
            EnvironmentVariablesProvider().prefixKeys(with: "posgateway")
        ]
        if let config {
            try SettingsFile.check(config)
            do {
                providers.append(try await FileProvider<JSONSnapshot>(filePath: FilePath(config)))
            } catch {
                throw ValidationError("--config: \(config) is not a JSON object of settings.")
            }
        }
        let reader = SettingsReader(ConfigReader(providers: providers))
        let certificate = try tlsCertificate ?? reader.text("tls.certificate")
        let key = try tlsKey ?? reader.text("tls.key")
        guard (certificate == nil) == (key == nil) else {
            throw ValidationError("TLS needs both: --tls-certificate and --tls-key.")
        }
        return Settings(
            data: try data ?? reader.text("data") ?? "posgateway-data",
            host: try host ?? reader.text("host") ?? "127.0.0.1",
            port: try reader.number("port", port, 0...65535) ?? 8080,
            names: (try name.first ?? reader.text("name") ?? "").split(whereSeparator: { $0 == "," || $0 == " " })
                .map { String($0) },
            console: try console ?? reader.word("console") ?? .local,
            tlsCertificate: certificate, tlsKey: key,
            limits: SettlementLimits(
                days: try reader.number("settlement.days", settlementDays, 1...365) ?? 5,
                rideCapCent: Int64(try reader.number("ride.cap", rideCap, 1...1_000_000) ?? 2000)),
            code: CodeTerms(
                window: UInt16(try reader.number("code.window", codeWindow, 10...3600) ?? 60),
                quotaCent: UInt16(try reader.number("code.quota", codeQuota, 1...65535) ?? 2000)),
            utcOffset: (try reader.number("utc.offset", utcOffset, -12...14) ?? 8) * 3600,
            acceptsDevelopmentKey: try acceptDevelopmentKey || reader.bool("accept.development.key") ?? false,
            logLevel: try logLevel ?? reader.text("log.level") ?? "info",
            connections: Connections.Limits(
                total: try reader.number("connections.total", connectionsTotal, 8...100_000) ?? 4000,
                perAddress: try reader.number("connections.per.address", connectionsPerAddress, 4...100_000) ?? 1000,
                bytes: (try reader.number("request.memory", requestMemory, 4...4096) ?? 32) << 20,
                time: .seconds(Int64(try reader.number("request.time", requestTime, 1...3600) ?? 30))))
    }
}

/// Reads settings, and refuses what is there and is not what it has to be: a typing error shall not start a server with
/// something else.
private struct SettingsReader {
    private let reader: ConfigReader

    init(_ reader: ConfigReader) { self.reader = reader }

    func text(_ key: ConfigKey) throws -> String? {
        if let text = reader.string(forKey: key) { return text }
        try demandAbsent(key, "text")
        return nil
    }

    func word<Word: RawRepresentable & CaseIterable>(_ key: ConfigKey) throws -> Word? where Word.RawValue == String {
        guard let text = try text(key) else { return nil }
        guard let word = Word(rawValue: text) else {
            let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("\(key) has to be one of \(words).")
        }
        return word
    }

    func bool(_ key: ConfigKey) throws -> Bool? {
        if let bool = reader.bool(forKey: key) { return bool }
        try demandAbsent(key, "true or false")
        return nil
    }

    func number(_ key: ConfigKey, _ flag: Int?, _ range: ClosedRange<Int>) throws -> Int? {
        let number = flag ?? reader.int(forKey: key)
        guard let number else {
            try demandAbsent(key, "a whole number")
            return nil
        }
        guard range.contains(number) else {
            throw ValidationError("\(key) has to be from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    private func demandAbsent(_ key: ConfigKey, _ kind: String) throws {
        let isThere =
            reader.string(forKey: key) != nil || reader.int(forKey: key) != nil || reader.double(forKey: key) != nil
            || reader.bool(forKey: key) != nil
        guard !isThere else { throw ValidationError("\(key) has to be \(kind).") }
    }
}
