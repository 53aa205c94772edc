#!/bin/sh
# Prints, in one line, which of these Debian packages are not installed. Prints nothing if all are.
#
#   scripts/missing-packages.sh PACKAGE...
set -eu

is_installed() { dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed; }

missing=
for package; do
    is_installed "$package" || missing="$missing${missing:+ }$package"
done
[ -z "$missing" ] || echo "$missing"
