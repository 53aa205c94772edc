import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Answers Expect: 100-continue, which curl sends and with it the SDK for PHP. Without the answer they wait a second. Not
/// before the answers to earlier requests: a client would take it for one of them.
final class ContinueHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// Requests that have no answer yet.
    private var unanswered = 0
    /// Whether the last of them waits to be told to go on.
    private var isAsking = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            unanswered += 1
            isAsking = head.headerFields[.expect]?.lowercased() == "100-continue"
            answerWhenNext(context)
        case .body, .end:
            // It has not waited.
            isAsking = false
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part = unwrapOutboundIn(data)
        context.write(data, promise: promise)
        guard case .end = part else { return }
        unanswered -= 1
        answerWhenNext(context)
    }

    private func answerWhenNext(_ context: ChannelHandlerContext) {
        guard isAsking, unanswered == 1 else { return }
        isAsking = false
        context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
    }
}
