#!/bin/sh
# Checks that every trap in the files that ship is explained, and that one more would be found.
#
#   Tests/Artifacts/Traps/run.sh
#
# Needs every firmware file in dist/, the host's in build/, and what scripts/build-library.sh leaves beside them.
set -eu
cd "$(dirname "$0")/../../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. Tests/Support/results.sh

status=0
Tests/Artifacts/Traps/traps.py >"$work/list" 2>&1 || status=$?
tail -n 1 "$work/list"
result "every trap is explained" $status "$work/list"

# The same sources with a trap more in Swift and one more in C.
add_traps() { # directory, target
    mkdir -p "$1/Tests/Artifacts" "$1/build/objects"
    cp -r Sources include scripts "$1"
    cp -r "build/objects/$2" "$1/build/objects"
    cp -r Tests/Artifacts/Traps "$1/Tests/Artifacts"
    sed -i 's/^        id = try .*/&\n        precondition(id != 7)/' "$1/Sources/posoffline/KeyID.swift"
    sed -i 's/^    unsigned long length = 0;/&\n    if (limit == 7) __builtin_trap();/' "$1/Sources/CPlatform/platform.c"
}

finds_added_traps() { # directory, target
    "$1/scripts/build-library.sh" "$2" "$1/dist/$2" posoffline || return 1
    if "$1/Tests/Artifacts/Traps/traps.py" "$2" 2>"$1/faults"; then return 1; fi
    cat "$1/faults"
    [ "$(wc -l <"$1/faults")" -eq 2 ] && grep -q 'not explained: .*KeyID.swift.*precondition(id != 7)' "$1/faults" &&
        grep -q 'not explained: .*platform.c.*__builtin_trap()' "$1/faults"
}

# One target for each instruction set; armv4t has no trap instruction that gcc would use.
controls="x86_64 aarch64 armhf armv4t"
for target in $controls; do
    add_traps "$work/$target" "$target"
    finds_added_traps "$work/$target" "$target" >"$work/$target.log" 2>&1 && echo 0 >"$work/$target.status" &
done
wait
for target in $controls; do
    result "a new trap is found on $target" "$(cat "$work/$target.status" 2>/dev/null || echo 1)" "$work/$target.log"
done

results
