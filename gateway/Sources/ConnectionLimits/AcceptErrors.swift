import Glibc
import Logging
import NIOCore

/// Handles failing accepts: logs them, ends idle connections to free descriptors, and pauses before the next accept.
final class AcceptErrors: ChannelInboundHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel

    private let connections: Connections
    private let logger: Logger
    private var report = SparseReport()
    /// Whether the last log line says that accepts fail.
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

    /// Waiting connections keep the socket readable: without a pause the server would only retry.
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
        // Fails when the server was closed meanwhile.
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
