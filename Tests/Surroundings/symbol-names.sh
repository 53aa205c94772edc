# shellcheck shell=sh
# A program that defines the library's own symbols, and those of libraries that it could have used. Sourced by run.sh.

# The unstripped library of the build. libcrypto and libsecp256k1 are this machine's: only their symbols' names count.
unstripped=build/objects/$target/libposoffline.unstripped.so
libc=$($compiler -print-file-name=libc.so.6)
crypto="$(find /usr/lib/ -name libcrypto.so.3 | head -n 1) $(find /usr/lib/ -name 'libsecp256k1.so.?' | head -n 1)"

build_names() { # output, files with names...
    output=$1
    shift
    : > "$work/symbol-names.h"
    for source in Tests/Surroundings/symbol-names.c Tests/Harness/model.c; do
        # shellcheck disable=SC2086
        $compiler $flags -c "$source" -o "$work/$(basename "$source" .c).o"
    done
    python3 Tests/Surroundings/symbol-names.py "$work/symbol-names.o,$work/model.o" "$@" > "$work/symbol-names.h"
    # shellcheck disable=SC2086
    $compiler $flags -rdynamic Tests/Surroundings/symbol-names.c Tests/Harness/model.c "$library/libposoffline.so" -o "$work/$output" -ldl
}

# The definitions are effective: a library that imports one of them gets it.
is_interposed() { # program, name
    echo "void $2(void); void importer(void); void importer(void) { $2(); }" > "$work/importer.c"
    $compiler -shared -fPIC -fno-builtin "$work/importer.c" -o "$work/importer.so" || return 1
    exit_status=0
    run "$work/$1" importer "$work/importer.so" || exit_status=$?
    [ $exit_status -eq 77 ] && echo "1 passed, 0 failed"
}

if [ "$target" = host ]; then
    build_names names-own "$unstripped"
    try "a program with the library's names" run "$work/names-own" "$(new_directory)"
    # As documented in docs/system-interface.md, the host build calls these libraries by name.
    # shellcheck disable=SC2086
    build_names names-below $crypto
    shows_below() {
        exit_status=0
        run "$work/names-below" "$(new_directory)" || exit_status=$?
        [ $exit_status -eq 77 ] && echo "1 passed, 0 failed"
    }
    try "a program with libcrypto's names gets the host build's calls" shows_below
else
    # shellcheck disable=SC2086
    build_names names "$unstripped" "$libc" $crypto
    try "a program with the library's names, libc's, libcrypto's and libsecp256k1's" run "$work/names" "$(new_directory)"
    for name in write sigaction SHA1_Init secp256k1_ecdsa_verify posoffline_platform_now; do
        try "a program's $name replaces the one that a library imports" is_interposed names $name
    done
fi
