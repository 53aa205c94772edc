import GRDB

/// An account's line on the console.
package struct AccountRow: Sendable {
    package let kind: String
    package let owner: String
    package let balanceCent: Int64
}

extension AccountRow: FetchableRecord {
    package init(row: Row) {
        kind = row["kind"]
        owner = row["owner"]
        balanceCent = row["balance_cent"]
    }
}
