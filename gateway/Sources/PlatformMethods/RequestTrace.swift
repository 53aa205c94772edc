import GatewayText
import Logging
import Storage

/// One request in the log. Its id is in each of its lines and in the reply.
package struct RequestTrace: Sendable {
    package let id: String
    private let logger: Logger

    package init(id: String, logger: Logger) {
        self.id = id
        self.logger = logger
    }

    /// Logs an internal error in one line: the cause, the effect on the request, and what to do.
    package func report(_ error: any Error, in what: String, answered: String) {
        let storeError = StoreError(error)
        let sqliteCode = StoreError.sqliteCode(of: error).map { "\($0)" } ?? "none"
        logger.error(
            "internal error",
            metadata: [
                "in": "\(what)", "cause": "\(storeError?.rawValue ?? (error as? any NamedError)?.name ?? "other")",
                "error": "\("\(error)".oneLine)", "sqlite_code": "\(sqliteCode)", "answered": "\(answered)",
                "effect":
                    "\(storeError?.leavesTransactionOpen == true ? "it may be kept: the retry finds out" : "nothing of it is kept")",
                "advice": "\(storeError?.advice ?? (error as? any NamedError)?.advice ?? "report this line")",
            ])
    }

    /// Logs an answer that the fault panel has made unknown.
    package func reportInjected(_ fault: InjectedFault, in what: String) {
        logger.notice(
            "internal error",
            metadata: [
                "in": "\(what)", "cause": "fault-panel", "error": "\(fault.kind.rawValue)",
                "effect": "\(fault.kind.happens ? "it is kept all the same" : "nothing of it is kept")",
                "advice": "take the fault back in the console",
            ])
    }
}

/// An internal error with a stable name and advice for the operator.
package protocol NamedError: Error {
    var name: String { get }
    var advice: String { get }
}
