/// What a request carries, decoded: the pairs of its query and of its form-encoded body.
struct FormParameters: Sendable {
    private(set) var values: [String: String] = [:]

    /// Why a request's parameters cannot be read.
    enum Fault: Error, Equatable {
        /// `%` without two hex digits behind it, or bytes that are not UTF-8.
        case notDecodable(name: String)
    }

    /// The query comes first: of a key that is given twice the first counts, which is how two parts can repeat it.
    init(query: String, body: String) throws(Fault) {
        for part in [query, body] {
            for pair in part.utf8.split(separator: UInt8(ascii: "&")) {
                let halves = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
                guard let name = Self.decoded(halves[0]) else { throw .notDecodable(name: "?") }
                guard let value = halves.count == 2 ? Self.decoded(halves[1]) : "" else {
                    throw .notDecodable(name: name)
                }
                if values[name] == nil { values[name] = value }
            }
        }
    }

    /// Nil for a parameter that is absent or empty: the two are one here, as in what is signed.
    subscript(name: String) -> String? {
        guard let value = values[name], !value.isEmpty else { return nil }
        return value
    }

    /// What the sender has signed: all but `sign` and what is empty, by key in ASCII order (docs/gateway.md).
    var signedText: String {
        values.filter { $0.key != "sign" && !$0.value.isEmpty }
            .sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            .map { "\($0.key)=\($0.value)" }
            .joined(separator: "&")
    }

    private static func decoded(_ text: Substring.UTF8View.SubSequence) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var rest = text
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(0x20)
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst()?.hexDigit, let low = rest.popFirst()?.hexDigit else { return nil }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
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
