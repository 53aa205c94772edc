import GRDB

/// The rider or the operator behind a browser's session.
package struct Session: Sendable {
    /// Nil for the operator's console.
    package let userID: String?
    package let expiresAt: Int64
}

extension Session: FetchableRecord {
    package init(row: Row) { (userID, expiresAt) = (row["user_id"], row["expires_at"]) }
}
