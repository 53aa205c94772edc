#!/bin/sh
# Builds the C suite with gcc and with clang-14, runs it against libposoffline.so, and checks the file itself. Prints one
# line for each program. Fails when anything fails.
#
#   Tests/Conformance/run.sh LIBRARY_DIRECTORY [KIND]
#
# KIND is host (the default) or firmware, which decide the libraries that the file may need; or programs, which runs the
# programs and does not check the file. For another architecture give a compiler and an emulator, and smaller counts of
# codes, rounds of loading, mixed verifications, attempts and entries of a journal, because emulators are slow:
#
#   COMPILERS=arm-linux-gnueabi-gcc EMULATOR="qemu-arm -L /usr/arm-linux-gnueabi" LOAD=5000 ROUNDS=120 SOAK=20000 \
#       ATTEMPTS=2000 START=60000 Tests/Conformance/run.sh dist/armel firmware
#
# SANITIZE has the compiler's options for a library with a sanitizer. PROGRAMS names a directory in which the programs are
# kept.
set -eu
library=${1:?usage: Tests/Conformance/run.sh LIBRARY_DIRECTORY [host|firmware|programs]}
kind=${2:-host}
compilers=${COMPILERS:-gcc clang-14}
emulator=${EMULATOR:-}
load=${LOAD:-100000}
rounds=${ROUNDS:-10000}
soak=${SOAK:-200000}
attempts=${ATTEMPTS:-100000}
start=${START:-2000000}
sanitize=${SANITIZE:-}

library=$(cd "$library" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
programs=$(cd "${PROGRAMS:-$work}" && pwd)
cd "$(dirname "$0")/../.."
. Tests/Support/results.sh
# Relative, so that a checkout in a directory of any name works.
headers=include
status=0

report() { # name command...
    name=$1
    shift
    if ! ends_well "$work/output" "$@"; then
        status=1
        sed '$d' "$work/output"
    fi
    echo "$name: $(tail -n 1 "$work/output")"
}

# Called by report.
# shellcheck disable=SC2317
fixtures() {
    python3 Tests/Harness/make-fixtures.py > "$work/fixtures.h" &&
        cmp "$work/fixtures.h" Tests/Harness/fixtures.h && echo '1 passed, 0 failed'
}

if [ "$kind" != programs ]; then
    report "fixtures are what their generator makes" fixtures
    report "headers" Tests/Artifacts/headers.sh "$headers"
    report "symbols" python3 Tests/Artifacts/symbols.py "$kind" "$library/libposoffline.so" "$headers"
fi

for compiler in $compilers; do
    for program in conformance durable cancellation processes recovery start-order streams memory replay-load soak \
        double-accept clock; do
        CC=$compiler SANITIZE=$sanitize Tests/Harness/build.sh $program "$programs/$program" "$library/libposoffline.so"
    done
    CC=$compiler SANITIZE=$sanitize Tests/Harness/build.sh loading "$programs/loading"
    # shellcheck disable=SC2086
    {
        report "conformance, $compiler" env LD_LIBRARY_PATH="$library" $emulator "$programs/conformance"
        report "durable, $compiler" env LD_LIBRARY_PATH="$library" $emulator "$programs/durable" "$load"
        report "memory, $compiler" env LD_LIBRARY_PATH="$library" $emulator "$programs/memory"
        report "loading, $compiler" $emulator "$programs/loading" "$library/libposoffline.so" "$rounds"
    }
done
# With one compiler only: these programs mostly run the library's code.
# shellcheck disable=SC2086
{
    report "replay-load with $load codes" env LD_LIBRARY_PATH="$library" $emulator "$programs/replay-load" "$load"
    report "soak with $soak verifications" env LD_LIBRARY_PATH="$library" $emulator "$programs/soak" "$soak"
    report "double-accept with $attempts attempts" env LD_LIBRARY_PATH="$library" $emulator \
        "$programs/double-accept" "$attempts"
    report "streams" env LD_LIBRARY_PATH="$library" $emulator "$programs/streams"
    report "processes" env LD_LIBRARY_PATH="$library" EMULATED="$emulator" $emulator "$programs/processes"
    report "processes, an old system" env LD_LIBRARY_PATH="$library" EMULATED="$emulator" $emulator \
        "$programs/processes" old-system
    report "cancellation" env LD_LIBRARY_PATH="$library" $emulator "$programs/cancellation"
    report "recovery" env LD_LIBRARY_PATH="$library" $emulator "$programs/recovery"
    report "start-order with $start entries" env LD_LIBRARY_PATH="$library" $emulator "$programs/start-order" "$start"
}

# A 32-bit time_t ends in 2038. Under an emulator the C library reads a clock that future.so moves.
clock_emulator=${emulator:-qemu-x86_64}
clock() { # second, result, fixture
    # shellcheck disable=SC2086
    report "clock at second $1" env LD_LIBRARY_PATH="$library" LD_PRELOAD="$work/future.so" CLOCK_AT="$1" \
        $clock_emulator -U LD_PRELOAD "$programs/clock" "$2" "$3"
}
if [ "$kind" = firmware ]; then
    gcc -std=c11 -Wall -Wextra -Werror -O1 -shared -fPIC Tests/Conformance/future.c -o "$work/future.so" -ldl
    clock 1700000000 1 good
    clock 2147483647 -2 expiry-never
    clock 2147483648 -3 good
    clock 2208988800 -2 expiry-never
    clock 4294966000 -2 time-last
    clock 4294966800 1 time-last
fi

exit $status
