#!/bin/sh
# Builds the conformance suite with gcc and with clang-14 and runs it against libposoffline.so, and looks at the file
# itself. One line for each program; ends non-zero when anything fails.
#
#   tests/conformance/run.sh LIBRARY_DIRECTORY [KIND]
#
# KIND is host (the default) or firmware, and says which libraries the file may need; or programs, which looks at what
# the library does and not at the file. For another architecture name a compiler, an emulator, and, as emulators are
# slow, how many codes, how many times of loading, how many mixed verifications, how many attempts and how many entries of a
# journal are enough:
#
#   COMPILERS=arm-linux-gnueabi-gcc EMULATOR="qemu-arm -L /usr/arm-linux-gnueabi" LOAD=5000 ROUNDS=120 SOAK=20000 \
#       TWICE=2000 START=60000 tests/conformance/run.sh dist/armel firmware
#
# SANITIZE is for a library with a sanitizer inside: what the compiler is told of it. PROGRAMS names a directory in
# which the programs are to stay.
set -eu
library=${1:?usage: tests/conformance/run.sh LIBRARY_DIRECTORY [host|firmware|programs]}
kind=${2:-host}
compilers=${COMPILERS:-gcc clang-14}
emulator=${EMULATOR:-}
load=${LOAD:-100000}
rounds=${ROUNDS:-10000}
soak=${SOAK:-200000}
twice=${TWICE:-100000}
start=${START:-2000000}
sanitize=${SANITIZE:-}

library=$(cd "$library" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
programs=$(cd "${PROGRAMS:-$work}" && pwd)
cd "$(dirname "$0")"
. ../results.sh
# Relative, so that a checkout in a directory of any name works.
headers=../../include
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

fixtures() {
    python3 make-fixtures.py > "$work/fixtures.h" && cmp "$work/fixtures.h" fixtures.h && echo '1 passed, 0 failed'
}

if [ "$kind" != programs ]; then
    report "fixtures are what their generator makes" fixtures
    report "headers" ./headers.sh "$headers"
    report "symbols" python3 symbols.py "$kind" "$library/libposoffline.so" "$headers"
fi

suite="main.c guard.c present.c layout.c codes.c buffers.c mutations.c order.c faults.c replay.c legacy.c json.c
    pos-param.c record.c threads.c silence.c"

# Lists of files and flags, to be split.
# shellcheck disable=SC2086
program() { # name, sources and libraries...
    program=$1
    shift
    $compiler $flags -rdynamic $sanitize framework.c model.c "$@" "$work/system.o" -o "$programs/$program" \
        -ldl -lpthread
}

for compiler in $compilers; do
    flags="-std=c11 -Wall -Wextra -Wpedantic -Werror -O1 -I$headers"
    # shellcheck disable=SC2086
    {
        # No sanitizer in this one: it calls what is here before it can be called itself.
        $compiler $flags -c system.c -o "$work/system.o"
        program conformance $suite "$library/libposoffline.so"
    }
    program durable durable.c state.c disk.c present.c guard.c "$library/libposoffline.so"
    program cancellation cancellation.c state.c disk.c present.c guard.c "$library/libposoffline.so"
    program processes processes.c state.c disk.c present.c guard.c "$library/libposoffline.so"
    program recovery recovery.c state.c disk.c present.c guard.c "$library/libposoffline.so"
    program start-order start-order.c state.c disk.c present.c guard.c "$library/libposoffline.so"
    program streams streams.c state.c disk.c present.c guard.c "$library/libposoffline.so"
    program memory memory.c present.c guard.c "$library/libposoffline.so"
    program loading loading.c
    program replay-load replay-load.c "$library/libposoffline.so"
    program soak soak.c disk.c present.c guard.c "$library/libposoffline.so"
    program twice twice.c disk.c "$library/libposoffline.so"
    # The system's own clock, and so none of system.c.
    # shellcheck disable=SC2086
    $compiler $flags $sanitize framework.c model.c clock.c "$library/libposoffline.so" -o "$programs/clock"
    # shellcheck disable=SC2086
    {
        report "conformance, $compiler" env LD_LIBRARY_PATH="$library" $emulator "$programs/conformance"
        report "durable, $compiler" env LD_LIBRARY_PATH="$library" $emulator "$programs/durable" "$load"
        report "memory, $compiler" env LD_LIBRARY_PATH="$library" $emulator "$programs/memory"
        report "loading, $compiler" $emulator "$programs/loading" "$library/libposoffline.so" "$rounds"
    }
done
# Once is enough: the program does little, the library does much.
# shellcheck disable=SC2086
{
    report "replay-load with $load codes" env LD_LIBRARY_PATH="$library" $emulator "$programs/replay-load" "$load"
    report "soak with $soak verifications" env LD_LIBRARY_PATH="$library" $emulator "$programs/soak" "$soak"
    report "twice with $twice attempts" env LD_LIBRARY_PATH="$library" $emulator "$programs/twice" "$twice"
    report "streams" env LD_LIBRARY_PATH="$library" $emulator "$programs/streams"
    report "processes" env LD_LIBRARY_PATH="$library" EMULATED="$emulator" $emulator "$programs/processes"
    report "processes, an old system" env LD_LIBRARY_PATH="$library" EMULATED="$emulator" $emulator \
        "$programs/processes" old-system
    report "cancellation" env LD_LIBRARY_PATH="$library" $emulator "$programs/cancellation"
    report "recovery" env LD_LIBRARY_PATH="$library" $emulator "$programs/recovery"
    report "start-order with $start entries" env LD_LIBRARY_PATH="$library" $emulator "$programs/start-order" "$start"
}

# A 32-bit time_t ends in 2038. Under an emulator the C library reads a clock of another time.
clock_emulator=${emulator:-qemu-x86_64}
clock() { # second, result, fixture
    # shellcheck disable=SC2086
    report "clock at second $1" env LD_LIBRARY_PATH="$library" LD_PRELOAD="$work/future.so" CLOCK_AT="$1" \
        $clock_emulator -U LD_PRELOAD "$programs/clock" "$2" "$3"
}
if [ "$kind" = firmware ]; then
    gcc -std=c11 -Wall -Wextra -Werror -O1 -shared -fPIC future.c -o "$work/future.so" -ldl
    clock 1700000000 1 good
    clock 2147483647 -2 expiry-never
    clock 2147483648 -3 good
    clock 2208988800 -2 expiry-never
    clock 4294966000 -2 time-last
    clock 4294966800 1 time-last
fi

exit $status
