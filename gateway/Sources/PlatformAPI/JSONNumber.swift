/// A decimal number, without rounding.
package struct JSONNumber: Sendable, Equatable {
    /// As it was spelt.
    package let text: String
    private let isNegative: Bool
    /// Without zeros at either end; empty for zero.
    private let digits: [UInt8]
    /// The power of ten that multiplies `digits`. Nil for an exponent of 10,000 and more.
    private let power: Int?

    /// `text` has to be a JSON number.
    init(_ text: String) {
        self.text = text
        var rest = text.utf8[...]
        isNegative = rest.first == UInt8(ascii: "-")
        if isNegative { rest.removeFirst() }
        let parts = rest.split(maxSplits: 1) { $0 | 0x20 == UInt8(ascii: "e") }
        let halves = parts[0].split(separator: UInt8(ascii: "."))
        var digits = halves.reduce(into: []) { $0 += $1 }
        var power = -(halves.count == 2 ? halves[1].count : 0)
        while digits.last == UInt8(ascii: "0") {
            digits.removeLast()
            power += 1
        }
        self.digits = Array(digits.drop { $0 == UInt8(ascii: "0") })
        // Int accepts a leading sign, and returns nil on overflow.
        let exponent = parts.count == 2 ? Int(Substring(parts[1])) : 0
        self.power = exponent.flatMap { $0.magnitude < 10_000 ? power + $0 : nil }
    }

    /// The same text for the same number, when a Double can hold it: 1.5 for 1.50. Otherwise as it was spelt.
    /// What is spelt in digits alone is an `integer`, and not the same as 2.0.
    var plainText: String {
        guard let double = Double(text), double.isFinite else { return text }
        let plain = JSONNumber("\(double)")
        let isSame =
            plain.isNegative == isNegative && plain.digits == digits && (digits.isEmpty || plain.power == power)
        return isSame ? plain.text : text
    }

    /// The number times 100, when that is a whole number from 0 to `limit`.
    package func hundredths(upTo limit: Int64) -> Int64? {
        if digits.isEmpty { return isNegative ? nil : 0 }
        guard !isNegative, let power, power >= -2, digits.count + power + 2 <= 18,
            let value = Int64(String(decoding: digits, as: UTF8.self) + String(repeating: "0", count: power + 2))
        else { return nil }
        return value <= limit ? value : nil
    }
}
