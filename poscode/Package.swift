// swift-tools-version: 6.2
import PackageDescription

// Nested, so that the library itself resolves no package. The library's directory may have any name, hence `name:`.
let package = Package(
    name: "poscode",
    dependencies: [
        .package(name: "posoffline", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    ],
    targets: [
        .executableTarget(
            name: "poscode",
            dependencies: [
                .product(name: "TransitKit", package: "posoffline"),
                .product(name: "TransitPicture", package: "posoffline"),
                .product(name: "CProcess", package: "posoffline"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ])
    ]
)
