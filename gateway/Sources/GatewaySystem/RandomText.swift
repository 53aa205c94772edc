import BackOffice

/// Random text from the system's generator.
package enum RandomText {
    /// Twice `count` lowercase hex digits.
    package static func hex(bytes count: Int) -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }.hex.lowercased()
    }

    /// `count` decimal digits.
    package static func digits(_ count: Int) -> String {
        var generator = SystemRandomNumberGenerator()
        return String((0..<count).map { _ in Character("\(Int.random(in: 0...9, using: &generator))") })
    }
}
