#!/bin/sh
# The headers: each compiles alone and without a warning in each language that firmware is written in; an ignored result
# of a verification is a warning where it must be, and nowhere else; the version's macros agree; and the manual of
# verify_qrcode_v2 names each result in the order of the checks.
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

check() { # name, expected, actual
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s\n    expected: %s\n    actual:   %s\n' "$1" "$2" "$3"
    fi
}

# A caller that ignores one result; `accepted` or `refused` by -Werror, and refused for that alone.
ignored() { # compiler language first-header options call
    printf '#include "%s"\n#include "posoffline.h"\nvoid caller(void);\nvoid caller(void) { %s; }\n' "$3" "$5" \
        > "$work/ignored.$2"
    # Options are words.
    # shellcheck disable=SC2086
    if "$1" -Wall -Wextra -Werror $4 -I"$headers" -c "$work/ignored.$2" -o "$work/ignored.o" > "$work/output" 2>&1; then
        echo accepted
    elif [ "$(grep -c 'error:' "$work/output")" = 1 ] && grep -q 'unused-result' "$work/output"; then
        echo refused
    else
        sed 's/^/    /' "$work/output" >&2
        echo failed
    fi
}

for pair in "gcc c" "clang-14 c" "g++ cc" "clang++-14 cc"; do
    compiler=${pair% *} language=${pair#* }
    for call in "verify_qrcode_v2(0, 0)" "verify_qrcode(0, 0)"; do
        check "$compiler: $call ignored, posoffline.h first" refused \
            "$(ignored "$compiler" "$language" posoffline.h "" "$call")"
        check "$compiler: $call ignored, pos_crypto.h as existing firmware has it" accepted \
            "$(ignored "$compiler" "$language" pos_crypto.h "" "$call")"
        check "$compiler: $call ignored, with POSOFFLINE_WARN_UNUSED" refused \
            "$(ignored "$compiler" "$language" pos_crypto.h -DPOSOFFLINE_WARN_UNUSED "$call")"
        check "$compiler: $call ignored, with POSOFFLINE_NO_WARN_UNUSED" accepted \
            "$(ignored "$compiler" "$language" posoffline.h -DPOSOFFLINE_NO_WARN_UNUSED "$call")"
    done
    check "$compiler: another result ignored" accepted \
        "$(ignored "$compiler" "$language" posoffline.h "" "init_pos_verify(0, 0)")"
done

# By the preprocessor, as firmware asks for a version.
numbers=$(printf '#include "posoffline.h"\n#if POSOFFLINE_VERSION_NUMBER >= 10000\n%s\n#endif\n' \
    'POSOFFLINE_VERSION_MAJOR.POSOFFLINE_VERSION_MINOR.POSOFFLINE_VERSION_PATCH' | gcc -E -P -I"$headers" - | tail -n 1)
check "the version in numbers" "$(sed -n 's/^#define POSOFFLINE_VERSION "\(.*\)"/\1/p' "$headers/posoffline.h")" \
    "$(echo "$numbers" | tr -d ' ')"

# The table of results: the lines between "Returns" and the next paragraph, of the function's own comment.
results=$(sed -n '/^ \* Decide whether a code is genuine/,/^ \*\/$/p' "$headers/pos_crypto.h" |
    sed -n '/^ \* Returns/,/^ \*$/s/^ \*         \([A-Z][A-Z_0-9]*\)  .*/\1/p' | tr '\n' ' ')
check "each result of verify_qrcode_v2, in the order of the checks" \
    "NOT_INITIALIZED ILLEGAL_PARAM PROTO_UNSUPPORTED MALFORMED_QRCODE CARDTYPE_UNSUPPORTED QRCODE_DUPLICATED ILLEGAL_PARAM \
QRCODE_KEY_EXPIRED MALFORMED_QRCODE QRCODE_INFO_EXPIRED MALFORMED_QRCODE POS_PARAM_ERROR QUOTA_EXCEEDED ILLEGAL_PARAM \
QRCODE_DUPLICATED SUCCESS NO_ENOUGH_MEMORY SYSTEM_ERROR " "$results"

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
