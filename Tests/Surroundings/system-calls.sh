# shellcheck shell=sh
# System calls: the library makes those that docs/system-interface.md lists, all of them, and no others. Sourced by run.sh.

# The calls in qemu's trace between the marks of system-calls.c. qemu has no vDSO.
# shellcheck disable=SC2086
traced_calls() { # C library, its program, emulator...
    c_library=$1 program=$2
    shift 2
    python3 Tests/Support/system_interface.py traced "$architecture" "$c_library" | sort > "$work/documented"
    env LD_LIBRARY_PATH="$library" "$@" -strace "$program" trace "$(new_directory)" 2> "$work/trace" || return 1
    # Two threads may share a line. write: the program's messages to its second thread.
    grep -o '[0-9] [a-z_][a-z_0-9]*(' "$work/trace" | sed 's/^. //; s/($//' | awk '/getpgid/ { n++; next } n == 1' |
        grep -vx write | sort -u > "$work/traced"
    diff -u "$work/documented" "$work/traced" || return 1
    echo "1 passed, 0 failed"
}

build_calls() { # C library, options...
    c_library=$1
    shift
    python3 Tests/Support/system_interface.py calls "$architecture" "$c_library" > "$work/allowed.h"
    build system-calls "calls-$c_library" "$@"
}

build_calls glibc "$library/libposoffline.so"
case $architecture in
    x86_64)
        try "system calls under a filter" run "$work/calls-glibc" "$(new_directory)"
        try "system calls in a trace" traced_calls glibc "$work/calls-glibc" qemu-x86_64 ;;
    i686)
        # A 64-bit kernel runs it natively; qemu has no seccomp.
        try "system calls under a filter" /usr/i686-linux-gnu/lib/ld-linux.so.2 \
            --library-path "/usr/i686-linux-gnu/lib:$library" "$work/calls-glibc" "$(new_directory)"
        # shellcheck disable=SC2086
        try "system calls in a trace" traced_calls glibc "$work/calls-glibc" $emulator ;;
    *)
        # shellcheck disable=SC2086
        try "system calls in a trace" traced_calls glibc "$work/calls-glibc" $emulator ;;
esac
if [ "$target" = x86_64 ]; then
    (
        # For build_calls.
        # shellcheck disable=SC2034
        compiler=musl-gcc
        build_calls musl -idirafter /usr/include -idirafter /usr/include/x86_64-linux-gnu -L"$library" -lposoffline -Wl,--allow-shlib-undefined
    )
    try "system calls of musl under a filter" run "$work/calls-musl" "$(new_directory)"
    try "system calls of musl in a trace" traced_calls musl "$work/calls-musl" qemu-x86_64
fi
