import GatewayText
import Synchronization

/// One call in the console's list.
package struct CallEntry: Sendable {
    package let time: Int64
    /// As the caller sent it. It may be unknown.
    package let appID: String
    package let method: String
    package let code: String
    package let subCode: String
    package let reason: String
    package let milliseconds: Int

    /// Cuts what the caller sent to a bounded size.
    package init(
        time: Int64, appID: String, method: String, code: String, subCode: String, reason: String, milliseconds: Int
    ) {
        self.time = time
        self.appID = appID.beginning(bytes: 64)
        self.method = method.beginning(bytes: 64)
        self.code = code
        self.subCode = subCode
        self.reason = reason.beginning(bytes: 6000)
        self.milliseconds = milliseconds
    }
}

/// The last calls. In memory only.
package final class CallLog: Sendable {
    static let capacity = 50
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
