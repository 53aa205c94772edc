// swift-tools-version: 6.2
import PackageDescription

// Spans with lifetimes are how the library goes without unsafe pointers and without allocation.
let settings: [SwiftSetting] = [.enableExperimentalFeature("Lifetimes")]

// Data flows from the bottom to the top of this list of targets: bytes -> TransitCode -> TransitGate -> posoffline,
// with cryptography (TransitCrypto) as the one seam beside it. docs/architecture.md says more.
// Tests that compute little themselves are not optimised: what they test is, and they take half as long to compile.
let plain = settings + [.unsafeFlags(["-Onone"])]

let package = Package(
    name: "posoffline",
    products: [
        // Not the library that ships: this one needs Swift's runtime and exports more than the headers. It is for Swift tests
        // and for coverage, and has another name so that nobody installs it. `make lib` builds libposoffline.so.
        .library(name: "posoffline-swift", type: .dynamic, targets: ["posoffline"]),
        .library(
            name: "TransitKit",
            targets: ["TransitCode", "TransitGate", "TransitCrypto", "HostCrypto", "PortableCrypto", "BackOffice"]),
        .library(name: "TransitPicture", targets: ["TransitPicture"]),
        .library(name: "CLibcrypto", targets: ["CLibcrypto"]),
        .library(name: "CProcess", targets: ["CProcess"]),
    ],
    targets: [
        .systemLibrary(name: "CPosoffline", path: "include"),
        .systemLibrary(name: "CLibcrypto"),
        .systemLibrary(name: "CSecp256k1"),
        .systemLibrary(name: "CQREncode"),
        .systemLibrary(name: "CPNG"),
        .systemLibrary(name: "CProcess"),
        .target(name: "CPlatform"),

        .target(name: "TransitCrypto", swiftSettings: settings),
        .target(name: "PortableCrypto", dependencies: ["TransitCrypto"], swiftSettings: settings),
        .target(
            name: "HostCrypto", dependencies: ["TransitCrypto", "PortableCrypto", "CLibcrypto", "CSecp256k1"],
            swiftSettings: settings),

        .target(name: "TransitCode", swiftSettings: settings),
        .target(name: "TransitGate", dependencies: ["TransitCode", "TransitCrypto"], swiftSettings: settings),
        .target(
            name: "BackOffice",
            dependencies: ["TransitCode", "TransitGate", "TransitCrypto", "HostCrypto", "CLibcrypto"],
            swiftSettings: settings),
        .target(name: "TransitPicture", dependencies: ["CQREncode", "CPNG"]),
        .target(
            name: "posoffline",
            dependencies: [
                "CPosoffline", "CPlatform", "TransitCode", "TransitCrypto", "TransitGate", "PortableCrypto",
                "HostCrypto",
            ],
            exclude: ["exports.map"], swiftSettings: settings),

        // The arithmetic's tests compile it as a part of themselves, once with each width of limb.
        .plugin(name: "CopyPortableCrypto", capability: .buildTool(), path: "Tests/Unit/CopyPortableCrypto"),
        .target(
            name: "CLibcryptoOracle", path: "Tests/Unit/CLibcryptoOracle", linkerSettings: [.linkedLibrary("crypto")]),
        .target(name: "TestSupport", dependencies: ["TransitCode"], path: "Tests/Unit/TestSupport"),
        .testTarget(
            name: "PortableCryptoTests", dependencies: ["TransitCrypto", "CLibcryptoOracle", "TestSupport"],
            path: "Tests/Unit/PortableCryptoTests", swiftSettings: settings, plugins: ["CopyPortableCrypto"]),
        .testTarget(
            name: "PortableCryptoLimb32Tests", dependencies: ["TransitCrypto", "CLibcryptoOracle", "TestSupport"],
            path: "Tests/Unit/PortableCryptoLimb32Tests", swiftSettings: settings + [.define("POSOFFLINE_LIMB32")],
            plugins: ["CopyPortableCrypto"]),

        .testTarget(
            name: "TransitCodeTests", dependencies: ["TransitCode", "CPosoffline", "TestSupport"],
            path: "Tests/Unit/TransitCodeTests", swiftSettings: plain),
        .testTarget(
            name: "TransitGateTests", dependencies: ["TransitGate", "TransitCode", "TransitCrypto", "TestSupport"],
            path: "Tests/Unit/TransitGateTests", swiftSettings: plain),
        .testTarget(
            name: "LibraryTests",
            dependencies: ["posoffline", "HostCrypto", "TransitGate", "TransitCode", "TestSupport"],
            path: "Tests/Unit/LibraryTests", swiftSettings: plain),
        .testTarget(
            name: "HostCryptoTests",
            dependencies: [
                "HostCrypto", "TransitGate", "TransitCode", "TransitCrypto", "CLibcrypto", "CSecp256k1", "TestSupport",
            ],
            path: "Tests/Unit/HostCryptoTests", swiftSettings: plain),
        .testTarget(
            name: "BackOfficeTests",
            dependencies: ["BackOffice", "HostCrypto", "TransitGate", "TransitCode", "TransitCrypto"],
            path: "Tests/Unit/BackOfficeTests", swiftSettings: plain),
    ]
)
