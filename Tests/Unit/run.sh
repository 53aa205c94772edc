#!/bin/sh
# The Swift tests. Optimised, for the sake of the arithmetic's 110,000 cases.
set -eu
cd "$(dirname "$0")/../.."
swift build -c release -Xswiftc -enable-testing --build-tests --quiet
swift test -c release -Xswiftc -enable-testing --skip-build --disable-xctest --quiet
