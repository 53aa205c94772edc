// swift-tools-version: 6.2
import PackageDescription

// A separate package, so that the library itself has no package dependencies. `name:` is given because the directory of
// the library may have any name.
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
