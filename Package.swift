// swift-tools-version: 6.2
import PackageDescription

// The Lifetimes feature lets the library return spans, which need no unsafe pointers and no allocation.
let settings: [SwiftSetting] = [.enableExperimentalFeature("Lifetimes")]

// The targets are in the order of the data flow: bytes -> TransitCode -> TransitGate -> posoffline. Cryptography is
// behind the interface TransitCrypto (docs/architecture.md).
// Test targets with little computation of their own are not optimised, because they compile in half the time. The code
// under test is optimised.
let plain = settings + [.unsafeFlags(["-Onone"])]

let package = Package(
    name: "posoffline",
    products: [
        // Not the library that ships: this product needs the Swift runtime and exports more symbols than the headers
        // declare. It is for Swift tests and coverage. Its name differs, so that it cannot be installed by mistake.
        // `make lib` builds libposoffline.so.
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

        // The tests of the arithmetic compile its sources into their own target, once for each limb width.
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
