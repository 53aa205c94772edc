import GRDB
import GatewaySystem

extension Store {
    /// Keeps the distance from UTC, in seconds, at which times are read. Retries and the order of a card's messages are told
    /// by times, and trade numbers by days: another distance would change all of them. The kept one when it is another and
    /// something was stored under it; else nil.
    package func keepUTCOffset(_ seconds: Int) async throws -> Int? {
        try await write { db in
            let kept: Int? = try db.one(.setting, ["utc-offset"]).flatMap { Int($0["value"] as String) }
            guard kept != seconds else { return nil }
            if let kept, try db.one(.hasTimes, [])?["found"] == 1 { return kept }
            try db.run(.keepSetting, ["utc-offset", "\(seconds)"])
            return nil
        }
    }

    /// What the sessions of the console's password are tied to: a new one whenever the password is not the one before, so that
    /// sessions do not come back with a password. `digest`: of an epoch and the password, by which the password is known again.
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
