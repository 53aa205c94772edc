#!/bin/sh
# Installs to an empty place, builds the demo against it with pkg-config, runs it, and uninstalls without a trace.
#
#   Tests/Artifacts/install.sh POSCODE
set -eu
poscode=$(realpath "$1")
cd "$(dirname "$0")/../.."
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
passed=0 failed=0
# The make that runs this has options and variables of its own.
unset MAKEFLAGS MFLAGS

check() { # what, command
    what=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $what"
    fi
}

is_version() { [ "$1" = "$(sed -n 's/^#define POSOFFLINE_VERSION "\(.*\)"/\1/p' include/posoffline.h)" ]; }
exits_with() { # status, command
    wanted=$1
    shift
    status=0
    "$@" >"$place/output" 2>&1 || status=$?
    [ "$status" -eq "$wanted" ] || { cat "$place/output"; return 1; }
}
is_empty() { [ -z "$(find "$1" ! -type d)" ]; }

prefix="$place/a prefix"
make -s install PREFIX="$prefix" >/dev/null
export PKG_CONFIG_PATH="$prefix/lib/pkgconfig"
check "the pkg-config file names the version" is_version "$(pkg-config --modversion posoffline)"
# pkg-config escapes the space in the path; eval resolves it, as make would.
check "the demo builds against the installed prefix" \
    eval "gcc -std=c99 -Wall -Wextra -Wpedantic -Werror demo/demo.c -o '$place/demo' \
        $(pkg-config --cflags --libs posoffline)"
export LD_LIBRARY_PATH="$prefix/lib"
code=$("$poscode" issue 2>/dev/null)
"$poscode" issue --format raw -o "$place/raw" 2>/dev/null
demo="$place/demo"
check "a fresh code is accepted" exits_with 0 "$demo" "$code"
check "the same code twice is refused" exits_with 1 "$demo" "$code" "$code"
check "a code is read from standard input as hex" exits_with 0 sh -c "echo $code | '$demo' -"
check "a code is read from standard input as raw bytes" exits_with 0 sh -c "'$demo' - <'$place/raw'"
check "a code is read without being verified" exits_with 0 "$demo" -i "$code"
check "a fare above the quota is refused" exits_with 1 "$demo" -a 2001 "$code"
check "a bad pos_param is refused" exits_with 1 "$demo" -p '{}' "$code"
check "no code is bad usage" exits_with 2 "$demo"
check "an unknown option is bad usage" exits_with 2 "$demo" -z "$code"
check "a missing value is bad usage" exits_with 2 "$demo" -k
check "a code that is not hex is bad usage" exits_with 2 "$demo" 02zz
check "half a byte is bad usage" exits_with 2 "$demo" 021
check "a missing key file is bad usage" exits_with 2 "$demo" -k "$place/nothing" "$code"
check "a negative fare is bad usage" exits_with 2 "$demo" -a -1 "$code"
echo '[]' >"$place/empty"
check "an empty key list does not initialise" exits_with 3 "$demo" -k "$place/empty" "$code"
check "an empty card type list does not initialise" exits_with 3 "$demo" -t "$place/empty" "$code"
check "the library's man page is clean" exits_with 0 man --warnings -l "$prefix/share/man/man3/libposoffline.3"
check "poscode's man page is clean" exits_with 0 man --warnings -l "$prefix/share/man/man1/poscode.1"
check "the installed poscode runs" exits_with 0 env -i "$prefix/bin/poscode" --version
make -s uninstall PREFIX="$prefix" >/dev/null
check "nothing is left after make uninstall" is_empty "$prefix"
make -s install DESTDIR="$place/stage" PREFIX=/usr >/dev/null
check "DESTDIR is honoured" test -f "$place/stage/usr/lib/libposoffline.so"
check "the pkg-config file does not name DESTDIR" sh -c "! grep -q stage '$place/stage/usr/lib/pkgconfig/posoffline.pc'"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
