// swift-tools-version: 6.2
import PackageDescription

// Spans with lifetimes are how the library goes without unsafe pointers and without allocation.
let settings: [SwiftSetting] = [.enableExperimentalFeature("Lifetimes")]

// Data flows from the bottom to the top of this list of targets: bytes -> TransitCode -> TransitGate -> posoffline,
// with cryptography (TransitCrypto) as the one seam beside it.
let package = Package(
    name: "posoffline",
    products: [
        .library(name: "posoffline", type: .dynamic, targets: ["posoffline"]),
        .library(name: "TransitKit", targets: ["TransitCode", "TransitGate", "TransitCrypto", "HostCrypto"]),
    ],
    targets: [
        .systemLibrary(name: "CPosoffline", path: "include"),
        .systemLibrary(name: "CLibcrypto"),
        .systemLibrary(name: "CSecp256k1"),
        .target(name: "CPlatform"),

        .target(name: "TransitCrypto", swiftSettings: settings),
        .target(name: "HostCrypto", dependencies: ["TransitCrypto", "CLibcrypto", "CSecp256k1"], swiftSettings: settings),

        .target(name: "TransitCode", swiftSettings: settings),
        .target(name: "TransitGate", dependencies: ["TransitCode", "TransitCrypto"], swiftSettings: settings),
        .target(
            name: "posoffline", dependencies: ["CPosoffline", "CPlatform", "TransitGate", "HostCrypto"],
            swiftSettings: settings),
    ]
)
