/// The operator's limits for settlements.
package struct SettlementLimits: Sendable {
    /// How old a trade may be.
    package let days: Int
    /// How much one trade may cost.
    package let rideCapCent: Int64

    package init(days: Int = 5, rideCapCent: Int64 = 2000) {
        self.days = days
        self.rideCapCent = rideCapCent
    }

    /// How far ahead times may be: a gate's clock may be wrong, and actual_order_time in another time zone.
    package static let secondsAhead: Int64 = 86400

    package var seconds: Int64 { Int64(days) * 86400 }
}
