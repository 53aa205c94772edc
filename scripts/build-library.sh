#!/bin/sh
# Builds libposoffline.so: Embedded Swift, module by module, linked by the target's C compiler.
#
#   scripts/build-library.sh TARGET OUTPUT_DIRECTORY [MODULE...]
#
# TARGET is `host` or a firmware target: x86_64, i686, aarch64, armhf, armel, armv4t. The host build uses libsecp256k1
# and libcrypto. A firmware build has its own cryptography and needs libc alone. Writes libposoffline.so to
# OUTPUT_DIRECTORY, and the intermediate files to build/objects/TARGET.
#
# With MODULEs, only these modules and the C file are compiled; the others are taken from build/objects/TARGET. Tests
# use this to change a line in a copy of the sources. The caller must make sure that no other module has changed.
set -eu
cd "$(dirname "$0")/.."

target=${1:?usage: scripts/build-library.sh TARGET OUTPUT_DIRECTORY [MODULE...]}
output=${2:?usage: scripts/build-library.sh TARGET OUTPUT_DIRECTORY [MODULE...]}
shift 2
changed=$*
objects=build/objects/$target

backend=PortableCrypto
swift_extra="-D POSOFFLINE_PORTABLE"
c_extra=
link_extra=
libraries=
# Some ARMv7 processors have no NEON, and some have no floating point unit.
no_vectors="-Xcc -mfpu=none -Xcc -mfloat-abi=soft"
case $target in
    host)
        triple=$(uname -m)-unknown-linux-gnu cc=gcc
        backend="PortableCrypto HostCrypto" swift_extra='' libraries="-lsecp256k1 -lcrypto" ;;
    x86_64)
        triple=x86_64-unknown-linux-gnu cc=x86_64-linux-gnu-gcc
        # glibc has a newer version of memcpy here than the oldest supported glibc. memmove has no newer version and
        # replaces it.
        link_extra=-Wl,--wrap=memcpy ;;
    i686)
        triple=i686-unknown-none-elf cc=i686-linux-gnu-gcc c_extra=-march=i686
        # No SSE. No stack protector: Swift's needs a guard variable that glibc does not export here.
        swift_extra="$swift_extra -target-cpu i686 -Xfrontend -disable-stack-protector" ;;
    aarch64) triple=aarch64-none-none-elf cc=aarch64-linux-gnu-gcc ;;
    armhf)
        triple=armv7-none-none-eabi cc=arm-linux-gnueabihf-gcc c_extra=-march=armv7-a+fp
        swift_extra="$swift_extra $no_vectors" ;;
    armel)
        triple=armv7-none-none-eabi cc=arm-linux-gnueabi-gcc c_extra=-march=armv7-a
        swift_extra="$swift_extra $no_vectors" ;;
    armv4t) triple=armv4t-none-none-eabi cc=arm-linux-gnueabi-gcc c_extra="-march=armv4t -marm" ;;
    *) echo "build-library: unknown target: $target" >&2; exit 2 ;;
esac

[ -n "$changed" ] || rm -rf "$objects"
mkdir -p "$objects" "$output"

# Compiles with debug information, from which Tests/Artifacts/Traps finds the source of every trap. The shipped file has
# none.
# The variables hold several words each, which the shell must split.
# shellcheck disable=SC2086
compile_swift() { # module, optimisation option
    case " ${changed:-$1} " in *" $1 "*) ;; *) return ;; esac
    swiftc -target $triple -wmo "$2" -parse-as-library -swift-version 6 $swift_extra \
        -g -file-prefix-map "$PWD=." -Xfrontend -no-clang-module-breadcrumbs \
        -enable-experimental-feature Embedded -enable-experimental-feature Lifetimes \
        -Xcc -fPIC -Xllvm -relocation-model=pic -Xfrontend -function-sections -Xllvm -swiftmergefunc-threshold=0 \
        -I "$objects" -I include -I Sources/CPlatform/include -I Sources/CLibcrypto -I Sources/CSecp256k1 \
        -module-name "$1" -emit-module -emit-module-path "$objects/$1.swiftmodule" \
        -c Sources/"$1"/*.swift -o "$objects/$1.o"
}

# The arithmetic is optimised for speed, everything else for size.
compile_swift TransitCrypto -Osize
for module in $backend; do compile_swift "$module" -O; done
for module in TransitCode TransitGate posoffline; do compile_swift "$module" -Osize; done

# The Swift objects for ARM are marked as soft-float, and a hard-float link rejects them. They use no floating point, so
# both calling conventions are the same. The mark is removed.
if [ "$target" = armhf ]; then
    for object in "$objects"/*.o; do arm-linux-gnueabihf-objcopy -R .ARM.attributes "$object"; done
fi

# shellcheck disable=SC2086
$cc -std=c11 -Os -g "-ffile-prefix-map=$PWD=." $c_extra -fPIC -fvisibility=hidden -ffunction-sections -fno-asynchronous-unwind-tables \
    -Wall -Wextra -Werror -ISources/CPlatform/include -c Sources/CPlatform/platform.c -o "$objects/CPlatform.o"

# Links twice: with symbols, for analysis, and stripped, as shipped.
# -nostartfiles: the C compiler's start files would add a constructor.
# shellcheck disable=SC2086
link() { # output, more options
    $cc -shared -nostartfiles $c_extra -o "$@" "$objects"/*.o \
        -Wl,-soname,libposoffline.so -Wl,--version-script=Sources/posoffline/exports.map \
        -Wl,--gc-sections -Wl,-z,defs -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,noseparate-code \
        -Wl,-z,max-page-size=16384 -Wl,--hash-style=both -Wl,--build-id=none $link_extra -Wl,--as-needed $libraries
}
link "$objects/libposoffline.unstripped.so"
link "$output/libposoffline.so" -s
