import Synchronization

/// One call as the console lists it.
struct CallEntry: Sendable {
    let time: Int64
    /// What the caller said; it may be nobody's.
    let appID: String
    let method: String
    let code: String
    let subCode: String
    let reason: String
    let milliseconds: Int

    /// Whatever a caller sends, it is kept in so many bytes.
    init(time: Int64, appID: String, method: String, code: String, subCode: String, reason: String, milliseconds: Int) {
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
final class CallLog: Sendable {
    static let capacity = 200
    private let entries = Mutex<[CallEntry]>([])

    func add(_ entry: CallEntry) {
        entries.withLock { entries in
            if entries.count == Self.capacity { entries.removeFirst() }
            entries.append(entry)
        }
    }

    /// The newest first.
    var last: [CallEntry] { entries.withLock { $0.reversed() } }
}
