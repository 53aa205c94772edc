import GRDB

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
}
