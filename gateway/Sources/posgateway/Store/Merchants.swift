import BackOffice
import Foundation
import GRDB

extension Store {
    func merchant(_ appID: String) async throws -> Merchant? {
        try await read { db in try db.one(.merchant, [appID]).map(Merchant.init) }
    }

    func merchants() async throws -> [Merchant] {
        try await read { db in try db.all(.merchants).map(Merchant.init) }
    }

    /// False when the app id or the login name is taken.
    func addMerchant(
        appID: String, name: String, loginName: String, publicKey: Data?, recordKey: [UInt8]? = nil
    ) async throws -> Bool {
        try await write { db in
            guard try db.one(.merchant, [appID]) == nil, try db.one(.merchantByLogin, [loginName]) == nil else {
                return false
            }
            try db.run(.insertMerchant, [appID, name, loginName, publicKey, WallClock.now])
            if let recordKey { try db.add(recordKey, to: appID) }
            return true
        }
    }

    func setKey(_ publicKey: Data, of appID: String) async throws {
        try await write { db in try db.run(.setMerchantKey, [publicKey, appID]) }
    }

    func setContract(_ isContracted: Bool, of appID: String) async throws {
        try await write { db in try db.run(.setMerchantContract, [isContracted ? 1 : 0, appID]) }
    }

    func recordKeys(of appID: String) async throws -> [RecordKeyRow] {
        try await read { db in try db.all(.recordKeys, [appID]).map(RecordKeyRow.init) }
    }

    func addRecordKey(_ key: [UInt8], to appID: String) async throws {
        try await write { db in try db.add(key, to: appID) }
    }

    func removeRecordKey(_ id: Int64, of appID: String) async throws {
        try await write { db in try db.run(.deleteRecordKey, [id, appID]) }
    }
}

extension Database {
    fileprivate func add(_ recordKey: [UInt8], to appID: String) throws {
        try run(
            .insertRecordKey, [appID, RecordVerifier.id(of: recordKey).data, recordKey.data, WallClock.now])
    }
}

extension Merchant {
    fileprivate init(_ row: Row) {
        appID = row["app_id"]
        name = row["name"]
        loginName = row["login_name"]
        let der: Data? = row["public_key"]
        do { key = try der.map { .success(try ApplicationKey(der: $0)) } } catch {
            key = .failure(MerchantKeyFault(appID: row["app_id"], cause: error))
        }
        isContracted = row["is_contracted"] == 1
    }
}

extension RecordKeyRow {
    fileprivate init(_ row: Row) {
        id = row["id"]
        keyID = [UInt8](row["key_id"] as Data)
        key = [UInt8](row["key"] as Data)
        createdAt = row["created_at"]
    }
}
