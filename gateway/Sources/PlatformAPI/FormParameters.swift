/// The decoded parameters of a request: of its query and of its form-encoded body.
package struct FormParameters: Sendable {
    /// Keyed by bytes: Swift treats canonically equivalent strings as equal.
    private var values: [[UInt8]: String] = [:]
    /// The name of the first parameter that cannot be decoded: a `%` without two hex digits, bytes that are not UTF-8,
    /// or too many combining marks in a row. Its value is repaired: use it in messages only.
    package private(set) var undecodable: String?

    /// Whether there were more than `largestCount`. Each takes many times its length in memory.
    package private(set) var isTooMany = false
    package static let largestCount = 20_000

    /// Of a parameter that is given twice the first counts, the query before the body.
    package init(query: String, body: some Collection<UInt8>) {
        add(query.utf8)
        add(body)
    }

    /// Nil for a parameter that is absent or empty. The signed text treats both alike.
    package subscript(name: String) -> String? {
        guard let value = values[Array(name.utf8)], !value.isEmpty else { return nil }
        return value
    }

    /// The text that the sender has signed: all parameters but `sign` and the empty ones, sorted by name
    /// (docs/gateway.md).
    package var signedText: String {
        values.filter { $0.key != Array("sign".utf8) && !$0.value.isEmpty }
            .sorted { $0.key.lexicographicallyPrecedes($1.key) }
            .map { "\(String(decoding: $0.key, as: UTF8.self))=\($0.value)" }
            .joined(separator: "&")
    }

    private mutating func add(_ text: some Collection<UInt8>) {
        var rest = text[...]
        while !rest.isEmpty {
            let pair = rest.prefix { $0 != UInt8(ascii: "&") }
            rest = rest[pair.endIndex...].dropFirst()
            if pair.isEmpty { continue }
            guard values.count < Self.largestCount else {
                isTooMany = true
                return
            }
            let halves = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let name = decoded(halves[0], of: nil)
            let value = halves.count == 2 ? decoded(halves[1], of: name) : ""
            if values[Array(name.utf8)] == nil { values[Array(name.utf8)] = value }
        }
    }

    private mutating func decoded(_ text: some Collection<UInt8>, of name: String?) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var isSound = true
        var rest = text[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(0x20)
            case UInt8(ascii: "%"):
                if let high = rest.popFirst()?.hexDigit, let low = rest.popFirst()?.hexDigit {
                    bytes.append(high << 4 | low)
                } else {
                    isSound = false
                }
            default: bytes.append(byte)
            }
        }
        var decoded = String(decoding: bytes, as: UTF8.self)
        isSound = isSound && decoded.utf8.elementsEqual(bytes)
        if let safe = decoded.untilSurplusMark { (decoded, isSound) = (String(safe), false) }
        if !isSound, undecodable == nil { undecodable = name ?? decoded }
        return decoded
    }
}

extension UInt8 {
    fileprivate var hexDigit: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
