import Foundation
import PackagePlugin

/// Makes the arithmetic, and for the second width of limb also its tests, a part of a test target.
///
/// The tests see what is internal, and generic code is specialised for the small curves of the tests, as in the file that
/// ships. SwiftPM lets no two targets share a source file, and the repository has no symbolic links; so they are made
/// here, in the build directory.
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
