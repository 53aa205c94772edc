import GatewayText
import Synchronization

/// One call as the console lists it.
package struct CallEntry: Sendable {
    package let time: Int64
    /// What the caller said; it may be nobody's.
    package let appID: String
    package let method: String
    package let code: String
    package let subCode: String
    package let reason: String
    package let milliseconds: Int

    /// Whatever a caller sends, it is kept in so many bytes.
    package init(time: Int64, appID: String, method: String, code: String, subCode: String, reason: String, milliseconds: Int) {
        self.time = time
        self.appID = appID.beginning(bytes: 64)
        self.method = method.beginning(bytes: 64)
        self.code = code
        self.subCode = subCode
        self.reason = reason.beginning(bytes: 6000)
        self.milliseconds = milliseconds
    }
}

/// The last calls, in memory: a restart forgets them.
package final class CallLog: Sendable {
    static let capacity = 200
    private let entries = Mutex<[CallEntry]>([])

    package init() {}

    package func add(_ entry: CallEntry) {
        entries.withLock { entries in
            if entries.count == Self.capacity { entries.removeFirst() }
            entries.append(entry)
        }
    }

    /// The newest first.
    package var last: [CallEntry] { entries.withLock { $0.reversed() } }
}
