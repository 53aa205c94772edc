import ArgumentParser
import Foundation
import PlatformAPI

/// Checks a settings file strictly. Its reader would take true for 1 and ignore unknown names.
enum SettingsFile {
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
        for member in members.members.sorted(by: { $0.name < $1.name }) {
            let name = prefix + member.name
            let setting = Setting.all.first { $0.name == name }
            switch (setting?.kind, member.value) {
            case (.text, .string), (.number, .integer), (.truth, .bool):
                // {"ride.cap": 1, "ride": {"cap": 2}}
                guard known.insert(name).inserted else {
                    throw ValidationError("--config: \(path): \(name) is there twice.")
                }
            case (let kind?, _): throw ValidationError("--config: \(path): \(name) has to be \(kind.description).")
            case (nil, .object(let inner)) where Setting.all.contains(where: { $0.name.hasPrefix(name + ".") }):
                try check(inner, in: path, under: name + ".", known: &known)
            case (nil, _): throw ValidationError("--config: \(path): there is no setting \(name).")
            }
        }
    }
}
