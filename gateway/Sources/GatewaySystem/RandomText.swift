/// Random text from the system's generator.
package enum RandomText {
    private static let hexDigits = Array("0123456789abcdef")

    /// `2 * count` hex digits.
    package static func hex(bytes count: Int) -> String {
        String((0..<2 * count).map { _ in hexDigits[Int.random(in: hexDigits.indices)] })
    }

    /// `count` decimal digits.
    package static func digits(_ count: Int) -> String {
        String((0..<count).map { _ in hexDigits[Int.random(in: 0..<10)] })
    }
}
