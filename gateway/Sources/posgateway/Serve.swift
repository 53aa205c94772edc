import ArgumentParser
import ConnectionLimits
import Foundation
import GatewayText
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import NIOSSL
import PlatformAPI
import ServiceLifecycle
import Storage
import Web

/// The server.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start the gateway.",
        discussion: """
            The first start makes the data directory: keys for the gateway and for the issuer of codes, and a demo \
            merchant, whose settings for the official SDKs are printed.

            Every option but --config and --quiet can also be set in the environment (POSGATEWAY_PORT, \
            POSGATEWAY_TLS_CERTIFICATE) and in a JSON file ({"port": 8080, "tls": {"certificate": "..."}}). A flag \
            comes before the environment, which comes before the file.
            """)

    @OptionGroup var options: SettingsOptions
    @Flag(help: "Do not print the demo merchant's settings.")
    var quiet = false

    func run() async throws {
        let settings = try options.settings()
        guard let level = Logger.Level(rawValue: settings.logLevel) else {
            throw ValidationError("the log level has to be trace, debug, info, notice, warning or error.")
        }
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        let logger = Self.logger(level)

        // New files are for the owner alone, even in an existing directory.
        umask(0o077)
        let directory = try DataDirectory(making: settings.data)
        try directory.lock()
        let isNew = try directory.isNew()
        let store = try directory.explaining { try Store(path: directory.database, mayBeEmpty: isNew) }
        // On every way out the write-ahead log is merged into the database file.
        defer {
            do { try store.close() } catch {
                let storeError = StoreError(error)
                logger.error(
                    "the database was not closed",
                    metadata: [
                        "cause": "\(storeError?.rawValue ?? "other")", "error": "\("\(error)".oneLine)",
                        "effect": "nothing is lost; a copy needs gateway.sqlite-wal beside gateway.sqlite",
                        "advice": "\(storeError?.advice ?? "report this line")",
                    ])
            }
        }
        let start = FirstStart(directory: directory, store: store)
        try await directory.explaining { try await start.keepUTCOffset(settings.utcOffset) }
        let key = try await directory.explaining { try await start.readOrMakeGatewayKey() }
        let password = try start.readOrMakeConsolePassword()
        let epoch = try await directory.explaining { try await start.consoleEpoch(password: password) }
        try await directory.explaining {
            try await start.makeIssuerKeysIfNone()
            try await start.makeDemoMerchantIfNone(gateway: key)
        }

        let connections = try Self.connections(settings, logger)
        let names = try HostNames(settings.names, host: settings.host, certificate: settings.tlsCertificate)
        let gateway = Gateway(
            settings: settings, store: store, key: key, consolePassword: password, consoleEpoch: epoch, names: names,
            logger: logger)
        let shownScheme = settings.tlsCertificate == nil ? "http" : "https"
        let app = Application(
            router: try gateway.router(), server: try Self.channel(settings, connections),
            configuration: ApplicationConfiguration(
                address: .hostname(settings.host, port: settings.port), serverName: "posgateway"),
            onServerRunning: { channel in
                // The first point at which the channel that accepts is known.
                do { try await connections.watchAccepts(of: channel) } catch {
                    logger.error("what cannot be accepted will not be logged", metadata: ["error": "\(error)"])
                }
                let port = channel.localAddress?.port ?? settings.port
                let base = "\(shownScheme)://\(Self.authority(settings.host, port))"
                let address = channel.localAddress
                let hasLoopback = Peer(address).isLocal || ["0.0.0.0", "::"].contains(address?.ipAddress)
                print(
                    Announcement(
                        base: base, directory: directory, isQuiet: quiet, console: settings.console,
                        hasLoopback: hasLoopback, key: key
                    ).text)
                fflush(nil)
            },
            logger: logger)
        var services = ServiceGroupConfiguration(
            services: [app], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        // Calls under way are answered; a half-sent call is waited for no longer than this.
        services.maximumGracefulShutdownDuration = .seconds(5)
        defer { connections.reportRest() }
        do { try await ServiceGroup(configuration: services).run() } catch is CancellationError {
        } catch let error as NIOSSLError {
            throw Failure("TLS: \(settings.tlsCertificate ?? "") and \(settings.tlsKey ?? "") cannot be used: \(error)")
        } catch let error as IOError {
            throw Failure(
                "\(settings.host) port \(settings.port) cannot be listened on: \(String(cString: strerror(error.errnoCode)))"
            )
        }
    }

    /// As it stands in a URL: an IPv6 address has brackets there, and its zone is behind an escaped sign.
    private static func authority(_ host: String, _ port: Int) -> String {
        host.contains(":") ? "[\(host.replacing("%", with: "%25"))]:\(port)" : "\(host):\(port)"
    }

    private static func logger(_ level: Logger.Level) -> Logger {
        var logger = Logger(label: "posgateway")
        logger.logLevel = level
        return logger
    }

    /// The limits, as far as there are descriptors.
    private static func connections(_ settings: Settings, _ logger: Logger) throws -> Connections {
        var limits = settings.connections
        let room = try FileDescriptors.room(for: limits.total)
        if room < limits.total {
            logger.warning(
                "fewer connections than set: the limit of open files is too low",
                metadata: ["connections": "\(room)", "set": "\(limits.total)"])
            limits.total = room
        }
        return Connections(limits: limits, logger: logger)
    }

    private static func channel(_ settings: Settings, _ connections: Connections) throws -> HTTPServerBuilder {
        // idleTimeout ends connections that send nothing.
        let plain = HTTPServerBuilder.http1(
            configuration: HTTP1Channel.Configuration(
                additionalChannelHandlers: connections.handlers(bodyLimit: GatewayEndpoint.bodyLimit),
                idleTimeout: .seconds(60)))
        guard let certificate = settings.tlsCertificate, let key = settings.tlsKey else { return plain }
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(certificate).map { NIOSSLCertificateSource.certificate($0) }
            let privateKey = try NIOSSLPrivateKey(file: key, format: .pem)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain, privateKey: .privateKey(privateKey))
            // NIOSSL would take 1.0 and 1.1 too (RFC 8996).
            configuration.minimumTLSVersion = .tlsv12
            return try .tls(plain, tlsConfiguration: configuration)
        } catch {
            throw Failure("TLS: \(certificate) and \(key) cannot be used: \(error)")
        }
    }
}

extension DataDirectory {
    /// Turns database errors into a sentence with advice.
    fileprivate func explaining<Value>(_ body: () throws -> Value) throws -> Value {
        do { return try body() } catch { throw explained(error) }
    }

    fileprivate func explaining<Value>(_ body: () async throws -> Value) async throws -> Value {
        do { return try await body() } catch { throw explained(error) }
    }

    private func explained(_ error: any Error) -> any Error {
        guard StoreError.sqliteCode(of: error) != nil || error is StoreOpeningError else { return error }
        let advice = StoreError(error).map { "; \($0.advice)" } ?? ""
        return Failure("\(database) is no database that can be used: \(error)\(advice)".oneLine)
    }
}

/// Why a command failed.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
