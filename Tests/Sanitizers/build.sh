#!/bin/sh
# Builds libposoffline.so for a tool that finds memory errors or races, in the mode of the shipped file, and once more
# with each defect that the tool must find (defects.c).
#
#   Tests/Sanitizers/build.sh TOOL OUTPUT_DIRECTORY
#
# TOOL is address: AddressSanitizer in the host build, with UndefinedBehaviorSanitizer in its C seam; thread:
# ThreadSanitizer in a firmware build, as libcrypto and libsecp256k1 are not instrumented; or valgrind, which runs
# the firmware file itself, so that only the defective library is built, from the objects of scripts/build-library.sh.
set -eu
tool=${1:?usage: Tests/Sanitizers/build.sh TOOL OUTPUT_DIRECTORY}
output=${2:?usage: Tests/Sanitizers/build.sh TOOL OUTPUT_DIRECTORY}
mkdir -p "$output"
output=$(cd "$output" && pwd)
cd "$(dirname "$0")/../.."
root=$PWD objects=$output
compiler=$(dirname "$(readlink -f "$(command -v swiftc)")")/clang

case $tool in
    address)
        modules="TransitCrypto PortableCrypto HostCrypto TransitCode TransitGate posoffline"
        swift_flags='' libraries="-lsecp256k1 -lcrypto" defects="short_calloc no_free"
        c_flags="-fsanitize=address,undefined -fno-sanitize-recover=undefined" link_flags="-fuse-ld=lld" ;;
    thread)
        modules="TransitCrypto PortableCrypto TransitCode TransitGate posoffline"
        swift_flags="-D POSOFFLINE_PORTABLE" libraries='' defects=no_pthread_mutex_lock
        c_flags=-fsanitize=thread link_flags="-fuse-ld=lld" ;;
    valgrind)
        modules="TransitCrypto PortableCrypto TransitCode TransitGate posoffline"
        objects=$PWD/build/objects/x86_64 libraries='' defects=dirty_calloc
        compiler=gcc c_flags='' link_flags="-nostartfiles -Wl,--wrap=memcpy" ;;
    *) echo "build: unknown tool: $tool" >&2; exit 2 ;;
esac

# Debug assertions are compiled in: they check what is "unchecked" in the shipped file.
# shellcheck disable=SC2086
swift_module() { # module, its sanitizer
    swiftc -wmo -O -g -assert-config Debug -parse-as-library -swift-version 6 $swift_flags $2 \
        -enable-experimental-feature Embedded -enable-experimental-feature Lifetimes \
        -Xcc -fPIC -Xllvm -relocation-model=pic \
        -I "$output" -I include -I Sources/CPlatform/include -I Sources/CLibcrypto -I Sources/CSecp256k1 \
        -module-name "$1" -emit-module -emit-module-path "$output/$1.swiftmodule" \
        -c Sources/"$1"/*.swift -o "$output/$1.o"
}

# shellcheck disable=SC2086
library() { # directory, options for platform.c, more objects...
    directory=$1 option=$2
    shift 2
    mkdir -p "$directory"
    "$compiler" -std=c11 -O1 -g -fPIC -Wall -Wextra -Werror $c_flags $option -ISources/CPlatform/include \
        -c Sources/CPlatform/platform.c -o "$directory/CPlatform.o"
    (
        cd "$objects"
        # shellcheck disable=SC2046
        "$compiler" -shared $c_flags $link_flags -o "$directory/libposoffline.so" "$directory/CPlatform.o" "$@" \
            $(for module in $modules; do echo "$module.o"; done) -Wl,-soname,libposoffline.so \
            -Wl,--version-script="$root/Sources/posoffline/exports.map" $libraries
    )
}

if [ "$tool" != valgrind ]; then
    for module in $modules; do
        case $tool-$module in
            # The arithmetic has nothing that two threads could share, and would take nine tenths of the time.
            thread-PortableCrypto) swift_module "$module" "" ;;
            *) swift_module "$module" "-sanitize=$tool" ;;
        esac
    done
    library "$output" ""
fi
# shellcheck disable=SC2086
"$compiler" -std=c11 -O1 -g -fPIC -Wall -Wextra -Werror $c_flags -c Tests/Sanitizers/defects.c -o "$output/defects.o"
for defect in $defects; do library "$output/$defect" "-D${defect#*_}=$defect" "$output/defects.o"; done
