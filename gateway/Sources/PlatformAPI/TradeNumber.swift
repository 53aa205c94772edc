/// The gateway's number of a trade: its day and a count, 28 digits as merchants expect.
package enum TradeNumber {
    package static func text(_ id: Int64, at time: Int64, _ clock: WallClock) -> String {
        let day = clock.text(time).prefix(10).filter { $0 != "-" }
        let digits = "\(id)"
        return day + "22" + String(repeating: "0", count: max(18 - digits.count, 0)) + digits
    }
}
