#!/bin/sh
# The Swift tests: the modules, and the C interface as a Swift caller meets it.
set -eu
cd "$(dirname "$0")/../.."
# Optimised, for the sake of the arithmetic's 110,000 cases.
swift build -c release -Xswiftc -enable-testing --build-tests --quiet
swift test -c release -Xswiftc -enable-testing --skip-build --disable-xctest --quiet
swift test --package-path Tests/SwiftCaller --disable-xctest --quiet
