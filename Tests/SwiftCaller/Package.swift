// swift-tools-version: 6.2
import PackageDescription

// A package of its own, as any Swift caller has one: it links the library's dynamic product and imports its headers.
let package = Package(
    name: "swift-caller",
    dependencies: [.package(name: "posoffline", path: "../..")],
    targets: [
        .testTarget(
            name: "CallerTests",
            dependencies: [
                .product(name: "posoffline-swift", package: "posoffline"),
                .product(name: "CLibcrypto", package: "posoffline"),
            ],
            path: "CallerTests")
    ]
)
