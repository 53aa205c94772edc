import ArgumentParser
import Foundation
import PlatformAPI

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
        "utc.offset": .number, "accept.development.key": .truth, "log.level": .text, "name": .text,
        "connections.total": .number, "connections.per.address": .number, "request.memory": .number,
        "request.time": .number,
    ]

    /// Each setting, as the file spells it.
    static var settings: [String] { names.keys.sorted() }

    static func check(_ path: String) throws {
        guard let content = FileManager.default.contents(atPath: path) else {
            throw ValidationError("--config: \(path) cannot be read.")
        }
        guard let text = String(validating: content, as: UTF8.self) else {
            throw ValidationError("--config: \(path) is not UTF-8.")
        }
        let value: JSON
        do throws(JSONError) { value = try JSON(text) } catch {
            throw ValidationError("--config: \(path) is not a JSON object of settings: \(error.english).")
        }
        guard case .object(let members) = value else {
            throw ValidationError("--config: \(path) is not a JSON object of settings.")
        }
        var known: Set<String> = []
        try check(members, in: path, under: "", known: &known)
    }

    private static func check(
        _ members: JSONObject, in path: String, under prefix: String, known: inout Set<String>
    ) throws {
        for (member, value) in members.members.map({ ($0.name, $0.value) }).sorted(by: { $0.0 < $1.0 }) {
            let name = prefix + member
            switch (names[name], value) {
            case (.text, .string), (.number, .integer), (.truth, .bool):
                // {"ride.cap": 1, "ride": {"cap": 2}}
                guard known.insert(name).inserted else {
                    throw ValidationError("--config: \(path): \(name) is there twice.")
                }
            case (let kind?, _): throw ValidationError("--config: \(path): \(name) has to be \(kind.rawValue).")
            case (nil, .object(let inner)) where names.keys.contains(where: { $0.hasPrefix(name + ".") }):
                try check(inner, in: path, under: name + ".", known: &known)
            case (nil, _): throw ValidationError("--config: \(path): there is no setting \(name).")
            }
        }
    }
}
