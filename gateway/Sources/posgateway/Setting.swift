import ArgumentParser
import Configuration

/// A setting: its name in the settings file, from which flag and environment variable derive, its kind and its help.
/// `all` is the only table of settings.
struct Setting: Sendable {
    enum Kind: Sendable {
        case text
        case number(ClosedRange<Int>)
        case truth

        var description: String {
            switch self {
            case .text: "text"
            case .number: "a whole number"
            case .truth: "true or false"
            }
        }
    }

    /// As the settings file spells it: "tls.key", or {"tls": {"key": ...}}.
    let name: String
    let kind: Kind
    let help: ArgumentHelp

    private init(_ name: String, _ kind: Kind, _ help: String, value: String? = nil) {
        self.name = name
        self.kind = kind
        self.help = ArgumentHelp("\(help)", valueName: value)
    }

    /// --tls-key
    var flag: NameSpecification { .customLong(name.replacing(".", with: "-")) }
    /// POSGATEWAY_TLS_KEY
    var variable: String { Self.variablePrefix + name.uppercased().replacing(".", with: "_") }
    /// For the reader of the environment and the file.
    var key: ConfigKey { ConfigKey(name.split(separator: ".").map { String($0) }) }

    static let variablePrefix = "POSGATEWAY_"

    static let all = [
        data, host, port, names, console, tlsCertificate, tlsKey, settlementDays, rideCap, codeWindow, codeQuota,
        utcOffset, acceptDevelopmentKey, connectionsTotal, connectionsPerAddress, requestMemory, requestTime, logLevel,
    ]

    static let data = Setting(
        "data", .text, "Where everything is kept (default: ./posgateway-data).", value: "directory")
    static let host = Setting("host", .text, "The address to listen on (default: 127.0.0.1).", value: "address")
    static let port = Setting(
        "port", .number(0...65535), "The port to listen on (default: 8080; 0: any that is free).", value: "number")
    static let names = Setting(
        "name", .text,
        "What browsers call this gateway, besides its addresses, localhost and the names in its certificate.",
        value: "name,name")
    static let console = Setting(
        "console", .text,
        "From where the console can be reached: local (by a loopback address), any or off (default: local).")
    static let tlsCertificate = Setting(
        "tls.certificate", .text, "Serve TLS with this certificate chain, PEM.", value: "file")
    static let tlsKey = Setting("tls.key", .text, "The certificate's private key, PEM.", value: "file")
    static let settlementDays = Setting(
        "settlement.days", .number(1...365), "How old a trade may be (default: 5).", value: "days")
    static let rideCap = Setting(
        "ride.cap", .number(1...1_000_000), "What one ride may cost (default: 2000).", value: "cents")
    static let codeWindow = Setting(
        "code.window", .number(10...3600), "How long a rider's code is good (default: 60).", value: "seconds")
    static let codeQuota = Setting(
        "code.quota", .number(1...65535), "The quota in a rider's code (default: 2000).", value: "cents")
    static let utcOffset = Setting(
        "utc.offset", .number(-12...14),
        "The interfaces' time zone, hours from UTC (default: 8). It stays when something is stored.", value: "hours")
    static let acceptDevelopmentKey = Setting(
        "accept.development.key", .truth,
        "Take records that the published development record key has signed. Never where money is at stake.")
    static let connectionsTotal = Setting(
        "connections.total", .number(8...100_000), "Connections at once (default: 4000).", value: "number")
    static let connectionsPerAddress = Setting(
        "connections.per.address", .number(4...100_000), "Connections at once from one address (default: 1000).",
        value: "number")
    static let requestMemory = Setting(
        "request.memory", .number(4...4096),
        "Memory for requests under way and answers that are not taken (default: 32).", value: "MiB")
    static let requestTime = Setting(
        "request.time", .number(1...3600),
        "How long a request may come, and its answer may wait to be taken (default: 30).", value: "seconds")
    static let logLevel = Setting(
        "log.level", .text, "trace, debug, info, notice, warning or error (default: info).", value: "level")
}
