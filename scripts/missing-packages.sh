#!/bin/sh
# Prints the given Debian packages that are not installed, on one line. Prints nothing if all are installed.
#
#   scripts/missing-packages.sh PACKAGE...
set -eu

is_installed() { dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed; }

missing=
for package; do
    is_installed "$package" || missing="$missing${missing:+ }$package"
done
[ -z "$missing" ] || echo "$missing"
