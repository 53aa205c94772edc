import Hummingbird

/// The two languages of the pages.
enum Language: String, Sendable {
    case chinese = "zh-CN"
    case english = "en"

    /// `lang=zh` or `lang=en` in the address, else what the browser asks for first.
    init(_ request: Request) {
        let asked = request.uri.queryParameters["lang"].map { String($0) } ?? request.headers[.acceptLanguage] ?? ""
        self = asked.lowercased().hasPrefix("zh") ? .chinese : .english
    }

    func callAsFunction(_ chinese: String, _ english: String) -> String {
        self == .chinese ? chinese : english
    }
}
