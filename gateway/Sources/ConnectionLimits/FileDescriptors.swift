import Glibc

/// File descriptors: one for each connection, and some for everything else.
package enum FileDescriptors {
    /// For the database, its readers, the log, the event loops, and what libraries open for a moment.
    static let reserve = 64

    /// The minimum of connections to start with.
    static let minimum = 8

    /// Raises the process's limit as far as needed and allowed. Returns how many connections fit.
    package static func room(for connections: Int) throws -> Int {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else {
            throw FileDescriptorError("getrlimit: \(String(cString: strerror(errno)))")
        }
        let needed = rlim_t(connections + reserve)
        if limit.rlim_cur < needed {
            limit.rlim_cur = min(needed, limit.rlim_max)
            guard setrlimit(resource, &limit) == 0 else {
                throw FileDescriptorError("setrlimit: \(String(cString: strerror(errno)))")
            }
        }
        let room = Int(clamping: min(limit.rlim_cur, needed)) - reserve
        guard room >= minimum else {
            throw FileDescriptorError(
                "the limit of open files, \(limit.rlim_cur), is too low: raise it (LimitNOFILE, ulimit -n)")
        }
        return room
    }
}

package struct FileDescriptorError: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
