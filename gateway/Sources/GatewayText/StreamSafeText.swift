extension String {
    /// Limit of combining marks in a row: Unicode's Stream-Safe Text Format (UAX #15, section 13). Swift normalises
    /// strings to compare or hash them and sorts their marks, in quadratic time.
    package static let mostMarks = 30

    /// The text before the first mark above the limit. Nil when the text is within it.
    package var untilSurplusMark: Substring? {
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
    /// Whether normalisation reorders it, or a part of its decomposition.
    fileprivate var isMark: Bool {
        switch value {
        case ..<0x300: false
        // Not marks themselves, but each decomposes into two.
        case 0xF73, 0xF75, 0xF81: true
        default: properties.canonicalCombiningClass != .notReordered
        }
    }
}
