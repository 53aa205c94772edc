import Hummingbird
import NIOCore

/// What a request knows of its connection.
struct GatewayContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }

    /// Whether the other end is this machine.
    var isLocal: Bool {
        switch channel.remoteAddress {
        case .v4(let address)?: address.address.sin_addr.s_addr.bigEndian >> 24 == 127
        case .v6?:
            channel.remoteAddress?.ipAddress == "::1"
                || channel.remoteAddress?.ipAddress?.hasPrefix("::ffff:127.") == true
        case .unixDomainSocket?: true
        case nil: false
        }
    }
}

extension Request {
    /// The body; refused with 413 above the limit.
    func bytes(upTo limit: Int) async throws -> [UInt8] {
        do { return Array(try await body.collect(upTo: limit).readableBytesView) } catch is NIOTooManyBytesError {
            throw HTTPError(.contentTooLarge)
        }
    }

    /// The pairs of a submitted form.
    func form(upTo limit: Int = 65536) async throws -> FormParameters {
        let form = FormParameters(query: "", body: try await bytes(upTo: limit))
        guard form.undecodable == nil else { throw HTTPError(.badRequest, message: "the form cannot be decoded") }
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
