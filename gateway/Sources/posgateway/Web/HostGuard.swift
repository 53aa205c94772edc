import CLibcrypto
import Foundation
import Glibc
import HTTPTypes
import Hummingbird

/// Refuses requests that are for somebody else. A page that another site's name leads here (DNS rebinding) would be of one
/// origin with ours, and could send our forms: its Host and its Origin agree.
struct HostGuard: RouterMiddleware {
    let names: HostNames

    /// What programs ask for, by whatever name: it is signed, or no secret, and no browser's session opens it.
    private static let forPrograms: Set = ["/gateway.do", "/health", "/health/live", "/health/ready", "/metrics"]
    private static let host = HTTPField.Name("Host")!

    func handle(
        _ request: Request, context: GatewayContext,
        next: (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        // The first one is the authority, and not among the headers any more.
        guard request.headers[values: Self.host].isEmpty else {
            throw HTTPError(.badRequest, message: "two Host headers")
        }
        guard Self.forPrograms.contains(request.uri.path) || names.contains(request.head.authority ?? "") else {
            throw HTTPError(
                .misdirectedRequest,
                message: "this gateway is not called that: open it by its address, or start it with --name (docs/gateway.md)")
        }
        return try await next(request, context)
    }
}

/// What the gateway is called.
struct HostNames: Sendable {
    private let told: Set<String>
    private let certificate: ServerCertificate?

    init(_ settings: Settings) throws {
        for name in settings.names {
            guard Self.name(in: name) == name.lowercased(), !name.contains(":") else {
                throw Failure("--name: \(name) is no host name; it has neither scheme nor port")
            }
        }
        told = Set((settings.names + [settings.host]).map { $0.lowercased() })
        certificate = try settings.tlsCertificate.map { try ServerCertificate(path: $0) }
    }

    /// Whether a Host header's name is ours. Its port does not matter. An address is always ours: to be asked for by one
    /// that another site has, a browser would have to be connected to it.
    func contains(_ authority: String) -> Bool {
        guard let name = Self.name(in: authority) else { return false }
        return name == "localhost" || told.contains(name) || Self.isAddress(name)
            || certificate?.isFor(name) == true
    }

    /// In small letters, without port, brackets, and the dot of the root.
    private static func name(in authority: String) -> String? {
        guard let parts = authority.lowercased().wholeMatch(of: /(?:\[([0-9a-f:.]+)\]|([a-z0-9_-][a-z0-9._-]*))(?::[0-9]{0,5})?/)
        else { return nil }
        let name = parts.1 ?? parts.2 ?? ""
        return String(name.hasSuffix(".") ? name.dropLast() : name)
    }

    private static func isAddress(_ name: String) -> Bool {
        var room = in6_addr()
        return inet_pton(AF_INET, name, &room) == 1 || inet_pton(AF_INET6, name, &room) == 1
    }
}

/// The certificate that the gateway shows, for the names in it.
private final class ServerCertificate: @unchecked Sendable {
    /// Only read after `init`.
    private let pointer: OpaquePointer

    init(path: String) throws {
        let content = FileManager.default.contents(atPath: path) ?? Data()
        let pointer = content.withUnsafeBytes { bytes -> OpaquePointer? in
            let input = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count))
            defer {
                BIO_free(input)
                ERR_clear_error()
            }
            return PEM_read_bio_X509(input, nil, nil, nil)
        }
        guard let pointer else { throw Failure("TLS: \(path) has no certificate in PEM") }
        self.pointer = pointer
    }

    deinit { X509_free(pointer) }

    /// As TLS clients compare them, with wildcards.
    func isFor(_ name: String) -> Bool { X509_check_host(pointer, name, name.utf8.count, 0, nil) == 1 }
}
