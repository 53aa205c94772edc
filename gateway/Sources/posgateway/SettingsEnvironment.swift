import ArgumentParser
import Foundation

/// Refuses unknown POSGATEWAY_ variables. The reader of the environment would ignore them, and a spelling mistake would
/// start a server with other settings.
enum SettingsEnvironment {
    static func check() throws {
        let known = Setting.all.map(\.variable).sorted()
        // Lower case is a spelling mistake too.
        let unknown = ProcessInfo.processInfo.environment.keys
            .filter { $0.uppercased().hasPrefix(Setting.variablePrefix) && !known.contains($0) }.sorted()
        guard let first = unknown.first else { return }
        throw ValidationError(
            "the environment has \(first), and there is no such setting; there are \(known.joined(separator: ", ")).")
    }
}
