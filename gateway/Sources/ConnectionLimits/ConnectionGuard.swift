import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Why the rest of a request's body is not read. Thrown to the reader of the body.
package enum BodyError: Error {
    case tooSlow
    case tooMuch
}

/// Enforces the limits on one connection: its place among all, time and memory of its requests, and the time in which
/// the peer reads the answers.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let connections: Connections
    private let bodyLimit: Int
    private var context: ChannelHandlerContext?
    private var counter: ByteCounter?
    private var id: Connections.ID?

    /// Requests on their way on one connection; SDKs and browsers send one after the other.
    private static let pipelineLimit = 16

    /// Bytes of each request without an answer, the oldest first. The last one may still be arriving.
    private var requests: [Int] = []
    private var isReading = false
    /// Of the request that is arriving.
    private var bodyCount = 0
    /// Whether the request that is arriving has its answer already: the rest is skipped.
    private var isAnsweredEarly = false
    /// The request that is arriving was given up: nothing more is read.
    private var isOver = false

    /// Bytes that have arrived and are not parsed yet, such as most of a head.
    private var unparsed = 0
    private var hasPart = false

    /// Parts of answers that the peer has not read.
    private var unsent = 0
    /// Whether the channel is not writable before the peer reads some.
    private var isClogged = false
    /// By when the request has to be complete, and a part of the answer read.
    private var readDeadline: NIODeadline?
    private var writeDeadline: NIODeadline?
    private var timer: Scheduled<Void>?

    init(connections: Connections, bodyLimit: Int) {
        self.connections = connections
        self.bodyLimit = bodyLimit
    }

    // MARK: Coming and going

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let counter = ByteCounter(connection: self)
        do {
            try context.pipeline.syncOperations.addHandler(counter, position: .first)
            self.counter = counter
        } catch {
            // The channel is closed already.
            context.fireErrorCaught(error)
        }
        if context.channel.isActive { enter(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        enter(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        leave()
        (self.context, counter) = (nil, nil)
    }

    private func enter(_ context: ChannelHandlerContext) {
        guard id == nil else { return }
        let (loop, bound) = (context.eventLoop, NIOLoopBound(self, eventLoop: context.eventLoop))
        id = connections.admit(Peer(context.channel.remoteAddress)) { reason in
            loop.execute { bound.value.end(reason) }
        }
        guard id != nil else {
            cut()
            return
        }
        readDeadline = .now() + connections.limits.time
        setTimer()
    }

    private func leave() {
        if let id { connections.leave(id) }
        id = nil
        (readDeadline, writeDeadline) = (nil, nil)
        timer?.cancel()
        timer = nil
    }

    /// Another connection needs the room.
    private func end(_ reason: Connections.Ending) {
        id = nil
        switch reason {
        case .tooMuch: giveUp(.tooMuch)
        case .tooSlow: giveUp(.tooSlow)
        case .tooMany, .outOfDescriptors: cut()
        }
    }

    /// Closes below TLS, which would wait seconds for the peer's close_notify, with a descriptor that is not counted.
    private func cut() {
        if let below = counter?.context { below.close(promise: nil) } else { context?.close(promise: nil) }
    }

    /// Fails the request's body, so that its reader answers. Without a reader the connection just ends.
    private func giveUp(_ fault: BodyError) {
        guard let context, !isOver else { return }
        isOver = true
        // With a slow next head the answers that are due are still sent; the last one ends the connection.
        if fault == .tooSlow, !isReading, !requests.isEmpty { return }
        if isReading, !isAnsweredEarly, !isClogged { context.fireErrorCaught(fault) } else { cut() }
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        hasPart = true
        if let id, unparsed > 0 { connections.give(unparsed, of: id) }
        unparsed = 0
        guard !isOver else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            guard requests.count < Self.pipelineLimit else {
                isOver = true
                cut()
                return
            }
            (isReading, isAnsweredEarly, bodyCount) = (true, false, 0)
            requests.append(0)
            readDeadline = .now() + connections.limits.time
            setTimer()
            context.fireChannelRead(data)
            take(head.size)
        case .body(let bytes):
            let before = bodyCount
            bodyCount += bytes.readableBytes
            // Bytes after the limit are dropped.
            guard before <= bodyLimit, !isAnsweredEarly else { return }
            context.fireChannelRead(data)
            take(bytes.readableBytes)
        case .end:
            isReading = false
            readDeadline = nil
            move()
            context.fireChannelRead(data)
        }
    }

    fileprivate func beginRead() { hasPart = false }

    fileprivate func endRead(_ count: Int) {
        guard !hasPart, let id else { return }
        unparsed += count
        // The time of the next request on a kept connection begins with its first byte.
        if readDeadline == nil, !isOver {
            readDeadline = .now() + connections.limits.time
            setTimer()
        }
        if !connections.take(count, for: id) { end(.tooMuch) }
    }

    private func take(_ count: Int) {
        guard let id, !requests.isEmpty else { return }
        requests[requests.count - 1] += count
        if !connections.take(count, for: id) { end(.tooMuch) }
    }

    private func move() {
        // A peer that does not read its answers counts as idle.
        let isAnswering = requests.count > (isReading && !isAnsweredEarly ? 1 : 0) && !isClogged
        if let id { connections.move(id, to: isAnswering ? .busy : .idle) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isClogged = !context.channel.isWritable
        move()
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // After a parse error the next request cannot be found: the answer that is due is the last.
        isOver = true
        context.fireErrorCaught(error)
    }

    // MARK: Answers

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let sent = promise ?? context.eventLoop.makePromise()
        let part = unwrapOutboundIn(data)
        let size = part.size
        unsent += 1
        if unsent == 1 { writeDeadline = .now() + connections.limits.time }
        setTimer()
        if let id { connections.hold(size, for: id) }
        sent.futureResult.assumeIsolated().whenComplete { _ in self.noteSent(size) }
        guard case .end = part else {
            context.write(data, promise: sent)
            return
        }
        if !requests.isEmpty {
            let count = requests.removeFirst()
            if let id { connections.give(count, of: id) }
        }
        isAnsweredEarly = isReading && requests.isEmpty
        move()
        guard isOver, requests.isEmpty else {
            context.write(data, promise: sent)
            return
        }
        sent.futureResult.assumeIsolated().whenComplete { _ in self.cut() }
        context.writeAndFlush(data, promise: sent)
    }

    private func noteSent(_ size: Int) {
        if let id { connections.give(size, of: id) }
        unsent -= 1
        writeDeadline = unsent == 0 ? nil : .now() + connections.limits.time
    }

    // MARK: Time

    /// All deadlines are the same time ahead, so one timer at a time is enough.
    private func setTimer() {
        guard timer == nil, let context, let deadline = [readDeadline, writeDeadline].compactMap(\.self).min() else {
            return
        }
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
            self?.timer = nil
            self?.checkTime()
        }
    }

    private func checkTime() {
        guard let context else { return }
        let now = NIODeadline.now()
        if let writeDeadline, writeDeadline <= now {
            connections.report(.tooSlow, Peer(context.channel.remoteAddress))
            cut()
        } else if let readDeadline, readDeadline <= now {
            connections.report(.tooSlow, Peer(context.channel.remoteAddress))
            self.readDeadline = nil
            giveUp(.tooSlow)
        }
        setTimer()
    }
}

/// The first handler: counts the bytes that arrive.
private final class ByteCounter: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let connection: ConnectionGuard
    fileprivate private(set) var context: ChannelHandlerContext?

    init(connection: ConnectionGuard) { self.connection = connection }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let count = unwrapInboundIn(data).readableBytes
        connection.beginRead()
        context.fireChannelRead(data)
        connection.endRead(count)
    }
}

extension HTTPRequest {
    /// Its approximate size in memory.
    fileprivate var size: Int {
        headerFields.reduce((path?.utf8.count ?? 0) + (authority?.utf8.count ?? 0)) {
            $0 + $1.name.rawName.utf8.count + $1.value.utf8.count
        }
    }
}

extension HTTPResponsePart {
    /// Its approximate size in memory until it is sent.
    fileprivate var size: Int {
        // The buffer, the promise and their places in the queue.
        let own = 256
        return switch self {
        case .head(let head):
            head.headerFields.reduce(own) { $0 + $1.name.rawName.utf8.count + $1.value.utf8.count + 4 }
        case .body(let bytes): own + bytes.readableBytes
        case .end: own
        }
    }
}
