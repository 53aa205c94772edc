#!/bin/sh
# Runs the C conformance suite under AddressSanitizer with UndefinedBehaviorSanitizer, under ThreadSanitizer or under
# valgrind, or the Swift tests under AddressSanitizer. Checks that the tool finds a known defect. Fails when it finds
# another.
#
#   Tests/Sanitizers/run.sh address|thread|valgrind|swift HOST_LIBRARY_DIRECTORY FIRMWARE_LIBRARY_DIRECTORY
#
# The sanitizers need libraries of their own (build.sh); valgrind runs the two files that are named.
set -eu
usage="usage: Tests/Sanitizers/run.sh address|thread|valgrind|swift HOST_LIBRARY_DIRECTORY FIRMWARE_LIBRARY_DIRECTORY"
tool=${1:?$usage}
host=$(cd "${2:?$usage}" && pwd)
firmware=$(cd "${3:?$usage}" && pwd)
cd "$(dirname "$0")/../.."
. Tests/Support/results.sh
work=build/sanitizers
swift=$(dirname "$(dirname "$(readlink -f "$(command -v swiftc)")")")
mkdir -p "$work/logs"

# The sanitizer's signal handlers replace the suite's.
export ASAN_OPTIONS=handle_segv=2:handle_sigbus=2:handle_sigfpe=2:handle_sigill=2
# By default every process waits a second in exit(): too long for hundreds of processes.
# die_after_fork: a child that makes threads is one of the tests.
export TSAN_OPTIONS=handle_segv=2:handle_sigbus=2:atexit_sleep_ms=100:die_after_fork=0
export LSAN_OPTIONS="print_suppressions=0:suppressions='$PWD/Tests/Sanitizers/leaks.supp'"
# Fair scheduling: threads that wait for others must not starve them. The suite's own allocator stays in use. No leak
# check: a forked child has lost the stacks of its parent's threads.
memcheck="valgrind -q --error-exitcode=9 --fair-sched=yes --soname-synonyms=somalloc=nouserintercepts"
# Relative, because the command is split at spaces.
memcheck="$memcheck --suppressions=Tests/Sanitizers/valgrind.supp"

is_built() { # tool
    built=$work/$1/built
    [ -e "$built" ] && [ -z "$(find Sources include Tests/Sanitizers -name '*.[chs]*' -newer "$built")" ]
}
build() { # tool
    is_built "$1" || { rm -rf "${work:?}/$1" && Tests/Sanitizers/build.sh "$1" "$work/$1" && touch "$work/$1/built"; }
}

suite() { # name, library directory
    mkdir -p "$work/$1/programs"
    PROGRAMS=$work/$1/programs Tests/Conformance/run.sh "$2" programs > "$work/logs/$1.log" 2>&1
}

under_address() {
    build address && COMPILERS=$swift/bin/clang LOAD=20000 ROUNDS=200 SOAK=50000 ATTEMPTS=20000 START=200000 \
        SANITIZE="-g -fuse-ld=lld -fsanitize=address,undefined -Wno-unterminated-string-initialization" \
        suite address "$work/address"
}

# The Swift tests in debug mode, without the arithmetic, which has no pointers and is slow.
swift_under_address() {
    ASAN_OPTIONS=verbosity=1 swift test --sanitize=address --scratch-path "$work/swift" --disable-xctest \
        --skip PortableCrypto --quiet > "$work/logs/swift.log" 2>&1 || return 1
    grep -q 'AddressSanitizer Init done' "$work/logs/swift.log"
}

under_thread() {
    runtime=$swift/lib/swift/linux
    build thread && COMPILERS=$swift/bin/clang LOAD=5000 ROUNDS=200 SOAK=20000 ATTEMPTS=20000 START=60000 \
        SANITIZE="-g -fuse-ld=lld -fsanitize=thread -Wno-unterminated-string-initialization
            -L$runtime -ldispatch -lBlocksRuntime -Wl,-rpath,$runtime" \
        suite thread "$work/thread"
}

under_valgrind() {
    build valgrind && COMPILERS=gcc LOAD=5000 ROUNDS=120 SOAK=10000 ATTEMPTS=2000 START=20000 EMULATOR=$memcheck \
        suite valgrind "$firmware"
}

host_under_valgrind() {
    # shellcheck disable=SC2086
    LD_LIBRARY_PATH=$host $memcheck "$work/valgrind/programs/soak" 10000 > "$work/logs/valgrind-host.log" 2>&1
}

# The tool must report the defect of the library, and for the right reason.
finds() { # defect, what the tool says, program and arguments...
    defect=$1 words=$2
    shift 2
    status=0
    LD_LIBRARY_PATH=$work/$tool/$defect "$@" > "$work/logs/$defect.log" 2>&1 || status=$?
    if [ $status -ne 0 ] && grep -q "$words" "$work/logs/$defect.log"; then status=0; else status=1; fi
    [ $status -eq 0 ] || tail -n 20 "$work/logs/$defect.log"
    result "$tool finds $defect" $status
}

status=0
case $tool in
    address)
        under_address || status=$?
        cat "$work/logs/address.log"
        result "the suite under AddressSanitizer and UndefinedBehaviorSanitizer" $status
        finds short_calloc heap-buffer-overflow "$work/address/programs/memory"
        finds no_free "LeakSanitizer: detected memory leaks" "$work/address/programs/memory" ;;
    thread)
        under_thread || status=$?
        cat "$work/logs/thread.log"
        result "the suite under ThreadSanitizer" $status
        # Two tests. In the second one allocations are slow, so that threads always meet.
        finds no_pthread_mutex_lock "ThreadSanitizer: .*race" "$work/thread/programs/conformance" "of eight threads" ;;
    valgrind)
        under_valgrind || status=$?
        cat "$work/logs/valgrind.log"
        result "the firmware file under valgrind" $status
        status=0
        host_under_valgrind || status=$?
        [ $status -eq 0 ] || tail -n 20 "$work/logs/valgrind-host.log"
        result "the host file under valgrind" $status
        # shellcheck disable=SC2086
        finds dirty_calloc "depends on uninitialised value" $memcheck "$work/valgrind/programs/memory" ;;
    swift)
        swift_under_address || status=$?
        result "the Swift tests under AddressSanitizer" $status "$work/logs/swift.log" ;;
    *) echo "$usage" >&2; exit 2 ;;
esac

results
