#!/bin/sh
# A test of a firmware file in dist/, a foreign one under qemu.
#
#   Tests/Artifacts/firmware.sh conformance TARGET
#   Tests/Artifacts/firmware.sh secrets TARGET
#   Tests/Artifacts/firmware.sh surroundings TARGET
#   Tests/Artifacts/firmware.sh demo TARGET POSCODE
#
# conformance is the C suite, secrets what becomes of a key, surroundings what gates have and developers' machines have
# not, demo the demo as a package's user builds it.
set -eu
usage="usage: Tests/Artifacts/firmware.sh conformance|secrets|surroundings|demo TARGET [POSCODE]"
test=${1:?$usage}
target=${2:?$usage}
poscode=${3:-}
[ -z "$poscode" ] || poscode=$(realpath "$poscode")
cd "$(dirname "$0")/../.."
. Tests/Support/results.sh

emulator=
case $target in
    x86_64) compilers="gcc clang-14" ;;
    i686) compilers=i686-linux-gnu-gcc emulator="qemu-i386 -L /usr/i686-linux-gnu" ;;
    aarch64) compilers=aarch64-linux-gnu-gcc emulator="qemu-aarch64 -L /usr/aarch64-linux-gnu" ;;
    armhf) compilers=arm-linux-gnueabihf-gcc emulator="qemu-arm -L /usr/arm-linux-gnueabihf" ;;
    armel | armv4t) compilers=arm-linux-gnueabi-gcc emulator="qemu-arm -L /usr/arm-linux-gnueabi" ;;
    *) echo "$usage" >&2; exit 2 ;;
esac
export COMPILERS="$compilers" EMULATOR="$emulator"

case $test in
    conformance)
        # Emulation is some thirty times slower, so there are fewer codes, loadings, mixed verifications and attempts.
        [ -z "$emulator" ] || export LOAD=5000 ROUNDS=120 SOAK=10000 ATTEMPTS=5000 START=60000
        exec Tests/Conformance/run.sh "dist/$target" firmware ;;
    secrets) exec Tests/Secrets/run.sh "dist/$target" "$target" ;;
    surroundings) CC=${compilers%% *} exec Tests/Surroundings/run.sh "dist/$target" "$target" ;;
    demo) ;;
    *) echo "$usage" >&2; exit 2 ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The demo, built for a target against its package, judges a code of today's.
demo() { # compiler
    "$1" -std=c99 -Wall -Wextra -Wpedantic -Werror -I"dist/$target" demo/demo.c -o "$work/demo" \
        "dist/$target/libposoffline.so" || return 1
    verdict=0
    # shellcheck disable=SC2086
    LD_LIBRARY_PATH=dist/$target $emulator "$work/demo" "$code" "$code" > "$work/log" 2>&1 || verdict=$?
    grep -q '^verify_qrcode_v2: 1, ' "$work/log" && grep -q '^verify_qrcode_v2: -12, ' "$work/log" &&
        [ $verdict -eq 1 ]
}

: > "$work/log"
code=$("${poscode:?$usage}" issue --window 600 2> /dev/null)
for compiler in $compilers; do
    status=0
    demo "$compiler" || status=$?
    result "demo on $target, $compiler" $status "$work/log"
done
results
