import ArgumentParser
import Configuration
import Foundation
import PlatformAPI

/// Reads a settings file, strictly: refuses unknown names and values of another kind.
enum SettingsFile {
    static func values(in path: String) throws -> [AbsoluteConfigKey: ConfigValue] {
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
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        try read(members, in: path, under: "", into: &values)
        return values
    }

    private static func read(
        _ members: JSONObject, in path: String, under prefix: String,
        into values: inout [AbsoluteConfigKey: ConfigValue]
    ) throws {
        for member in members.members.sorted(by: { $0.name < $1.name }) {
            let name = prefix + member.name
            let setting = Setting.all.first { $0.name == name }
            switch (setting, setting.flatMap { $0.content(member.value) }) {
            case (let setting?, let content?):
                let value = ConfigValue(content, isSecret: false)
                // {"ride.cap": 1, "ride": {"cap": 2}}
                guard values.updateValue(value, forKey: AbsoluteConfigKey(setting.key)) == nil else {
                    throw ValidationError("--config: \(path): \(name) is there twice.")
                }
            case (let setting?, nil):
                throw ValidationError("--config: \(path): \(name) has to be \(setting.kind.description).")
            case (nil, _):
                guard case .object(let inner) = member.value,
                    Setting.all.contains(where: { $0.name.hasPrefix(name + ".") })
                else { throw ValidationError("--config: \(path): there is no setting \(name).") }
                try read(inner, in: path, under: name + ".", into: &values)
            }
        }
    }
}

extension Setting {
    /// The value, if it is of the setting's kind.
    fileprivate func content(_ value: JSON) -> ConfigContent? {
        switch (kind, value) {
        case (.text, .string(let text)): .string(text)
        case (.number, .integer(let number)): .int(Int(number))
        case (.truth, .bool(let truth)): .bool(truth)
        default: nil
        }
    }
}
