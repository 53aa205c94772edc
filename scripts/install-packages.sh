#!/bin/sh
# Installs the given Debian packages that are missing.
#
#   scripts/install-packages.sh PACKAGE...
set -eu

missing=$("$(dirname "$0")/missing-packages.sh" "$@")
[ -n "$missing" ] || exit 0

# The lock admits one installation at a time, because `make -j` starts several. Each checks again after it has waited.
if [ -z "${POSOFFLINE_INSTALLING:-}" ]; then
    POSOFFLINE_INSTALLING=1 exec flock "${TMPDIR:-/tmp}/posoffline-packages-$(id -u).lock" "$0" "$@"
fi

if ! command -v apt-get >/dev/null; then
    echo "install-packages: this system has no apt-get; install what these Debian packages hold: $missing" >&2
    exit 1
fi
as_root=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "install-packages: as root, run: apt-get install $missing" >&2
        exit 1
    fi
    as_root=sudo
fi
echo "Installing Debian packages: $missing"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# shellcheck disable=SC2086
$as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
