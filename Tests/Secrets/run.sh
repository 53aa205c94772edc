#!/bin/sh
# Whether the record key leaves traces in memory, and whether branches or addresses depend on it (docs/testing.md,
# "Key material").
#
#   Tests/Secrets/run.sh LIBRARY_DIRECTORY TARGET
#
# TARGET is what scripts/build-library.sh has built there: host or a firmware target. For another architecture name a
# compiler and an emulator, as for Tests/Conformance/run.sh.
set -eu
library=${1:?usage: Tests/Secrets/run.sh LIBRARY_DIRECTORY TARGET}
target=${2:?usage: Tests/Secrets/run.sh LIBRARY_DIRECTORY TARGET}
compilers=${COMPILERS:-gcc}
compiler=${compilers%% *}
emulator=${EMULATOR:-}

library=$(cd "$library" && pwd)
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. Tests/Support/results.sh

run() { # what, command...
    what=$1
    shift
    status=0
    "$@" || status=$?
    result "$what" $status "$work/output"
}

python3 Tests/Secrets/needles.py > "$work/needles"
CC=$compiler Tests/Harness/build.sh traces "$work/traces"
CC=$compiler Tests/Harness/build.sh branches "$work/branches" "$library/libposoffline.so"

traces() { # library, part of a test's name
    # shellcheck disable=SC2086
    ends_well "$work/output" $emulator "$work/traces" "$1" "$work/needles" "$work/key file" ${2:+"$2"}
}

paths() {
    # shellcheck disable=SC2086
    ends_well "$work/output" env LD_LIBRARY_PATH="$library" Tests/Secrets/paths.py "$work/branches" \
        "build/objects/$target/libposoffline.unstripped.so" $emulator
}

branches() { # library directory
    ends_well "$work/output" env LD_LIBRARY_PATH="$1" valgrind --quiet "$work/branches"
}

run "no trace of a key" traces "$library/libposoffline.so"
if [ -n "$emulator" ]; then
    run "no path depends on a key" paths
else
    run "no branch and no address depends on a key" branches "$library"

    # These tests can fail: a library that leaves copies of the key, and that branches and indexes by it.
    mkdir -p "$work/defective/build/objects"
    cp -r Sources include scripts "$work/defective"
    cp -r "build/objects/$target" "$work/defective/build/objects"
    (
        cd "$work/defective/Sources"
        sed -i '/^    memset(room, 0, sizeof room);/d' CPlatform/platform.c
        sed -i -e '/defer { key\.wipe() }/d' -e '/posoffline_platform_block_signals(&held)/d' \
            -e '/posoffline_platform_restore_signals(&held)/d' posoffline/Verify.swift
        sed -i -e '/^        Secret.overwrite(&storage/d' \
            -e 's/^        try record\.append(id(of.*/        guard key[0] != 7 else { throw .system }\n&/' \
            -e 's/return \[digest\[0\],/return [development[Int(digest[0] \& 15)],/' TransitGate/RecordKey.swift
    )
    if "$work/defective/scripts/build-library.sh" "$target" "$work/defective/dist" TransitGate posoffline \
        > "$work/output" 2>&1; then
        is_detected() { # what, message, command...
            what=$1 message=$2
            shift 2
            status=0
            "$@" || status=$?
            # For the right reason.
            if [ $status -ne 0 ] && grep -q "$message" "$work/output"; then status=0; else status=1; fi
            result "detected: $what" $status "$work/output"
        }
        defective=$work/defective/dist
        is_detected "a copy that is left on the stack" 'traces: expected 0, actual [1-9].*on the stack of the call' \
            traces "$defective/libposoffline.so" "in one place and nothing"
        is_detected "a handler that runs while a record is signed" 'in the frame of a signal handler' \
            traces "$defective/libposoffline.so" "no signal handler"
        is_detected "a key that is not wiped" "the key in the library's data: expected 0, actual 1" \
            traces "$defective/libposoffline.so" "after free_pos_verify"
        is_detected "a branch on the key" 'Conditional jump or move depends on uninitialised' branches "$defective"
        is_detected "an address by the key" 'Use of uninitialised value' branches "$defective"
    else
        result "a library with defects" 1 "$work/output"
    fi
fi

results
