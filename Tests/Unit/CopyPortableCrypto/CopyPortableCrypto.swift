import Foundation
import PackagePlugin

/// Copies the sources of the arithmetic into a test target, and for the second limb width its tests too.
///
/// The tests then see internal declarations, and generic code is specialised for the small curves of the tests, as in
/// the shipped file. SwiftPM does not let two targets share a source file, and the repository has no symbolic links. So
/// the copies are made in the build directory.
@main struct CopyPortableCrypto: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: Target) throws -> [Command] {
        let root = context.package.directoryURL
        var folders = [root.appending(path: "Sources/PortableCrypto")]
        if target.name != "PortableCryptoTests" {
            folders.append(root.appending(path: "Tests/Unit/PortableCryptoTests"))
        }
        return try folders.flatMap { folder in
            try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
                .filter { $0.pathExtension == "swift" }
                .map { source in
                    let link = context.pluginWorkDirectoryURL.appending(path: source.lastPathComponent)
                    return .buildCommand(
                        displayName: "Linking \(source.lastPathComponent)", executable: URL(filePath: "/bin/ln"),
                        arguments: ["-sf", source.path(percentEncoded: false), link.path(percentEncoded: false)],
                        inputFiles: [source], outputFiles: [link])
                }
        }
    }
}
