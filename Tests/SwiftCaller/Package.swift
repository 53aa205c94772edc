// swift-tools-version: 6.2
import PackageDescription

// A separate package, like that of any Swift caller. It links the library's dynamic product and imports its headers.
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
