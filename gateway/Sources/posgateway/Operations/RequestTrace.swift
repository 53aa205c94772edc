import GRDB
import Logging

/// One request, as the log knows it. The id is in each of its lines and in the reply, so that one leads to the other.
struct RequestTrace: Sendable {
    let id: String
    private let logger: Logger

    init(_ context: GatewayContext) {
        id = context.id
        logger = context.logger
    }

    /// The one line for what went wrong inside: why, what became of the request, and what to do.
    func report(_ error: any Error, in what: String, answered: String) {
        let fault = StoreFault(error)
        let sqliteCode = (error as? DatabaseError).map { "\($0.extendedResultCode.rawValue)" } ?? "none"
        logger.error(
            "internal error",
            metadata: [
                "in": "\(what)", "cause": "\(fault?.rawValue ?? (error as? any NamedFault)?.name ?? "other")",
                "error": "\("\(error)".oneLine)", "sqlite_code": "\(sqliteCode)", "answered": "\(answered)",
                "effect": "\(fault?.leavesTransactionOpen == true ? "it may be kept: the retry finds out" : "nothing of it is kept")",
                "advice": "\(fault?.advice ?? (error as? any NamedFault)?.advice ?? "report this line")",
            ])
    }

    /// The one line for an answer that the fault panel has made unknown.
    func reportInjected(_ fault: Fault, in what: String) {
        logger.notice(
            "internal error",
            metadata: [
                "in": "\(what)", "cause": "fault-panel", "error": "\(fault.kind.rawValue)",
                "effect": "\(fault.kind.happens ? "it is kept all the same" : "nothing of it is kept")",
                "advice": "take the fault back in the console",
            ])
    }
}

/// An internal error that says what it is called, and what the operator does about it.
protocol NamedFault: Error {
    var name: String { get }
    var advice: String { get }
}

extension String {
    /// A log has one line for one thing.
    var oneLine: String { String(map { $0.isNewline ? " " : $0 }) }
}
