#!/bin/sh
# Every test of the firmware files in dist/: their bounds, their traps, that they come out the same when built twice,
# what becomes of a key in them, the whole conformance suite against each, the foreign ones under qemu, and a program of
# another C library.
#
#   tests/firmware/run.sh POSCODE TARGET...
set -eu
poscode=$(realpath "$1")
shift
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

compiler_of() {
    case $1 in
        x86_64) echo "gcc clang-14" ;;
        i686) echo i686-linux-gnu-gcc ;;
        aarch64) echo aarch64-linux-gnu-gcc ;;
        armhf) echo arm-linux-gnueabihf-gcc ;;
        armel | armv4t) echo arm-linux-gnueabi-gcc ;;
    esac
}

emulator_of() {
    case $1 in
        x86_64) ;;
        i686) echo "qemu-i386 -L /usr/i686-linux-gnu" ;;
        aarch64) echo "qemu-aarch64 -L /usr/aarch64-linux-gnu" ;;
        armhf) echo "qemu-arm -L /usr/arm-linux-gnueabihf" ;;
        armel | armv4t) echo "qemu-arm -L /usr/arm-linux-gnueabi" ;;
    esac
}

step() { printf '\n=== %s\n' "$1"; }

# Emulation is some thirty times slower, so there are fewer codes, loadings, mixed verifications and attempts.
conformance() { # target
    if [ "$1" = x86_64 ]; then load= rounds= soak= twice= start=; else load=5000 rounds=120 soak=10000 twice=5000 start=60000; fi
    COMPILERS=$(compiler_of "$1") EMULATOR=$(emulator_of "$1") LOAD=$load ROUNDS=$rounds SOAK=$soak TWICE=$twice START=$start \
        tests/conformance/run.sh "dist/$1" firmware >"$work/$1.log" 2>&1
}

# The demo, built for a target against its package, judges a code of today's.
demo() { # target
    for compiler in $(compiler_of "$1"); do
        "$compiler" -std=c99 -Wall -Wextra -Wpedantic -Werror -I"dist/$1" demo/demo.c -o "$work/demo-$1" \
            "dist/$1/libposoffline.so"
    done
    verdict=0
    # shellcheck disable=SC2046
    LD_LIBRARY_PATH=dist/$1 $(emulator_of "$1") "$work/demo-$1" "$code" "$code" >"$work/demo.log" || verdict=$?
    grep -q '^verify_qrcode_v2: 1, ' "$work/demo.log" && grep -q '^verify_qrcode_v2: -12, ' "$work/demo.log" &&
        [ $verdict -eq 1 ]
}

. tests/results.sh
run() { # what, command
    what=$1
    shift
    status=0
    "$@" || status=$?
    result "$what" $status
}

step "Bounds"
run "every bound holds" scripts/footprint.py $(for target; do echo "$target=dist/$target/libposoffline.so"; done)

step "Traps"
run "every trap is explained, and a new one would be found" tests/traps/run.sh

step "Reproducible"
run "built twice, the same bytes" scripts/reproducible.sh "$@"

step "The demo, packaged for each target"
code=$("$poscode" issue --window 600 2>/dev/null)
for target; do run "demo on $target" demo "$target"; done

step "Another C library"
musl-gcc -std=c11 -Wall -Wextra -Werror -Iinclude tests/firmware/musl.c -o "$work/musl" \
    -Ldist/x86_64 -lposoffline -Wl,--allow-shlib-undefined
run "the x86_64 file in a musl program" env LD_LIBRARY_PATH=dist/x86_64 "$work/musl"

step "Key material"
secrets() { # target
    COMPILERS=$(compiler_of "$1") EMULATOR=$(emulator_of "$1") tests/secrets/run.sh "dist/$1" "$1"
}
for target; do run "key material on $target" secrets "$target"; done

step "Conformance"
# Two at a time.
while [ $# -gt 0 ]; do
    first=$1 second=${2:-}
    shift
    [ -z "$second" ] || shift
    conformance "$first" & job=$!
    if [ -n "$second" ]; then
        status=0
        conformance "$second" || status=$?
        cat "$work/$second.log"
        result "conformance of $second" $status
    fi
    status=0
    wait $job || status=$?
    cat "$work/$first.log"
    result "conformance of $first" $status
done

results
