import ArgumentParser
import Glibc

/// Converts between Unix time, which codes contain, and local time.
enum Times {
    static var now: UInt32 { UInt32(clamping: time(nil)) }

    /// Local time and Unix time, such as "2018-01-17 13:35:55 +0800 (1516167355)".
    static func text(_ seconds: UInt32) -> String { "\(local(seconds)) (\(seconds))" }

    static func local(_ seconds: UInt32) -> String {
        var clock = time_t(seconds)
        var parts = tm()
        localtime_r(&clock, &parts)
        let date = "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
        let hours = "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
        let minutesEast = abs(parts.tm_gmtoff) / 60
        let zone = "\(parts.tm_gmtoff < 0 ? "-" : "+")\(two(Int32(minutesEast / 60)))\(two(Int32(minutesEast % 60)))"
        return "\(date) \(hours) \(zone)"
    }

    /// Converts a local time to Unix time; nil when that date or time does not exist. `numbers`: year, month, day,
    /// hour, minute, second.
    static func unix(_ numbers: [Int32]) -> UInt32? {
        var parts = tm()
        parts.tm_year = numbers[0] - 1900
        parts.tm_mon = numbers[1] - 1
        parts.tm_mday = numbers[2]
        parts.tm_hour = numbers[3]
        parts.tm_min = numbers[4]
        parts.tm_sec = numbers[5]
        parts.tm_isdst = -1
        let asked = parts
        let seconds = mktime(&parts)
        // mktime converts February 30 to March 2, so the result is compared with the input.
        guard parts.tm_mday == asked.tm_mday, parts.tm_mon == asked.tm_mon, parts.tm_hour == asked.tm_hour,
            parts.tm_min == asked.tm_min, parts.tm_sec == asked.tm_sec
        else { return nil }
        return UInt32(exactly: seconds)
    }

    private static func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
}

/// A time as the user gave it in an option.
enum TimeArgument: ExpressibleByArgument, Equatable {
    case absolute(UInt32)
    /// An offset in seconds. The option defines the base time.
    case relative(Int64)

    init?(argument: String) {
        if argument == "now" {
            self = .relative(0)
        } else if let sign = argument.first, sign == "+" || sign == "-" {
            guard let seconds = Self.duration(argument.dropFirst()) else { return nil }
            self = .relative(sign == "-" ? -seconds : seconds)
        } else if let seconds = UInt32(argument) {
            self = .absolute(seconds)
        } else {
            guard let seconds = Self.date(argument) else { return nil }
            self = .absolute(seconds)
        }
    }

    var defaultValueDescription: String {
        switch self {
        case .absolute(let seconds): "\(seconds)"
        case .relative(0): "now"
        case .relative(let seconds) where seconds > 0 && seconds % 86400 == 0: "+\(seconds / 86400)d"
        case .relative(let seconds): "\(seconds > 0 ? "+" : "")\(seconds)"
        }
    }

    /// The Unix time; nil when it does not fit into the 32 bits of a code.
    func resolved(from moment: UInt32) -> UInt32? {
        switch self {
        case .absolute(let seconds): seconds
        case .relative(let seconds): UInt32(exactly: Int64(moment) + seconds)
        }
    }

    /// Reads a duration: "90", "90s", "5m", "2h", "30d", "4w".
    private static func duration(_ text: Substring) -> Int64? {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800]
        guard let last = text.last else { return nil }
        let unit = units[last]
        let digits = unit == nil ? text : text.dropLast()
        guard digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let number = Int64(digits),
            number <= Int64(UInt32.max)
        else { return nil }
        return number * (unit ?? 1)
    }

    /// Reads a local time: "2026-01-31", "2026-01-31 08:30", "2026-01-31T08:30:00".
    private static func date(_ text: String) -> UInt32? {
        let halves = text.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == " " || $0 == "T" }
        let days = halves[0].split(separator: "-", omittingEmptySubsequences: false)
        let clock =
            halves.count == 2 ? halves[1].split(separator: ":", omittingEmptySubsequences: false) : ["0", "0"]
        guard days.count == 3, days[0].count == 4, (2...3).contains(clock.count) else { return nil }
        let words = days + clock + (clock.count == 2 ? ["0"] : [])
        var numbers: [Int32] = []
        for word in words {
            guard word.count <= 4, word.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let number = Int32(word)
            else { return nil }
            numbers.append(number)
        }
        return Times.unix(numbers)
    }
}
