// Files and pipes. Only this file reads and writes through unsafe pointers.

import Glibc

/// An open file descriptor.
struct Descriptor {
    let number: Int32

    static let standardInput = Descriptor(number: 0)
    static let standardOutput = Descriptor(number: 1)
    static let standardError = Descriptor(number: 2)

    var isTerminal: Bool { isatty(number) == 1 }

    /// Reads at most `buffer.count` bytes. Returns 0 at the end of the file.
    func read(into buffer: inout [UInt8], name: String) throws(Failure) -> Int {
        while true {
            let count = Glibc.read(number, &buffer, buffer.count)
            if count >= 0 { return count }
            if errno == EINTR { continue }
            throw Failure(.inputOutput, "\(name): \(String(cString: strerror(errno)))")
        }
    }

    func write(_ bytes: [UInt8], name: String) throws(Failure) {
        var start = 0
        while start < bytes.count {
            let count = bytes[start...].withUnsafeBytes { Glibc.write(number, $0.baseAddress, $0.count) }
            if count >= 0 {
                start += count
            } else if errno != EINTR {
                throw Failure(.inputOutput, "\(name): \(String(cString: strerror(errno)))")
            }
        }
    }

    func writeIgnoringErrors(_ text: String) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { Glibc.write(number, $0.baseAddress, $0.count) }
    }

    func close() { _ = Glibc.close(number) }
}

/// Functions on whole files.
enum Files {
    /// The maximum size of an input in bytes. Every valid input is smaller; the limit stops an endless stream.
    static let maxCount = 16 << 20

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    static func open(_ path: String) throws(Failure) -> Descriptor {
        let number = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { throw Failure(.noInput, "\(path): \(String(cString: strerror(errno)))") }
        return Descriptor(number: number)
    }

    /// Reads a file, or standard input when the path is "-".
    static func read(_ path: String) throws(Failure) -> [UInt8] {
        if path == "-" { return try readAll(.standardInput, name: "standard input") }
        let file = try open(path)
        defer { file.close() }
        return try readAll(file, name: path)
    }

    static func readAll(_ file: Descriptor, name: String) throws(Failure) -> [UInt8] {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = try file.read(into: &buffer, name: name)
            if count == 0 { return all }
            guard all.count + count <= maxCount else {
                throw Failure(.badInput, "\(name): longer than \(maxCount >> 20) MB, which no input of poscode is")
            }
            all += buffer[..<count]
        }
    }

    /// Writes a file atomically: into a temporary file in the same directory, which is then renamed.
    static func write(_ bytes: [UInt8], to path: String, isSecret: Bool = false) throws(Failure) {
        let temporary = "\(path).\(getpid()).tmp"
        let number = Glibc.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, isSecret ? 0o600 : 0o666)
        guard number >= 0 else { throw cannotCreate(path) }
        let file = Descriptor(number: number)
        do {
            try file.write(bytes, name: path)
        } catch {
            file.close()
            unlink(temporary)
            throw error
        }
        guard fsync(number) == 0, Glibc.close(number) == 0, rename(temporary, path) == 0 else {
            let failure = cannotCreate(path)
            unlink(temporary)
            throw failure
        }
    }

    /// Writes to an existing device or pipe directly. Writes any other file as `write(_:to:)` does.
    static func writeData(_ bytes: [UInt8], to path: String) throws(Failure) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG else { return try write(bytes, to: path) }
        let number = Glibc.open(path, O_WRONLY | O_CLOEXEC)
        guard number >= 0 else { throw cannotCreate(path) }
        let file = Descriptor(number: number)
        defer { file.close() }
        try file.write(bytes, name: path)
    }

    static func makeDirectory(_ path: String) throws(Failure) {
        guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw cannotCreate(path) }
    }

    private static func cannotCreate(_ path: String) -> Failure {
        Failure(.cannotCreate, "\(path): \(String(cString: strerror(errno)))")
    }
}

/// Buffered standard output.
final class Output {
    private var buffer: [UInt8] = []

    func write(_ text: String) throws(Failure) { try write(Array(text.utf8)) }

    func line(_ text: String = "") throws(Failure) {
        buffer += text.utf8
        buffer.append(UInt8(ascii: "\n"))
        if buffer.count >= 1 << 16 { try flush() }
    }

    func write(_ bytes: [UInt8]) throws(Failure) {
        buffer += bytes
        if buffer.count >= 1 << 16 { try flush() }
    }

    func flush() throws(Failure) {
        defer { buffer.removeAll(keepingCapacity: true) }
        try Descriptor.standardOutput.write(buffer, name: "standard output")
    }
}

/// Reads a file or a pipe line by line as data arrives. Removes the line ends (LF or CR LF).
struct LineReader {
    /// The maximum length of a line in bytes. A hex record or signature is shorter.
    static let maxCount = 1 << 20

    private let file: Descriptor
    private let name: String
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)
    private var filled = 0
    private var position = 0
    private(set) var number = 0

    init(_ file: Descriptor, name: String) {
        self.file = file
        self.name = name
    }

    /// Whether the buffer is empty, so that `next` reads more input and may block.
    var isDrained: Bool { position == filled }

    mutating func next() throws(Failure) -> [UInt8]? {
        var line: [UInt8] = []
        var hasAny = false
        while true {
            if position == filled {
                filled = try file.read(into: &buffer, name: name)
                position = 0
                if filled == 0 { break }
            }
            hasAny = true
            let rest = buffer[position..<filled]
            if let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                line += rest[..<end]
                position = end + 1
                break
            }
            line += rest
            position = filled
            guard line.count <= Self.maxCount else {
                throw Failure(.badInput, "\(name): line \(number + 1) is longer than any this tool knows")
            }
        }
        guard hasAny else { return nil }
        number += 1
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        return line
    }
}

/// Shows a running count on standard error when that is a terminal.
struct Progress {
    private let noun: String
    private let isShown = Descriptor.standardError.isTerminal
    private var shownAt = time(nil)
    private var hasShown = false

    init(_ noun: String) { self.noun = noun }

    mutating func update(_ count: Int) {
        guard isShown, count & 63 == 0 else { return }
        let now = time(nil)
        guard now != shownAt else { return }
        shownAt = now
        hasShown = true
        Descriptor.standardError.writeIgnoringErrors("\r\(count) \(noun)")
    }

    func finish() {
        if hasShown { Descriptor.standardError.writeIgnoringErrors("\r\u{1B}[K") }
    }
}
