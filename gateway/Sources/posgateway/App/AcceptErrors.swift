import Glibc
import Logging
import NIOCore

/// Says so when no connection can be accepted, makes room, and has the server try again after a moment.
final class AcceptErrors: ChannelInboundHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel

    private let connections: Connections
    private let logger: Logger
    private var report = SparseReport()
    /// Whether the log's last word is that it fails.
    private var isReported = false
    private var isPaused = false

    init(connections: Connections, logger: Logger) {
        self.connections = connections
        self.logger = logger
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? IOError {
            if let count = report.note() {
                isReported = true
                logger.error(
                    "connections cannot be accepted",
                    metadata: [
                        "reason": "\(String(cString: strerror(error.errnoCode)))", "count": "\(count)",
                        "connections": "\(connections.count)",
                        "advice": "raise the limit of open files (LimitNOFILE, ulimit -n)",
                    ])
            }
            if error.errnoCode == EMFILE || error.errnoCode == ENFILE { connections.makeRoom() }
            pause(context)
        }
        context.fireErrorCaught(error)
    }

    /// The waiting connections make the socket readable all the while: without a pause the server would do nothing else.
    private func pause(_ context: ChannelHandlerContext) {
        guard !isPaused, let options = context.channel.syncOptions else { return }
        isPaused = true
        set(false, options, context)
        context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(100)) {
            self.isPaused = false
            self.set(true, options, context)
        }
    }

    private func set(
        _ isReading: Bool, _ options: any NIOSynchronousChannelOptions, _ context: ChannelHandlerContext
    ) {
        // It fails where the server has been closed meanwhile.
        do { try options.setOption(.autoRead, value: isReading) } catch { context.fireErrorCaught(error) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isReported {
            isReported = false
            logger.notice("connections are accepted again", metadata: ["connections": "\(connections.count)"])
        }
        context.fireChannelRead(data)
    }
}

/// File descriptors: one for each connection, and some for everything else.
enum Descriptors {
    /// The database, its readers, the log, the event loops, and what libraries open for a moment.
    static let reserve = 64

    /// Fewer connections than these are no server.
    static let least = 8

    /// Raises the process's own limit as far as needed and allowed; for how many connections there is room.
    static func room(for connections: Int) throws -> Int {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { throw Failure("getrlimit: \(String(cString: strerror(errno)))") }
        let needed = rlim_t(connections + reserve)
        if limit.rlim_cur < needed {
            limit.rlim_cur = min(needed, limit.rlim_max)
            guard setrlimit(resource, &limit) == 0 else {
                throw Failure("setrlimit: \(String(cString: strerror(errno)))")
            }
        }
        let room = Int(clamping: min(limit.rlim_cur, needed)) - reserve
        guard room >= least else {
            throw Failure("the limit of open files, \(limit.rlim_cur), is too low: raise it (LimitNOFILE, ulimit -n)")
        }
        return room
    }
}
