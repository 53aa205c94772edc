#!/bin/sh
# Builds libposoffline.so: Embedded Swift, module by module, linked by the target's C compiler.
#
#   scripts/build-library.sh TARGET OUTPUT_DIRECTORY [MODULE...]
#
# TARGET is `host`, which takes its cryptography from libsecp256k1 and libcrypto, or a firmware target, which brings its
# own and needs libc alone: x86_64, i686, aarch64, armhf, armel, armv4t. Leaves libposoffline.so in OUTPUT_DIRECTORY,
# and what it was made from in build/objects/TARGET.
#
# With MODULEs only these and the C seam are compiled, and the others are taken from build/objects/TARGET. That is for
# tests, which change a line in a copy of the sources: whoever names modules answers for it that no other has changed.
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
# Not every ARMv7 has NEON, and some have no floating point unit at all.
no_vectors="-Xcc -mfpu=none -Xcc -mfloat-abi=soft"
case $target in
    host)
        triple=$(uname -m)-unknown-linux-gnu cc=gcc
        backend="PortableCrypto HostCrypto" swift_extra='' libraries="-lsecp256k1 -lcrypto" ;;
    x86_64)
        triple=x86_64-unknown-linux-gnu cc=x86_64-linux-gnu-gcc
        # memcpy has a newer version there than the glibc we promise; memmove does not, and serves as well.
        link_extra=-Wl,--wrap=memcpy ;;
    i686)
        triple=i686-unknown-none-elf cc=i686-linux-gnu-gcc c_extra=-march=i686
        # No SSE, and no stack protector: Swift's wants a guard variable that glibc does not have there.
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

# With debug information, by which Tests/Artifacts/Traps finds the source of every trap; none of it is in the file that ships.
# Words that the shell is to split.
# shellcheck disable=SC2086
compile_swift() { # module, how to optimise it
    case " ${changed:-$1} " in *" $1 "*) ;; *) return ;; esac
    swiftc -target $triple -wmo "$2" -parse-as-library -swift-version 6 $swift_extra \
        -g -file-prefix-map "$PWD=." -Xfrontend -no-clang-module-breadcrumbs \
        -enable-experimental-feature Embedded -enable-experimental-feature Lifetimes \
        -Xcc -fPIC -Xllvm -relocation-model=pic -Xfrontend -function-sections -Xllvm -swiftmergefunc-threshold=0 \
        -I "$objects" -I include -I Sources/CPlatform/include -I Sources/CLibcrypto -I Sources/CSecp256k1 \
        -module-name "$1" -emit-module -emit-module-path "$objects/$1.swiftmodule" \
        -c Sources/"$1"/*.swift -o "$objects/$1.o"
}

# Time is spent in the arithmetic; everywhere else it is room that counts.
compile_swift TransitCrypto -Osize
for module in $backend; do compile_swift "$module" -O; done
for module in TransitCode TransitGate posoffline; do compile_swift "$module" -Osize; done

# The Swift objects for ARM are marked as soft-float, which a hard-float link refuses. There is no floating point in
# them, so that the calling conventions are the same.
if [ "$target" = armhf ]; then
    for object in "$objects"/*.o; do arm-linux-gnueabihf-objcopy -R .ARM.attributes "$object"; done
fi

# shellcheck disable=SC2086
$cc -std=c11 -Os -g "-ffile-prefix-map=$PWD=." $c_extra -fPIC -fvisibility=hidden -ffunction-sections -fno-asynchronous-unwind-tables \
    -Wall -Wextra -Werror -ISources/CPlatform/include -c Sources/CPlatform/platform.c -o "$objects/CPlatform.o"

# Linked twice: once with names, for those who look into the file, and once as it ships.
# -nostartfiles: the C compiler's own start and end files would bring a constructor.
# shellcheck disable=SC2086
link() { # output, further options
    $cc -shared -nostartfiles $c_extra -o "$@" "$objects"/*.o \
        -Wl,-soname,libposoffline.so -Wl,--version-script=Sources/posoffline/exports.map \
        -Wl,--gc-sections -Wl,-z,defs -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,noseparate-code \
        -Wl,-z,max-page-size=16384 -Wl,--hash-style=both -Wl,--build-id=none $link_extra -Wl,--as-needed $libraries
}
link "$objects/libposoffline.unstripped.so"
link "$output/libposoffline.so" -s
