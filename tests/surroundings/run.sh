#!/bin/sh
# The library in surroundings that gates have and developers' machines have not (docs/testing.md, "Surroundings"): one
# program for each. Some of it needs root, for mounts and set-user-id programs.
#
#   tests/surroundings/run.sh LIBRARY_DIRECTORY [TARGET]
#
# TARGET is what scripts/build-library.sh has built there: host (the default) or a firmware target. For another
# architecture name a compiler and an emulator as for tests/conformance/run.sh, with CC and EMULATOR.
set -eu
library=${1:?usage: tests/surroundings/run.sh LIBRARY_DIRECTORY [TARGET]}
target=${2:-host}
compiler=${CC:-gcc}
emulator=${EMULATOR:-}

if [ "$(id -u)" -ne 0 ]; then
    echo "surroundings: mounts and set-user-id programs need root" >&2
    exit 2
fi
library=$(cd "$library" && pwd)
cd "$(dirname "$0")"
. ../results.sh
scripts=../../scripts
architecture=$target
[ "$target" != host ] || architecture=$(uname -m)
work=$(mktemp -d)
chmod 711 "$work"
machine=
cleanup() {
    [ -z "$machine" ] || kill -s KILL -- "-$machine" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM
flags="-std=c11 -Wall -Wextra -Wpedantic -Werror -O1 -I../../include -I$work"

# Words that the shell is to split.
# shellcheck disable=SC2086
build() { # output, sources and options...
    output=$1
    shift
    $compiler $flags -rdynamic "$@" ../conformance/framework.c ../conformance/model.c -o "$work/$output" -ldl -lpthread
}

try() { # what it is, command...
    what=$1
    shift
    status=0
    ends_well "$work/log" "$@" || status=$?
    # shellcheck disable=SC2012
    result "$what" $status "$work/log"
}

# shellcheck disable=SC2086
run() { env LD_LIBRARY_PATH="$library" $emulator "$@"; }

new_directory() { mktemp -d "$work/state.XXXXXX"; }

. ./calls.sh
. ./closed.sh
. ./interrupted.sh
. ./limits.sh
. ./names.sh
. ./privileged.sh
. ./copies.sh
[ "$target" != x86_64 ] || . ./musl.sh
# What this machine's kernel has to run by itself.
[ -n "$emulator" ] || . ./filesystems.sh
results
