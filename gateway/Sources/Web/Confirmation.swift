import Hummingbird

/// The page that asks before an action that stops something or cannot be undone.
struct Confirmation: Sendable {
    package let title: String
    /// One line for each thing that stops working.
    package let stops: [String]
    /// What stays, and how to undo it.
    let goesOn: String
    /// Where the form goes, and what it carries.
    package let action: String
    package let fields: [(name: String, value: String)]
    /// The button that does it.
    package let label: String
    /// The button that does not, and where it leads.
    package let keep: (label: String, address: String)

    package func response(
        _ pages: Pages, _ csrf: FormGuard, _ request: Request, language: Language
    ) throws -> Response {
        let token = csrf.currentOrNewToken(for: request)
        var response = try pages.response(
            "confirm",
            [
                "title": title, "stopsLabel": language("以下功能将停止：", "What stops working:"), "stops": stops,
                "goesOn": goesOn, "action": action, "fields": fields.map { ["name": $0.name, "value": $0.value] },
                "label": label, "keepLabel": keep.label, "keepAddress": keep.address, "formToken": token,
            ], language: language)
        csrf.set(token, on: &response)
        return response
    }
}
