import CLibcrypto
import Foundation
import Glibc

/// The names under which browsers may ask for pages.
package struct HostNames: Sendable {
    private let configured: Set<String>
    private let certificate: ServerCertificate?

    /// `host`: the address to listen on. `certificate`: the path of a PEM file.
    package init(_ names: [String], host: String, certificate path: String?) throws(HostNameError) {
        for name in names {
            guard Self.isHostName(name) else { throw .notAName(name) }
        }
        configured = Set((names + [host]).map { $0.lowercased() })
        if let path { certificate = try ServerCertificate(path: path) } else { certificate = nil }
    }

    /// Whether browsers can ask for it. They read a name whose last label is a number as an IPv4 address.
    private static func isHostName(_ text: String) -> Bool {
        guard text.utf8.count <= 253,
            text.wholeMatch(
                of:
                    /(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?/
            ) != nil
        else { return false }
        let last = text.split(separator: ".").last ?? ""
        return isAddress(text) || !last.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// Whether a Host header names this gateway, with any port. Every IP address does: a browser that asks for an
    /// address is connected to it.
    package func contains(_ authority: String) -> Bool {
        guard let name = Self.name(in: authority) else { return false }
        return name == "localhost" || configured.contains(name) || Self.isAddress(name)
            || certificate?.isFor(name) == true
    }

    /// In lower case, without port, brackets and final dot.
    private static func name(in authority: String) -> String? {
        guard
            let parts = authority.lowercased().wholeMatch(
                of: /(?:\[([0-9a-f:.]+)\]|([a-z0-9_-][a-z0-9._-]*))(?::[0-9]{0,5})?/)
        else { return nil }
        let name = parts.1 ?? parts.2 ?? ""
        return String(name.hasSuffix(".") ? name.dropLast() : name)
    }

    private static func isAddress(_ name: String) -> Bool {
        var room = in6_addr()
        return inet_pton(AF_INET, name, &room) == 1 || inet_pton(AF_INET6, name, &room) == 1
    }
}

package enum HostNameError: Error, CustomStringConvertible {
    case notAName(String)
    case noCertificate(path: String)

    package var description: String {
        switch self {
        case .notAName(let name):
            "--name: \(name) is no host name: labels of at most 63 letters, digits, - and _, with a dot between two, at "
                + "most 253 characters in all, and neither scheme nor port"
        case .noCertificate(let path): "TLS: \(path) has no certificate in PEM"
        }
    }
}

/// The names in the server's certificate.
private final class ServerCertificate: @unchecked Sendable {
    /// Only read after `init`.
    private let pointer: OpaquePointer

    init(path: String) throws(HostNameError) {
        let content = FileManager.default.contents(atPath: path) ?? Data()
        let pointer = content.withUnsafeBytes { bytes -> OpaquePointer? in
            let input = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count))
            defer {
                BIO_free(input)
                ERR_clear_error()
            }
            return PEM_read_bio_X509(input, nil, nil, nil)
        }
        guard let pointer else { throw .noCertificate(path: path) }
        self.pointer = pointer
    }

    deinit { X509_free(pointer) }

    /// As TLS clients compare them, with wildcards.
    func isFor(_ name: String) -> Bool { X509_check_host(pointer, name, name.utf8.count, 0, nil) == 1 }
}
