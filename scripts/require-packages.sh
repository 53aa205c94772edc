#!/bin/sh
# Checks that Debian packages are installed. Prints the missing ones and the command that installs them. Installs
# nothing.
#
#   scripts/require-packages.sh PACKAGE...
set -eu

missing=$("$(dirname "$0")/missing-packages.sh" "$@")
[ -n "$missing" ] || exit 0
echo "Debian packages are missing: $missing" >&2
echo "Install them with: make deps" >&2
exit 1
