// swift-tools-version: 6.2
import PackageDescription

// A separate package, so that the library itself has no package dependencies. `name:` is given because the directory of
// the library may have any name.

// The targets are in the order of their imports: a target imports only targets above it (docs/architecture.md).
// Tests/Repository/imports.txt lists the allowed imports.
let package = Package(
    name: "posgateway",
    dependencies: [
        .package(name: "posoffline", path: ".."),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    ],
    targets: [
        // Functions on strings.
        .target(name: "GatewayText"),
        // Files, the clock, random numbers.
        .target(name: "GatewaySystem"),
        // The platform's protocol: envelope, keys, JSON, fields, replies.
        .target(
            name: "PlatformAPI",
            dependencies: [
                "GatewayText",
                .product(name: "TransitKit", package: "posoffline"),
                .product(name: "CLibcrypto", package: "posoffline"),
            ]),
        // The rules, as pure functions.
        .target(
            name: "Settlement",
            dependencies: ["GatewayText", .product(name: "TransitKit", package: "posoffline")]),
        // The database.
        .target(
            name: "Storage",
            dependencies: [
                "GatewayText", "GatewaySystem", "Settlement",
                .product(name: "TransitKit", package: "posoffline"),
                .product(name: "GRDB", package: "GRDB.swift"),
            ]),
        // The five methods, and the state in memory.
        .target(
            name: "PlatformMethods",
            dependencies: [
                "GatewayText", "GatewaySystem", "PlatformAPI", "Settlement", "Storage",
                .product(name: "TransitKit", package: "posoffline"),
                .product(name: "Logging", package: "swift-log"),
            ]),
        // The limits that each connection is held to.
        .target(
            name: "ConnectionLimits",
            dependencies: [
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "Logging", package: "swift-log"),
            ]),
        // HTTP: the endpoints and the pages.
        .target(
            name: "Web",
            dependencies: [
                "GatewayText", "GatewaySystem", "PlatformAPI", "Settlement", "Storage", "PlatformMethods",
                "ConnectionLimits",
                .product(name: "TransitKit", package: "posoffline"),
                .product(name: "TransitPicture", package: "posoffline"),
                .product(name: "CLibcrypto", package: "posoffline"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Mustache", package: "swift-mustache"),
            ],
            // In the executable, which runs from anywhere.
            resources: [
                "style.css", "card.js", "frame.mustache", "message.mustache", "confirm.mustache", "token.mustache",
                "home.mustache", "sign.mustache", "card.mustache", "rides.mustache", "login.mustache",
                "console.mustache",
            ].map { .embedInCode("Resources/\($0)") }),
        // The command line, the settings, the start of the server.
        .executableTarget(
            name: "posgateway",
            dependencies: [
                "GatewayText", "GatewaySystem", "PlatformAPI", "Settlement", "Storage", "PlatformMethods",
                "ConnectionLimits", "Web",
                .product(name: "TransitKit", package: "posoffline"),
                .product(name: "CProcess", package: "posoffline"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .testTarget(
            name: "SettlementTests",
            dependencies: ["Settlement", .product(name: "TransitKit", package: "posoffline")],
            path: "Tests/Unit/SettlementTests"),
        .testTarget(
            name: "PlatformAPITests", dependencies: ["PlatformAPI", "GatewayText"], path: "Tests/Unit/PlatformAPITests"),
    ]
)
