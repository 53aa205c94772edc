import Foundation
import GRDB
import GatewaySystem
import BackOffice

/// Why an issuer key's state cannot change.
package enum IssuerKeyError: Error, Equatable {
    case unknown
    case retired
    /// It signs riders' codes: activate another one first.
    case active
    /// Gates hold at most 64 keys.
    case tooMany
    /// A key's id is one byte, and none is used twice: codes of the key before would be checked with another.
    case noIDsLeft
}

extension Store {
    /// The limit of a gate's key list.
    package static let largestKeyList = 64

    package func issuerKeys() async throws -> [IssuerKeyRow] {
        try await read { db in try db.all(.issuerKeys) }
    }

    /// Adds keys, all or none, each under the lowest id that was never used. The first key of all is active at once.
    package func addIssuerKeys(_ keys: [SigningKey]) async throws {
        let keys = keys.map { (scalar: $0.scalar.data, publicKey: $0.publicKey.data) }
        try await write { db in
            let known: [IssuerKeyRow] = try db.all(.issuerKeys)
            let free = (UInt8.min...UInt8.max).filter { id in !known.contains { $0.id == id } }
            guard known.count(where: { $0.state != .retired }) + keys.count <= Self.largestKeyList
            else { throw IssuerKeyError.tooMany }
            guard free.count >= keys.count else { throw IssuerKeyError.noIDsLeft }
            for (index, (id, key)) in zip(free, keys).enumerated() {
                let state: IssuerKeyRow.State = known.isEmpty && index == 0 ? .active : .published
                try db.run(
                    .insertIssuerKey, [Int64(id), key.scalar, key.publicKey, state.rawValue, SystemTime.now])
            }
        }
    }

    /// Riders' codes are signed with this key from now on.
    package func activateIssuerKey(_ id: UInt8) async throws {
        try await write { db in
            let keys: [IssuerKeyRow] = try db.all(.issuerKeys)
            guard let key = keys.first(where: { $0.id == id }) else { throw IssuerKeyError.unknown }
            guard key.state != .retired else { throw IssuerKeyError.retired }
            for other in keys where other.state == .active {
                try db.run(.setIssuerKeyState, [IssuerKeyRow.State.published.rawValue, nil, Int64(other.id)])
            }
            try db.run(.setIssuerKeyState, [IssuerKeyRow.State.active.rawValue, nil, Int64(id)])
        }
    }

    /// Takes a key out of the list. What was made before still settles.
    package func retireIssuerKey(_ id: UInt8) async throws {
        try await write { db in
            guard let key = try (db.all(.issuerKeys) as [IssuerKeyRow]).first(where: { $0.id == id }) else {
                throw IssuerKeyError.unknown
            }
            switch key.state {
            case .active: throw IssuerKeyError.active
            case .retired: throw IssuerKeyError.retired
            case .published:
                try db.run(.setIssuerKeyState, [IssuerKeyRow.State.retired.rawValue, SystemTime.now, Int64(id)])
            }
        }
    }
}
