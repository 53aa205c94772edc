extension String {
    /// Whether the bytes are equal. Swift's `==` treats different spellings of one character as equal: two names that
    /// only look alike would be one merchant, rider or card.
    package func isSame(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }

    /// The first 128 characters: the document's limit for messages.
    package var clipped: String { String(String.UnicodeScalarView(unicodeScalars.prefix(128))) }

    /// The longest prefix of whole Unicode scalars that fits into `limit` bytes. A grapheme can have any number of
    /// them.
    package func beginning(bytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var end = utf8.index(startIndex, offsetBy: limit)
        while end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
        return String(unicodeScalars[..<end])
    }

    /// The longest suffix of whole Unicode scalars that fits into `limit` bytes.
    package func ending(bytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var start = utf8.index(endIndex, offsetBy: -limit)
        while start.samePosition(in: unicodeScalars) == nil { start = utf8.index(after: start) }
        return String(unicodeScalars[start...])
    }

    /// Escaped for HTML text and attributes.
    package var escapedForHTML: String {
        var escaped = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// Without line breaks: one log entry is one line.
    package var oneLine: String { String(map { $0.isNewline ? " " : $0 }) }
}
