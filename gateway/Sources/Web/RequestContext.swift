import ConnectionLimits
import Hummingbird
import NIOCore
import PlatformAPI
import PlatformMethods

/// A request's connection.
package struct GatewayContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    let channel: any Channel

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }

    /// The other end.
    var peer: Peer { Peer(channel.remoteAddress) }

    /// The request in the log.
    var trace: RequestTrace { RequestTrace(id: id, logger: logger) }
}

extension Request {
    /// The whole body. An incomplete one is a client error.
    func bytes(upTo limit: Int) async throws -> [UInt8] {
        let bytes: [UInt8]
        do { bytes = Array(try await body.collect(upTo: limit).readableBytesView) } catch is NIOTooManyBytesError {
            throw HTTPError(.contentTooLarge)
        } catch BodyError.tooSlow {
            throw HTTPError(.requestTimeout, message: "the request took too long")
        } catch BodyError.tooMuch {
            throw HTTPError(.serviceUnavailable, message: "too much is being sent at once: send it again in a moment")
        } catch {
            throw HTTPError(.badRequest, message: "the body breaks off or is malformed")
        }
        // The end of the connection or of the server looks like the end of the body.
        guard !Task.isCancelled, headers[.contentLength].flatMap({ Int($0) }) ?? bytes.count == bytes.count else {
            throw HTTPError(.badRequest, message: "the body breaks off")
        }
        return bytes
    }

    /// The pairs of a submitted form.
    func form(upTo limit: Int = 65536) async throws -> FormParameters {
        let form = FormParameters(query: "", body: try await bytes(upTo: limit))
        guard form.undecodable == nil, !form.isTooMany else {
            throw HTTPError(.badRequest, message: "the form cannot be decoded")
        }
        return form
    }
}

extension Response {
    /// A page or a text, never cached.
    init(_ status: HTTPResponse.Status = .ok, type: String, _ text: String) {
        self.init(
            status: status, headers: [.contentType: type, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
