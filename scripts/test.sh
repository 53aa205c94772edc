#!/bin/sh
# Every test of the library and of poscode, against the files that ship.
#
#   scripts/test.sh LIBRARY POSCODE
set -eu
cd "$(dirname "$0")/.."
library=$1 poscode=$2

step() { printf '\n=== %s\n' "$1"; }

step "Swift modules"
# Optimised, for the sake of the arithmetic's 110,000 cases.
swift build -c release -Xswiftc -enable-testing --build-tests --quiet
swift test -c release -Xswiftc -enable-testing --skip-build --disable-xctest --quiet

step "The library that ships, through the C interface"
tests/conformance/run.sh "$(dirname "$library")"

step "Power cuts, failing disks, killed processes"
tests/crash/run.sh "$(dirname "$library")"

step "Key material"
tests/secrets/run.sh "$(dirname "$library")" host

step "poscode"
python3 tests/cli/run.py "$poscode"

step "Installation, and the demo built against it"
tests/install/run.sh "$poscode"
