#!/bin/sh
# Builds the library that ships: Embedded Swift, module by module, linked by the C compiler.
#
#   scripts/build-library.sh OUTPUT_DIRECTORY
#
# leaves libposoffline.so there, and what it was made from in OUTPUT_DIRECTORY/objects.
set -eu
cd "$(dirname "$0")/.."
output=${1:?usage: scripts/build-library.sh OUTPUT_DIRECTORY}
objects=$output/objects
rm -rf "$objects"
mkdir -p "$objects"

swift_flags="-target x86_64-unknown-linux-gnu -wmo -O -parse-as-library -swift-version 6
    -enable-experimental-feature Embedded -enable-experimental-feature Lifetimes
    -Xcc -fPIC -Xllvm -relocation-model=pic -Xfrontend -function-sections
    -I $objects -I include -I Sources/CPlatform/include -I Sources/CLibcrypto -I Sources/CSecp256k1"

compile() { # module name
    # shellcheck disable=SC2086
    swiftc $swift_flags -module-name "$1" -emit-module -emit-module-path "$objects/$1.swiftmodule" \
        -c Sources/"$1"/*.swift -o "$objects/$1.o"
}

for module in TransitCrypto HostCrypto TransitCode TransitGate posoffline; do compile "$module"; done
gcc -std=c11 -Os -fPIC -ffunction-sections -Wall -Wextra -Werror -ISources/CPlatform/include -c Sources/CPlatform/platform.c \
    -o "$objects/CPlatform.o"
gcc -shared -s -o "$output/libposoffline.so" "$objects"/*.o \
    -Wl,-soname,libposoffline.so -Wl,--version-script=Sources/posoffline/exports.map \
    -Wl,--gc-sections -Wl,-z,defs -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--hash-style=both \
    -Wl,--as-needed -lsecp256k1 -lcrypto
