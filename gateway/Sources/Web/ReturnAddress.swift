import Foundation
import BackOffice

/// The merchant's address to which the route page redirects.
struct ReturnAddress: Sendable {
    /// Safe in a header: has only characters of an address.
    private let text: String
    /// "https://merchant.example:8443".
    let origin: String
    package let host: String

    /// Nil unless it is an http or https address with a host. Non-ASCII host names have to be punycode.
    init?(_ given: String) {
        guard given.utf8.count <= 2048 else { return nil }
        var text = ""
        for byte in given.utf8 {
            if byte <= 0x20 || byte >= 0x7F || "<>\"`{}|\\^".utf8.contains(byte) {
                text += "%" + [byte].hex
            } else {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
        guard let end = text.range(of: "://") else { return nil }
        let scheme = text[..<end.lowerBound].lowercased()
        let authority = text[end.upperBound...].prefix { !"/?#".contains($0) }
        // The origin goes into a header: only a name or an address, and a port.
        guard scheme == "http" || scheme == "https",
            authority.wholeMatch(of: /([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?/) != nil
        else { return nil }
        self.text = text
        host = String(authority)
        origin = "\(scheme)://\(authority)"
    }

    /// The answer's parameter.
    private static let answer = "isCreditOpened"

    /// With the answer behind its own query, before its own fragment. An answer that was there before is left out: of
    /// two a merchant may read the first.
    package func answered(_ isOpened: Bool) -> String {
        let halves = text.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        var address = String(halves[0])
        if let mark = address.firstIndex(of: "?") {
            address = address[...mark] + Self.withoutAnswers(address[mark...].dropFirst())
        }
        let separator = !address.contains("?") ? "?" : address.hasSuffix("?") || address.hasSuffix("&") ? "" : "&"
        return address + separator + "\(Self.answer)=\(isOpened)" + (halves.count == 2 ? "#" + halves[1] : "")
    }

    /// Programs part a query at "&", and some at ";" too.
    private static func withoutAnswers(_ query: Substring) -> String {
        var rest = query
        var own = ""
        var separator = ""
        var isFirst = true
        while true {
            let pair = rest.prefix { $0 != "&" && $0 != ";" }
            if !isAnswer(pair) {
                own += isFirst ? pair : separator + pair
                isFirst = false
            }
            guard pair.endIndex < rest.endIndex else { return own }
            separator = String(rest[pair.endIndex])
            rest = rest[pair.endIndex...].dropFirst()
        }
    }

    /// Some programs take a parameter's name in letters of either case, leave out what is blank around it, end it at a
    /// zero byte, or read "name[]" as it.
    private static func isAnswer(_ pair: Substring) -> Bool {
        let spelt = pair.prefix { $0 != "=" }.replacing("+", with: " ")
        guard let decoded = spelt.removingPercentEncoding else { return false }
        let name = decoded.unicodeScalars.drop { isBlank($0) }.prefix { $0 != "[" && $0 != "\0" }
        let end = name.lastIndex { !isBlank($0) }.map { name.index(after: $0) } ?? name.startIndex
        return String(name[..<end]).lowercased() == answer.lowercased()
    }

    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value != 0 && scalar.value < 0x20 || scalar.properties.isWhitespace
    }
}
