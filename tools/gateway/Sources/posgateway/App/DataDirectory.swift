import Foundation
import Glibc

/// The directory in which everything is kept, for the owner's eyes only.
struct DataDirectory: Sendable {
    let path: String

    var database: String { path + "/gateway.sqlite" }
    var gatewayKey: String { path + "/gateway-private-key.pem" }
    var consolePassword: String { path + "/console-password.txt" }
    var demoMerchant: String { path + "/demo-merchant" }

    /// Makes the directory when there is none.
    init(making path: String) throws {
        self.path = path
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch { throw Failure("\(path) cannot be made: \(error.localizedDescription)") }
    }

    init(_ path: String) { self.path = path }

    /// Held until the process ends, however it ends: two servers on one directory would each keep keys of their own
    /// in mind. Nil when another has it.
    func lock() -> Int32? {
        let descriptor = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return nil }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    /// Writes a secret whole or not at all, readable by the owner alone.
    func write(_ text: String, to file: String) throws {
        let temporary = file + ".new"
        try? FileManager.default.removeItem(atPath: temporary)
        guard
            FileManager.default.createFile(
                atPath: temporary, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600]),
            rename(temporary, file) == 0
        else { throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: file]) }
    }

    /// The database, only to read.
    func reading() throws -> Store {
        guard FileManager.default.isReadableFile(atPath: database) else {
            throw Failure("\(path) is no data directory of a gateway: \(database) cannot be read")
        }
        return try Store(readingFrom: database)
    }

    func text(of file: String) throws -> String? {
        guard FileManager.default.fileExists(atPath: file) else { return nil }
        return try String(contentsOfFile: file, encoding: .utf8)
    }
}
