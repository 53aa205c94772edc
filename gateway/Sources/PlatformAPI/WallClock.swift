import Foundation

/// Times as the methods spell them: "yyyy-MM-dd HH:mm:ss" at one offset from UTC, China's by default.
package struct WallClock: Sendable {
    private let style: Date.ISO8601FormatStyle

    package init(secondsFromUTC: Int) {
        style = Date.ISO8601FormatStyle(timeZone: TimeZone(secondsFromGMT: secondsFromUTC) ?? .gmt)
            .year().month().day().dateTimeSeparator(.space).time(includingFractionalSeconds: false)
    }

    /// Unix seconds; nil for any other form.
    func parse(_ text: String) -> Int64? {
        let date: Date
        // Its only error is that the text is not a time.
        do { date = try style.parse(text) } catch { return nil }
        // Foundation accepts more forms than the one it writes.
        guard style.format(date) == text else { return nil }
        return Int64(date.timeIntervalSince1970)
    }

    package func text(_ time: Int64) -> String { style.format(Date(timeIntervalSince1970: TimeInterval(time))) }
}
