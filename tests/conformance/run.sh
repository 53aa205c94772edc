#!/bin/sh
# Builds the conformance suite with gcc and with clang-14 and runs it against libposoffline.so, and looks at the file
# itself. One line for each program; ends non-zero when anything fails.
#
#   tests/conformance/run.sh LIBRARY_DIRECTORY [KIND]
#
# KIND is host (the default) or firmware, and says which libraries the file may need. For another architecture name a
# compiler, an emulator, and, as emulators are slow, how many codes and how many times of loading are enough:
#
#   COMPILERS=arm-linux-gnueabi-gcc EMULATOR="qemu-arm -L /usr/arm-linux-gnueabi" LOAD=5000 ROUNDS=120 \
#       tests/conformance/run.sh dist/armel firmware
set -eu
library=${1:?usage: tests/conformance/run.sh LIBRARY_DIRECTORY [host|firmware]}
kind=${2:-host}
compilers=${COMPILERS:-gcc clang-14}
emulator=${EMULATOR:-}
load=${LOAD:-100000}
rounds=${ROUNDS:-1000}

library=$(cd "$library" && pwd)
cd "$(dirname "$0")"
# Relative, so that a checkout in a directory of any name works.
headers=../../include
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

report() { # name command...
    name=$1
    shift
    if "$@" > "$work/output" 2>&1; then result=0; else result=1; fi
    summary=$(tail -n 1 "$work/output")
    # A program that ends well without having said so has not run to its end.
    case $summary in
        *[1-9]*' passed, 0 failed') ;;
        *) result=1 ;;
    esac
    if [ $result -ne 0 ]; then
        status=1
        sed '$d' "$work/output"
    fi
    echo "$name: $summary"
}

fixtures() {
    python3 make-fixtures.py > "$work/fixtures.h" && cmp "$work/fixtures.h" fixtures.h && echo '1 passed, 0 failed'
}

report "fixtures are what their generator makes" fixtures
report "headers" ./headers.sh "$headers"
report "symbols" python3 symbols.py "$kind" "$library/libposoffline.so" "$headers"

common="framework.c system.c model.c"
suite="main.c guard.c present.c layout.c codes.c buffers.c mutations.c order.c faults.c replay.c legacy.c json.c
    pos-param.c record.c threads.c silence.c"

for compiler in $compilers; do
    flags="-std=c11 -Wall -Wextra -Wpedantic -Werror -O1 -I$headers -rdynamic"
    # Lists of files and flags, to be split.
    # shellcheck disable=SC2086
    {
        $compiler $flags $suite $common -o "$work/conformance" "$library/libposoffline.so" -ldl -lpthread
        $compiler $flags loading.c $common -o "$work/loading" -ldl -lpthread
        $compiler $flags durable.c disk.c present.c guard.c $common -o "$work/durable" "$library/libposoffline.so" -ldl \
            -lpthread
        $compiler $flags replay-load.c $common -o "$work/replay-load" "$library/libposoffline.so" -ldl -lpthread
    }
    # shellcheck disable=SC2086
    {
        report "conformance, $compiler" env LD_LIBRARY_PATH="$library" $emulator "$work/conformance"
        report "durable, $compiler" env LD_LIBRARY_PATH="$library" $emulator "$work/durable" "$load"
        report "loading, $compiler" $emulator "$work/loading" "$library/libposoffline.so" "$rounds"
    }
done
# Once is enough: the program does little, the library does much.
# shellcheck disable=SC2086
report "replay-load with $load codes" env LD_LIBRARY_PATH="$library" $emulator "$work/replay-load" "$load"

exit $status
