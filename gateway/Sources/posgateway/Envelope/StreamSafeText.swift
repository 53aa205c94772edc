extension String {
    /// Combining marks in a row, in Unicode's Stream-Safe Text Format (UAX #15, section 13). Swift brings texts that it
    /// compares or hashes into one spelling, and sorts the marks for that: the time is the square of their number.
    static let mostMarks = 30

    /// Up to the mark that is one too many; nil when there is none.
    var untilSurplusMark: Substring? {
        // No mark is below U+0300, which begins with this byte.
        guard utf8.contains(where: { $0 >= 0xCC }) else { return nil }
        var count = 0
        for index in unicodeScalars.indices {
            count = unicodeScalars[index].isMark ? count + 1 : 0
            if count > Self.mostMarks { return self[..<index] }
        }
        return nil
    }
}

extension Unicode.Scalar {
    /// Whether normalisation moves it, or what it is made of, past its neighbours.
    fileprivate var isMark: Bool {
        switch value {
        case ..<0x300: false
        // These three are none, and are made of two each.
        case 0xF73, 0xF75, 0xF81: true
        default: properties.canonicalCombiningClass != .notReordered
        }
    }
}
