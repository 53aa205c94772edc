import Foundation
import GRDB
import GatewaySystem
import BackOffice

extension Store {
    package func merchant(_ appID: String) async throws -> Merchant? {
        try await read { db in try Merchant.fetchOne(db.cachedStatement(.merchant), arguments: [appID]) }
    }

    package func merchants() async throws -> [Merchant] {
        try await read { db in try db.all(.merchants) }
    }

    /// False when the app id or the login name is taken.
    package func addMerchant(
        appID: String, name: String, loginName: String, publicKey: Data?, recordKey: [UInt8]? = nil
    ) async throws -> Bool {
        try await write { db in
            guard try db.one(.merchant, [appID]) == nil, try db.one(.merchantByLogin, [loginName]) == nil else {
                return false
            }
            try db.run(.insertMerchant, [appID, name, loginName, publicKey, SystemTime.now])
            if let recordKey { try db.add(recordKey, to: appID) }
            return true
        }
    }

    package func setKey(_ publicKey: Data, of appID: String) async throws {
        try await write { db in try db.run(.setMerchantKey, [publicKey, appID]) }
    }

    package func setContract(_ isContracted: Bool, of appID: String) async throws {
        try await write { db in try db.run(.setMerchantContract, [isContracted ? 1 : 0, appID]) }
    }

    package func recordKeys(of appID: String) async throws -> [RecordKeyRow] {
        try await read { db in try db.all(.recordKeys, [appID]) }
    }

    package func addRecordKey(_ key: [UInt8], to appID: String) async throws {
        try await write { db in try db.add(key, to: appID) }
    }

    package func removeRecordKey(_ id: Int64, of appID: String) async throws {
        try await write { db in try db.run(.deleteRecordKey, [id, appID]) }
    }
}

extension Database {
    fileprivate func add(_ recordKey: [UInt8], to appID: String) throws {
        try run(
            .insertRecordKey, [appID, RecordVerifier.id(of: recordKey).data, recordKey.data, SystemTime.now])
    }
}
