import Foundation
import GRDB

/// One of the issuer's keys.
package struct IssuerKeyRow: Sendable {
    package enum State: String, Sendable {
        /// In the list that gates fetch.
        case published
        /// In the list, and signs riders' codes. One key at a time.
        case active
        /// Not in the list. Codes made later than this do not settle.
        case retired
    }

    package let id: UInt8
    package let scalar: [UInt8]
    package let publicKey: [UInt8]
    package let state: State
    package let createdAt: Int64
    package let retiredAt: Int64?
}

extension IssuerKeyRow: FetchableRecord {
    package init(row: Row) {
        id = UInt8(row["key_id"] as Int64)
        scalar = [UInt8](row["scalar"] as Data)
        publicKey = [UInt8](row["public_key"] as Data)
        state = State(rawValue: row["state"]) ?? .retired
        createdAt = row["created_at"]
        retiredAt = row["retired_at"]
    }
}
