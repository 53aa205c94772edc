import Foundation

/// The times of the interfaces: "yyyy-MM-dd HH:mm:ss" at one distance from UTC, China's by default.
struct WallClock: Sendable {
    private let style: Date.ISO8601FormatStyle

    init(secondsFromUTC: Int) {
        style = Date.ISO8601FormatStyle(timeZone: TimeZone(secondsFromGMT: secondsFromUTC) ?? .gmt)
            .year().month().day().dateTimeSeparator(.space).time(includingFractionalSeconds: false)
    }

    /// Unix seconds; nil for anything but a time in exactly that form.
    func parse(_ text: String) -> Int64? {
        let date: Date
        // All that it throws is that the text is no time.
        do { date = try style.parse(text) } catch { return nil }
        // Foundation takes more than it writes.
        guard style.format(date) == text else { return nil }
        return Int64(date.timeIntervalSince1970)
    }

    func text(_ time: Int64) -> String { style.format(Date(timeIntervalSince1970: TimeInterval(time))) }

    static var now: Int64 { Int64(Date().timeIntervalSince1970) }
}
