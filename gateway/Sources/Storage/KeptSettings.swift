import GRDB
import GatewaySystem

extension Store {
    /// Keeps the offset from UTC at which times are read, in seconds. Retries, the order of a card's messages and trade
    /// numbers depend on it. Returns the kept offset when it is another one and something was stored under it, nil otherwise.
    package func keepUTCOffset(_ seconds: Int) async throws -> Int? {
        try await write { db in
            let kept: Int? = try db.one(.setting, ["utc-offset"]).flatMap { Int($0["value"] as String) }
            guard kept != seconds else { return nil }
            if let kept, try db.one(.hasTimes, [])?["found"] == 1 { return kept }
            try db.run(.keepSetting, ["utc-offset", "\(seconds)"])
            return nil
        }
    }

    /// The console's sessions depend on it. A password that is not the last one gets a new epoch, so that sessions do not
    /// come back with a password. `digest`: of an epoch and the password; the database does not have the password.
    package func consoleEpoch(digest: @escaping @Sendable (_ epoch: String) -> String) async throws -> String {
        try await write { db in
            let kept: String? = try db.one(.setting, ["console"])?["value"]
            if let epoch = kept.map({ String($0.prefix(64)) }), "\(epoch) \(digest(epoch))" == kept { return epoch }
            let epoch = RandomText.hex(bytes: 32)
            try db.run(.keepSetting, ["console", "\(epoch) \(digest(epoch))"])
            return epoch
        }
    }
}
