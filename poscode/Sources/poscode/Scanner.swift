// Reads QR pictures with zbarimg. Only this file starts programs and uses the unsafe pointers for that.

import Glibc

/// Runs zbarimg from the Debian package zbar-tools.
enum Scanner {
    /// Whether a file is passed to zbarimg: its first bytes are those of PNG or JPEG. Other formats are refused,
    /// because zbarimg accepts many and each one adds attack surface.
    static func isPicture(_ bytes: [UInt8]) -> Bool {
        bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
            || bytes.starts(with: [0xFF, 0xD8, 0xFF])
    }

    /// Returns the bytes of the first QR code in a picture.
    static func scan(_ picture: [UInt8], name: String) throws(Failure) -> [UInt8] {
        // The picture is passed as a descriptor, because zbarimg interprets special file names.
        let file = try temporaryFile(picture)
        defer { file.close() }
        let (status, content) = try run(
            [
                "zbarimg", "--quiet", "--nodbus", "--raw", "--oneshot", "-Sdisable", "-Sqrcode.enable", "-Sbinary",
                "-",
            ],
            input: file)
        switch status {
        case 0 where !content.isEmpty: return content
        case 0, 4: throw Failure(.badInput, "\(name): no QR code found in this picture")
        default: throw Failure(.badInput, "\(name): zbarimg cannot read this picture")
        }
    }

    private static func temporaryFile(_ bytes: [UInt8]) throws(Failure) -> Descriptor {
        let directory = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(directory)/poscode.XXXXXX".utf8CString)
        let number = mkstemp(&template)
        guard number >= 0 else { throw Failure(.cannotCreate, "\(directory): \(String(cString: strerror(errno)))") }
        unlink(template)
        let file = Descriptor(number: number)
        do {
            try file.write(bytes, name: directory)
        } catch {
            file.close()
            throw error
        }
        lseek(number, 0, SEEK_SET)
        return file
    }

    /// Runs a program to its end. Returns its exit status, or -1 after a signal, and its standard output.
    private static func run(_ words: [String], input: Descriptor) throws(Failure) -> (Int32, [UInt8]) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw systemFailure() }
        let output = Descriptor(number: ends[0])
        defer { output.close() }

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input.number, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        for end in ends { posix_spawn_file_actions_addclose(&actions, end) }
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }

        var child = pid_t()
        // Empty, so that the program does not inherit variables.
        var environment: [UnsafeMutablePointer<CChar>?] = [nil]
        let error = posix_spawnp(&child, words[0], &actions, nil, &arguments, &environment)
        Descriptor(number: ends[1]).close()
        guard error == 0 else {
            guard error == ENOENT else { throw Failure(.system, "\(words[0]): \(String(cString: strerror(error)))") }
            throw Failure(
                .missingProgram,
                "reading a picture takes zbarimg, which is not installed: apt-get install zbar-tools")
        }
        let content = try Files.readAll(output, name: words[0])
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 {
            guard errno == EINTR else { throw systemFailure() }
        }
        return (status & 0x7F == 0 ? status >> 8 & 0xFF : -1, content)
    }

    private static func systemFailure() -> Failure { Failure(.system, String(cString: strerror(errno))) }
}
