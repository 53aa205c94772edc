import BackOffice
import Foundation
import GRDB

/// Why an issuer key cannot become what the operator asked.
enum IssuerKeyFault: Error, Equatable {
    case unknown
    case retired
    /// Riders' codes are signed with it: another has to take over first.
    case active
    /// Gates hold at most 64 keys.
    case tooMany
}

extension Store {
    /// Gates are told of at most this many.
    static let largestKeyList = 64

    func issuerKeys() async throws -> [IssuerKeyRow] {
        try await read { db in try db.all(.issuerKeys).map(IssuerKeyRow.init) }
    }

    /// Adds keys, all or none, each under the lowest id that was never used. The first key of all is active at once.
    func addIssuerKeys(_ keys: [SigningKey]) async throws {
        let keys = keys.map { (scalar: $0.scalar.data, publicKey: $0.publicKey.data) }
        try await write { db in
            let known = try db.all(.issuerKeys).map(IssuerKeyRow.init)
            let free = (UInt8.min...UInt8.max).filter { id in !known.contains { $0.id == id } }
            guard known.count(where: { $0.state != .retired }) + keys.count <= Self.largestKeyList,
                free.count >= keys.count
            else { throw IssuerKeyFault.tooMany }
            for (index, (id, key)) in zip(free, keys).enumerated() {
                let state: IssuerKeyRow.State = known.isEmpty && index == 0 ? .active : .published
                try db.run(
                    .insertIssuerKey, [Int64(id), key.scalar, key.publicKey, state.rawValue, WallClock.now])
            }
        }
    }

    /// Riders' codes are signed with this key from now on.
    func activateIssuerKey(_ id: UInt8) async throws {
        try await write { db in
            let keys = try db.all(.issuerKeys).map(IssuerKeyRow.init)
            guard let key = keys.first(where: { $0.id == id }) else { throw IssuerKeyFault.unknown }
            guard key.state != .retired else { throw IssuerKeyFault.retired }
            for other in keys where other.state == .active {
                try db.run(.setIssuerKeyState, [IssuerKeyRow.State.published.rawValue, nil, Int64(other.id)])
            }
            try db.run(.setIssuerKeyState, [IssuerKeyRow.State.active.rawValue, nil, Int64(id)])
        }
    }

    /// Takes a key out of the list. What was made before still settles.
    func retireIssuerKey(_ id: UInt8) async throws {
        try await write { db in
            guard let key = try db.all(.issuerKeys).map(IssuerKeyRow.init).first(where: { $0.id == id }) else {
                throw IssuerKeyFault.unknown
            }
            switch key.state {
            case .active: throw IssuerKeyFault.active
            case .retired: throw IssuerKeyFault.retired
            case .published:
                try db.run(.setIssuerKeyState, [IssuerKeyRow.State.retired.rawValue, WallClock.now, Int64(id)])
            }
        }
    }
}

extension IssuerKeyRow {
    fileprivate init(_ row: Row) {
        id = UInt8(row["key_id"] as Int64)
        scalar = [UInt8](row["scalar"] as Data)
        publicKey = [UInt8](row["public_key"] as Data)
        state = State(rawValue: row["state"]) ?? .retired
        createdAt = row["created_at"]
        retiredAt = row["retired_at"]
    }
}
