#!/bin/sh
# The Swift tests of the gateway's modules without server and database. The product is built instead of all targets: it needs
# a few small modules, and the server's dependencies are not built a second time.
set -eu
cd "$(dirname "$0")/../.."
swift build --product posgatewayPackageTests --quiet
swift test --skip-build --disable-xctest --quiet
