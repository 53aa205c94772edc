import Hummingbird

/// The two languages of the pages.
enum Language: String, Sendable {
    case chinese = "zh-CN"
    case english = "en"

    /// The parameter and the cookie of a rider's choice.
    static let choice = "lang"

    /// From the address, else from the cookie, else from Accept-Language.
    init(_ request: Request) {
        let asked =
            request.uri.queryParameters[Substring(Self.choice)].map { String($0) }
            ?? request.cookies[Self.choice]?.value ?? request.headers[.acceptLanguage] ?? ""
        self = asked.lowercased().hasPrefix("zh") ? .chinese : .english
    }

    func callAsFunction(_ chinese: String, _ english: String) -> String {
        self == .chinese ? chinese : english
    }
}
