import Foundation
import Glibc

/// A system call that failed.
package struct SystemError: Error, CustomStringConvertible {
    package let operation: String
    package let path: String
    package let number: Int32

    package init(operation: String, path: String, number: Int32) {
        self.operation = operation
        self.path = path
        self.number = number
    }

    package var description: String { "\(path): \(operation): \(String(cString: strerror(number)))" }
}

/// Files that survive a power cut: content and names are synced when these return.
package enum DurableFile {
    /// Writes a file whole or not at all, readable by the owner alone.
    package static func write(_ bytes: [UInt8], to path: String) throws {
        let temporary = path + ".new"
        guard unlink(temporary) == 0 || errno == ENOENT else { throw systemError("unlink", temporary) }
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw systemError("open", temporary) }
        do {
            defer { close(descriptor) }
            var done = 0
            while done < bytes.count {
                let count = bytes[done...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
                guard count >= 0 || errno == EINTR else { throw systemError("write", temporary) }
                done += max(count, 0)
            }
            try sync(descriptor, temporary)
        }
        guard rename(temporary, path) == 0 else { throw systemError("rename", temporary) }
        try syncDirectory(of: path)
    }

    /// A file's content. Nil when the file does not exist.
    package static func read(_ path: String) throws -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            guard errno == ENOENT else { throw systemError("open", path) }
            return nil
        }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = part.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 || errno == EINTR else { throw systemError("read", path) }
            guard count != 0 else { return content }
            content += part.prefix(max(count, 0))
        }
    }

    /// The size of a file in bytes, or what the system says of a directory. Nil when neither exists.
    package static func size(of path: String) throws -> Int? {
        var status = stat()
        guard stat(path, &status) == 0 else {
            guard errno == ENOENT else { throw systemError("stat", path) }
            return nil
        }
        return Int(status.st_size)
    }

    /// Makes a directory, and those above it that are missing, for the owner alone.
    package static func makeDirectory(_ path: String) throws {
        if mkdir(path, 0o700) == 0 { return try syncDirectory(of: path) }
        switch errno {
        case EEXIST:
            var status = stat()
            guard stat(path, &status) == 0 else { throw systemError("stat", path) }
            guard status.st_mode & S_IFMT == S_IFDIR else {
                throw SystemError(operation: "mkdir", path: path, number: ENOTDIR)
            }
            // A process that was killed may have made it without the sync.
            do { try syncDirectory(of: path) } catch let error as SystemError where error.number == EACCES {
                // Another user made it, in a directory that this user cannot read.
            }
        case ENOENT:
            let above = directory(of: path)
            guard above != path else { throw systemError("mkdir", path) }
            try makeDirectory(above)
            guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw systemError("mkdir", path) }
            try syncDirectory(of: path)
        default: throw systemError("mkdir", path)
        }
    }

    /// Syncs the directory of a file.
    package static func syncDirectory(of path: String) throws { try sync(directory(of: path), O_DIRECTORY) }

    /// The file that a symbolic link leads to, beside which SQLite has its log. The path itself when there is no file.
    package static func target(of path: String) throws -> String {
        guard let target = realpath(path, nil) else {
            guard errno == ENOENT else { throw systemError("realpath", path) }
            return path
        }
        defer { free(target) }
        return String(cString: target)
    }

    /// Syncs a file, if it exists: an earlier process may have written it without a sync.
    package static func syncWhatIsThere(_ path: String) throws {
        do { try sync(path, 0) } catch let error as SystemError where error.number == ENOENT {}
    }

    private static func sync(_ path: String, _ flags: Int32) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | flags)
        guard descriptor >= 0 else { throw systemError("open", path) }
        defer { close(descriptor) }
        do { try sync(descriptor, path) } catch let error as SystemError
            where flags == O_DIRECTORY && error.number == EINVAL
        {
            // The file system does not support it.
        }
    }

    private static func sync(_ descriptor: Int32, _ path: String) throws {
        while fsync(descriptor) != 0 {
            guard errno == EINTR else { throw systemError("fsync", path) }
        }
    }

    private static func directory(of path: String) -> String {
        var name = Substring(path)
        while name.last == "/" { name.removeLast() }
        while let last = name.last, last != "/" { name.removeLast() }
        while name.last == "/" { name.removeLast() }
        return name.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : String(name)
    }

    private static func systemError(_ operation: String, _ path: String) -> SystemError {
        SystemError(operation: operation, path: path, number: errno)
    }
}
