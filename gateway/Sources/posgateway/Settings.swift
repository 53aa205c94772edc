import ArgumentParser
import Configuration
import ConnectionLimits
import Settlement
import Web

/// The gateway's settings. A flag comes before the environment, which comes before the settings file.
struct Settings: Sendable {
    let data: String
    let host: String
    let port: Int
    /// Host names of the gateway, besides its addresses.
    let names: [String]
    let console: ConsoleAccess
    let tlsCertificate: String?
    let tlsKey: String?
    let limits: SettlementLimits
    let code: CodeTerms
    /// Seconds.
    let utcOffset: Int
    let acceptsDevelopmentKey: Bool
    let logLevel: String
    let connections: Connections.Limits
}

extension ConsoleAccess: ExpressibleByArgument {}

/// The flags of `serve`.
struct SettingsOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A JSON file of settings.", valueName: "file"))
    var config: String?
    @Option(name: Setting.data.flag, help: Setting.data.help) var data: String?
    @Option(name: Setting.host.flag, help: Setting.host.help) var host: String?
    @Option(name: Setting.port.flag, help: Setting.port.help) var port: Int?
    @Option(name: Setting.names.flag, help: Setting.names.help) var names: [String] = []
    @Option(name: Setting.console.flag, help: Setting.console.help) var console: ConsoleAccess?
    @Option(name: Setting.tlsCertificate.flag, help: Setting.tlsCertificate.help) var tlsCertificate: String?
    @Option(name: Setting.tlsKey.flag, help: Setting.tlsKey.help) var tlsKey: String?
    @Option(name: Setting.settlementDays.flag, help: Setting.settlementDays.help) var settlementDays: Int?
    @Option(name: Setting.rideCap.flag, help: Setting.rideCap.help) var rideCap: Int?
    @Option(name: Setting.codeWindow.flag, help: Setting.codeWindow.help) var codeWindow: Int?
    @Option(name: Setting.codeQuota.flag, help: Setting.codeQuota.help) var codeQuota: Int?
    @Option(name: Setting.utcOffset.flag, help: Setting.utcOffset.help) var utcOffset: Int?
    @Flag(name: Setting.acceptDevelopmentKey.flag, help: Setting.acceptDevelopmentKey.help)
    var acceptDevelopmentKey = false
    @Option(name: Setting.connectionsTotal.flag, help: Setting.connectionsTotal.help) var connectionsTotal: Int?
    @Option(name: Setting.connectionsPerAddress.flag, help: Setting.connectionsPerAddress.help)
    var connectionsPerAddress: Int?
    @Option(name: Setting.requestMemory.flag, help: Setting.requestMemory.help) var requestMemory: Int?
    @Option(name: Setting.requestTime.flag, help: Setting.requestTime.help) var requestTime: Int?
    @Option(name: Setting.logLevel.flag, help: Setting.logLevel.help) var logLevel: String?

    func settings() throws -> Settings {
        guard names.count < 2 else {
            throw ValidationError("--name is given \(names.count) times: give it once, with commas between the names.")
        }
        try SettingsEnvironment.check()
        var providers: [any ConfigProvider] = [
            EnvironmentVariablesProvider().prefixKeys(with: "posgateway")
        ]
        if let config {
            providers.append(InMemoryProvider(name: "settings file", values: try SettingsFile.values(in: config)))
        }
        let reader = SettingsReader(ConfigReader(providers: providers))
        let certificate = try tlsCertificate ?? reader.text(.tlsCertificate)
        let key = try tlsKey ?? reader.text(.tlsKey)
        guard (certificate == nil) == (key == nil) else {
            throw ValidationError("TLS needs both: --tls-certificate and --tls-key.")
        }
        return Settings(
            data: try data ?? reader.text(.data) ?? "posgateway-data",
            host: try host ?? reader.text(.host) ?? "127.0.0.1",
            port: try reader.number(.port, port) ?? 8080,
            names: (try names.first ?? reader.text(.names) ?? "").split(whereSeparator: { $0 == "," || $0 == " " })
                .map { String($0) },
            console: try console ?? reader.word(.console) ?? .local,
            tlsCertificate: certificate, tlsKey: key,
            limits: SettlementLimits(
                days: try reader.number(.settlementDays, settlementDays) ?? 5,
                rideCapCent: Int64(try reader.number(.rideCap, rideCap) ?? 2000)),
            code: CodeTerms(
                window: UInt16(try reader.number(.codeWindow, codeWindow) ?? 60),
                quotaCent: UInt16(try reader.number(.codeQuota, codeQuota) ?? 2000)),
            utcOffset: (try reader.number(.utcOffset, utcOffset) ?? 8) * 3600,
            acceptsDevelopmentKey: try acceptDevelopmentKey || reader.bool(.acceptDevelopmentKey) ?? false,
            logLevel: try logLevel ?? reader.text(.logLevel) ?? "info",
            connections: Connections.Limits(
                total: try reader.number(.connectionsTotal, connectionsTotal) ?? 4000,
                perAddress: try reader.number(.connectionsPerAddress, connectionsPerAddress) ?? 1000,
                bytes: (try reader.number(.requestMemory, requestMemory) ?? 32) << 20,
                time: .seconds(Int64(try reader.number(.requestTime, requestTime) ?? 30))))
    }
}

/// Reads settings from the environment and the file. Refuses a value of the wrong kind instead of using the default.
private struct SettingsReader {
    private let reader: ConfigReader

    init(_ reader: ConfigReader) { self.reader = reader }

    func text(_ setting: Setting) throws -> String? {
        if let text = reader.string(forKey: setting.key) { return text }
        try requireAbsent(setting)
        return nil
    }

    func word<Word: RawRepresentable & CaseIterable>(_ setting: Setting) throws -> Word? where Word.RawValue == String {
        guard let text = try text(setting) else { return nil }
        guard let word = Word(rawValue: text) else {
            let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("\(setting.name) has to be one of \(words).")
        }
        return word
    }

    func bool(_ setting: Setting) throws -> Bool? {
        if let bool = reader.bool(forKey: setting.key) { return bool }
        try requireAbsent(setting)
        return nil
    }

    /// `flag`: the command line's value, which comes first. It has to be in the same range.
    func number(_ setting: Setting, _ flag: Int?) throws -> Int? {
        guard let number = flag ?? reader.int(forKey: setting.key) else {
            try requireAbsent(setting)
            return nil
        }
        if case .number(let range) = setting.kind, !range.contains(number) {
            throw ValidationError("\(setting.name) has to be from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    private func requireAbsent(_ setting: Setting) throws {
        let key = setting.key
        let isThere =
            reader.string(forKey: key) != nil || reader.int(forKey: key) != nil || reader.double(forKey: key) != nil
            || reader.bool(forKey: key) != nil
        guard !isThere else { throw ValidationError("\(setting.name) has to be \(setting.kind.description).") }
    }
}
