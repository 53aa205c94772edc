import ArgumentParser
import Foundation

/// What may stand in the environment. Its reader looks for the names that it knows and passes over every other one; a
/// typing error shall not start a server with something else.
enum SettingsEnvironment {
    private static let prefix = "POSGATEWAY_"

    static func check() throws {
        let known = SettingsFile.settings.map(variable)
        // Letters of the other case are a typing error too.
        let unknown = ProcessInfo.processInfo.environment.keys
            .filter { $0.uppercased().hasPrefix(prefix) && !known.contains($0) }.sorted()
        guard let first = unknown.first else { return }
        throw ValidationError(
            "the environment has \(first), and there is no such setting; there are \(known.joined(separator: ", ")).")
    }

    /// "tls.key" is POSGATEWAY_TLS_KEY.
    private static func variable(_ setting: String) -> String {
        prefix + setting.uppercased().replacing(".", with: "_")
    }
}
