#!/bin/sh
# Compiles each header alone, as each language that firmware is written in; a warning is a failure.
#
#   headers.sh HEADER_DIRECTORY
set -eu
headers=${1:?usage: headers.sh HEADER_DIRECTORY}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

compile() { # compiler language standard header
    # Twice, because a header may be included twice; and a translation unit must not be empty.
    printf '#include "%s"\n#include "%s"\nint used(void);\n' "$4" "$4" > "$work/unit.$2"
    if "$1" "-std=$3" -Wall -Wextra -Wpedantic -Werror -I"$headers" -c "$work/unit.$2" -o "$work/unit.o" \
        > "$work/output" 2>&1 && ! [ -s "$work/output" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $4 by $1 as $3"
        sed 's/^/    /' "$work/output"
    fi
}

for header in pos_crypto.h posoffline.h; do
    for standard in c99 c11 c17; do
        for compiler in gcc clang-14; do compile $compiler c $standard $header; done
    done
    for compiler in g++ clang++-14; do compile $compiler cc c++17 $header; done
done

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
