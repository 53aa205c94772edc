# shellcheck shell=sh
# A process without standard input, output and error, as init scripts start them. Sourced by run.sh.
#
conformance=../conformance
build durable $conformance/durable.c $conformance/state.c $conformance/disk.c $conformance/present.c \
    $conformance/guard.c $conformance/system.c "$library/libposoffline.so"
build twice $conformance/twice.c $conformance/disk.c $conformance/system.c "$library/libposoffline.so"

build closed closed.c gate.c "$library/libposoffline.so"

try "standard descriptors closed and used" run "$work/closed" "$(new_directory)"

# The suite's programs say how it went in a file.
without_descriptors() { # command...
    rm -f "$work/said"
    CONFORMANCE_LOG=$work/said run "$@" <&- >&- 2>&- || echo "exit status $?"
    cat "$work/said"
}

if [ -n "$emulator" ]; then codes=500 attempts=500; else codes=2000 attempts=10000; fi
try "durable without standard descriptors" without_descriptors "$work/durable" $codes
try "twice without standard descriptors" without_descriptors "$work/twice" $attempts
