import GRDB

/// The rider or the operator behind a browser's session.
package struct Session: Sendable {
    /// Nil for the operator's console.
    package let userID: String?
}

extension Session: FetchableRecord {
    package init(row: Row) { userID = row["user_id"] }
}
