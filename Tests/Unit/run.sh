#!/bin/sh
# Runs the Swift tests of the modules, and those of the C interface.
set -eu
cd "$(dirname "$0")/../.."
# Optimised, because the arithmetic has 110,000 cases.
swift build -c release -Xswiftc -enable-testing --build-tests --quiet
swift test -c release -Xswiftc -enable-testing --skip-build --disable-xctest --quiet
swift test --package-path Tests/SwiftCaller --disable-xctest --quiet
