#!/bin/sh
# Power cuts at every moment, disks that fail, processes that are killed (docs/testing.md, "Power cuts").
#
#   Tests/PowerLoss/run.sh LIBRARY_DIRECTORY [TARGET]
#
# TARGET is what scripts/build-library.sh has built there: host (the default) or x86_64. Power cuts are tested on the
# library's own objects, which that script leaves in build/objects/TARGET; kills on the shipped file. SEED=N gives other
# random runs.
set -eu
library=${1:?usage: Tests/PowerLoss/run.sh LIBRARY_DIRECTORY [host|x86_64]}
target=${2:-host}
seed=${SEED:-1}
library=$(cd "$library" && pwd)
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. Tests/Support/results.sh

libraries=
[ "$target" != host ] || libraries="-lsecp256k1 -lcrypto"

# All objects of the library except CPlatform.o, which a simulated system replaces.
build_cuts() { # objects, output
    # shellcheck disable=SC2086
    Tests/Harness/build.sh cuts "$2" -O2 -D_POSIX_C_SOURCE=200809L -ISources/CPlatform/include "$1"/[!C]*.o \
        -Wl,--gc-sections,--no-export-dynamic $libraries
}

objects=build/objects/$target
if [ -n "$(find "$objects" -name '*.o' -newer "$library/libposoffline.so")" ]; then
    echo "PowerLoss: $objects is not what $library/libposoffline.so was made from" >&2
    exit 2
fi
build_cuts "$objects" "$work/cuts"

# Meanwhile, on the other processor: a library that does not check the entries' checksums.
mkdir -p "$work/defective/build/objects"
cp -r Sources include scripts "$work/defective"
cp -r "$objects" "$work/defective/build/objects"
sed -i '/guard.*Checksum\.crc32/d' "$work/defective/Sources/TransitGate/JournalEntry.swift"
"$work/defective/scripts/build-library.sh" "$target" "$work/defective/dist" TransitGate posoffline \
    > "$work/defective.log" 2>&1 & defective=$!

status=0
ends_well "$work/output" "$work/cuts" "$seed" || status=$?
cat "$work/output"
result "power cuts" $status

# These tests can fail: they must detect each defect of the disk, and a missing check of the library.
is_detected() { # what, defect, program, part of a test's name
    status=0
    CUTS_DEFECT=$2 "$3" "$seed" "$4" > "$work/output" 2>&1 || status=$?
    # Because of a wrong answer of the library.
    if [ $status -eq 1 ] && grep -q ', and not answered with' "$work/output"; then status=0; else status=1; fi
    result "detected: $1" $status "$work/output"
}
is_detected "no sync" no-sync "$work/cuts" "no power cut loses"
is_detected "no sync of the directory" no-directory-sync "$work/cuts" "no power cut loses"
is_detected "no sync of the directory after a renaming" no-sync-after-rename "$work/cuts" "rewritten"
is_detected "a renaming before the sync" rename-before-sync "$work/cuts" "rewritten"
is_detected "a failed sync that is not reported" unreported-fault "$work/cuts" "no fault of the disk loses"
if wait $defective && ! cmp -s Sources/TransitGate/JournalEntry.swift \
    "$work/defective/Sources/TransitGate/JournalEntry.swift"; then
    build_cuts "$work/defective/build/objects/$target" "$work/defective/cuts"
    is_detected "no checksum" "" "$work/defective/cuts" "damaged"
else
    result "detected: no checksum" 1 "$work/defective.log"
fi

mkdir "$work/a real disk"
Tests/Harness/build.sh kill "$work/kill" "$library/libposoffline.so"
status=0
ends_well "$work/output" env LD_LIBRARY_PATH="$library" "$work/kill" "$work/a real disk" "$seed" || status=$?
cat "$work/output"
result "kills" $status

results
