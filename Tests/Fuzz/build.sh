#!/bin/sh
# Builds the fuzz targets: the library's own sources, in the firmware configuration, under libFuzzer and AddressSanitizer.
#
#   Tests/Fuzz/build.sh OUTPUT_DIRECTORY
#
# Needs the Swift toolchain, whose clang carries libFuzzer, and libsecp256k1 as an oracle.
set -eu
output=${1:?usage: Tests/Fuzz/build.sh OUTPUT_DIRECTORY}
mkdir -p "$output"
output=$(cd "$output" && pwd)
cd "$(dirname "$0")/../.."
targets="code key-list card-types pos-param der record key-file journal verify"

objects=$output/objects
rm -rf "$objects"
mkdir -p "$objects"
clang=$(dirname "$(readlink -f "$(command -v swiftc)")")/clang

# Debug assertions are compiled in: they check what is "unchecked" in the shipped file.
swift_module() { # module, sanitizers, files...
    module=$1 sanitizers=$2
    shift 2
    swiftc -wmo -O -g -assert-config Debug -parse-as-library -swift-version 6 -D POSOFFLINE_PORTABLE \
        -enable-experimental-feature Embedded -enable-experimental-feature Lifetimes -sanitize="$sanitizers" \
        -I "$objects" -I include -I Sources/CPlatform/include \
        -module-name "$module" -emit-module -emit-module-path "$objects/$module.swiftmodule" \
        -c "$@" -o "$objects/$module.o"
}

swift_module TransitCrypto address,fuzzer Sources/TransitCrypto/*.swift
# No coverage counters in the arithmetic: the first input takes every path, and they make it three times slower.
swift_module PortableCrypto address Sources/PortableCrypto/*.swift
for module in TransitCode TransitGate posoffline; do
    swift_module "$module" address,fuzzer Sources/"$module"/*.swift
done
swift_module Harness address,fuzzer Tests/Fuzz/Harness.swift

c_object() { # name, source, options...
    name=$1 source=$2
    shift 2
    "$clang" -std=c11 -O2 -g -Wall -Wextra -Werror -fsanitize=address -Iinclude -ISources/CPlatform/include \
        -ITests/Harness -ITests/Fuzz -c "$source" -o "$objects/$name.o" "$@"
}

# In this file, the harness replaces the clock, the allocator and fsync.
c_object platform Sources/CPlatform/platform.c -fsanitize=fuzzer-no-link,undefined -fno-sanitize-recover=undefined \
    -Dtime=fuzz_time -Dcalloc=fuzz_calloc -Dfsync=fuzz_sync
c_object model Tests/Harness/model.c -Wno-unused-const-variable
for part in fuzz json sign; do c_object "$part" Tests/Fuzz/$part.c -Wno-unused-const-variable; done

for target in $targets; do
    c_object "target-$target" "Tests/Fuzz/$target.c" -Wno-unused-const-variable -Wno-unused-function
    "$clang" -fuse-ld=lld -fsanitize=fuzzer,address,undefined -o "$output/fuzz-$target" "$objects/target-$target.o" \
        "$objects/fuzz.o" "$objects/json.o" "$objects/sign.o" "$objects/model.o" "$objects/platform.o" \
        "$objects/Harness.o" "$objects/posoffline.o" "$objects/TransitGate.o" "$objects/TransitCode.o" \
        "$objects/PortableCrypto.o" "$objects/TransitCrypto.o" -lsecp256k1
done
