import ArgumentParser
import Foundation

/// What may stand in a settings file. The file's reader takes true for 1 and passes over names that nobody asks for;
/// a typing error shall not start a server with something else.
enum SettingsFile {
    private enum Kind: String {
        case text = "text"
        case number = "a whole number"
        case truth = "true or false"
    }

    private static let names: [String: Kind] = [
        "data": .text, "host": .text, "port": .number, "console": .text, "tls.certificate": .text, "tls.key": .text,
        "settlement.days": .number, "ride.cap": .number, "code.window": .number, "code.quota": .number,
        "utc.offset": .number, "accept.development.key": .truth, "log.level": .text,
    ]

    static func check(_ path: String) throws {
        guard let content = FileManager.default.contents(atPath: path) else {
            throw ValidationError("--config: \(path) cannot be read.")
        }
        guard case .object(let members) = JSONInput(String(decoding: content, as: UTF8.self)) else {
            throw ValidationError("--config: \(path) is not a JSON object of settings.")
        }
        try check(members, in: path, under: "")
    }

    private static func check(_ members: JSONObject, in path: String, under prefix: String) throws {
        for (member, value) in members.sorted(by: { $0.key < $1.key }) {
            let name = prefix + member
            switch (names[name], value) {
            case (.text, .string), (.number, .integer), (.truth, .bool): break
            case (let kind?, _): throw ValidationError("--config: \(path): \(name) has to be \(kind.rawValue).")
            case (nil, .object(let inner)) where names.keys.contains(where: { $0.hasPrefix(name + ".") }):
                try check(inner, in: path, under: name + ".")
            case (nil, _): throw ValidationError("--config: \(path): there is no setting \(name).")
            }
        }
    }
}
