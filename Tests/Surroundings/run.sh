#!/bin/sh
# The library in environments that gates have and developers' machines do not (docs/testing.md, "Surroundings"): one
# program for each. Mounts and set-user-id programs need root.
#
#   Tests/Surroundings/run.sh LIBRARY_DIRECTORY [TARGET]
#
# TARGET is what scripts/build-library.sh has built there: host (the default) or a firmware target. For another
# architecture name a compiler and an emulator as for Tests/Conformance/run.sh, with CC and EMULATOR.
set -eu
library=${1:?usage: Tests/Surroundings/run.sh LIBRARY_DIRECTORY [TARGET]}
target=${2:-host}
compiler=${CC:-gcc}
emulator=${EMULATOR:-}

if [ "$(id -u)" -ne 0 ]; then
    echo "surroundings: mounts and set-user-id programs need root" >&2
    exit 2
fi
library=$(cd "$library" && pwd)
cd "$(dirname "$0")/../.."
. Tests/Support/results.sh
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
flags="-std=c11 -Wall -Wextra -Wpedantic -Werror -O1 -Iinclude -ITests/Harness -I$work"

build() { # program of Tests/Harness/programs.txt, output, options...
    program=$1 output=$2
    shift 2
    CC=$compiler Tests/Harness/build.sh "$program" "$work/$output" -I"$work" "$@"
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

. Tests/Surroundings/system-calls.sh
. Tests/Surroundings/closed-descriptors.sh
. Tests/Surroundings/interrupted-calls.sh
. Tests/Surroundings/resource-limits.sh
. Tests/Surroundings/symbol-names.sh
. Tests/Surroundings/privileged.sh
. Tests/Surroundings/two-copies.sh
[ "$target" != x86_64 ] || . Tests/Surroundings/musl.sh
# What this machine's kernel has to run by itself.
[ -n "$emulator" ] || . Tests/Surroundings/filesystems.sh
results
