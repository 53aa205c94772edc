import Foundation
import GRDB

/// A merchant's program that calls the gateway.
package struct Merchant: Sendable {
    package let appID: String
    package let name: String
    /// The account that earns; `seller_login_name` may name it.
    package let loginName: String
    /// DER. Nil until one is uploaded.
    package let publicKey: Data?
    /// Whether it may call the methods.
    package let isContracted: Bool
}

extension Merchant: FetchableRecord {
    package init(row: Row) {
        appID = row["app_id"]
        name = row["name"]
        loginName = row["login_name"]
        publicKey = row["public_key"]
        isContracted = row["is_contracted"] == 1
    }
}

/// A key that signs the records of a merchant's gates.
package struct RecordKeyRow: Sendable {
    package let id: Int64
    package let keyID: [UInt8]
    package let key: [UInt8]
    package let createdAt: Int64
}

extension RecordKeyRow: FetchableRecord {
    package init(row: Row) {
        id = row["id"]
        keyID = [UInt8](row["key_id"] as Data)
        key = [UInt8](row["key"] as Data)
        createdAt = row["created_at"]
    }
}
