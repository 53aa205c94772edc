#!/bin/sh
# Builds one of the C programs of programs.txt.
#
#   Tests/Harness/build.sh NAME OUTPUT [OPTION...]
#
# OPTIONs are passed to the compiler: the library to link, include paths. CC names another compiler than gcc. SANITIZE has a
# sanitizer's options.
set -eu
name=${1:?usage: Tests/Harness/build.sh NAME OUTPUT [OPTION...]}
output=${2:?usage: Tests/Harness/build.sh NAME OUTPUT [OPTION...]}
shift 2
tests=$(dirname "$0")/..
compiler="${CC:-gcc} -std=c11 -Wall -Wextra -Wpedantic -Werror -O1"

sources=$(awk -v name="$name" '
    /^#/ || NF == 0 { next }
    $2 == "=" { set[$1] = $0; sub(/^[^=]*= /, "", set[$1]); next }
    $1 == name ":" { for (i = 2; i <= NF; i++) print ($i in set) ? set[$i] : $i }
' "$tests/Harness/programs.txt")
[ -n "$sources" ] || { echo "build: no program $name in Tests/Harness/programs.txt" >&2; exit 2; }

# Sources come before the options: the library must follow the objects that need it.
set -- "$@" -ldl -lpthread
for source in $sources; do
    if [ "$source" = Harness/system.c ]; then
        # Without a sanitizer: the sanitizer calls these functions before it is initialised.
        # shellcheck disable=SC2086
        $compiler -I"$tests/../include" -c "$tests/$source" -o "$output.system.o"
        set -- "$output.system.o" "$@"
    else
        set -- "$tests/$source" "$@"
    fi
done
# Not quoted: $compiler and $SANITIZE are lists of words.
# shellcheck disable=SC2086
$compiler ${SANITIZE:-} -rdynamic -I"$tests/../include" -I"$tests/Harness" "$@" -o "$output"
