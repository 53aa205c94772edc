import Foundation
import GatewaySystem
import Glibc
import Storage

/// The directory of the gateway's files, readable by the owner alone.
struct DataDirectory: Sendable {
    let path: String

    /// SQLite takes a name that begins with "file:" for a URI.
    var database: String { (path.hasPrefix("file:") ? "./" : "") + path + "/gateway.sqlite" }
    var gatewayKey: String { path + "/gateway-private-key.pem" }
    var consolePassword: String { path + "/console-password.txt" }
    var demoMerchant: String { path + "/demo-merchant" }

    /// Makes the directory when there is none.
    init(making path: String) throws {
        self.path = path
        try DurableFile.makeDirectory(path)
    }

    init(_ path: String) { self.path = path }

    /// Held until the process ends. Two servers on one directory would each cache keys. The directory itself is locked: a
    /// file that is there for nothing else might be removed.
    func lock() throws {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError(operation: "open", path: path, number: errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let number = errno
            close(descriptor)
            guard number != EWOULDBLOCK else { throw Failure("\(path) cannot be locked: another gateway is using it") }
            throw SystemError(operation: "flock", path: path, number: number)
        }
    }

    /// Whether a first start may go on here. A first start makes the database before everything else, so that one which was
    /// cut short has left none of the other files without it. Where they are there the database was lost: a new one would
    /// settle every code once more.
    func isNew() throws -> Bool {
        let isKnown = try DurableFile.size(of: gatewayKey) != nil || DurableFile.size(of: demoMerchant) != nil
        guard try (DurableFile.size(of: database) ?? 0) == 0 else { return !isKnown }
        let log = try DurableFile.target(of: database) + "-wal"
        let hasLog = try (DurableFile.size(of: log) ?? 0) != 0
        guard isKnown || hasLog else { return true }
        let other = hasLog ? log : try DurableFile.size(of: gatewayKey) != nil ? gatewayKey : demoMerchant
        throw Failure(
            "\(database) is missing or empty, and \(other) is there: put the database back "
                + "(docs/gateway.md, Backup), or take a new directory for a new gateway")
    }

    /// Writes a secret whole or not at all, readable by the owner alone.
    func write(_ text: String, to file: String) throws { try DurableFile.write(Array(text.utf8), to: file) }

    /// The database, only to read.
    func reading() throws -> Store {
        guard FileManager.default.isReadableFile(atPath: database) else {
            throw Failure("\(path) is no data directory of a gateway: \(database) cannot be read")
        }
        return try Store(readingFrom: database)
    }

    func text(of file: String) throws -> String? {
        try DurableFile.read(file).map { String(decoding: $0, as: UTF8.self) }
    }
}
