# shellcheck shell=sh
# A process without standard input, output and error, as init scripts start it. Sourced by run.sh.

for program in durable double-accept closed-descriptors; do build $program $program "$library/libposoffline.so"; done

try "standard descriptors closed and used" run "$work/closed-descriptors" "$(new_directory)"

# The suite's programs write their result to a file.
without_descriptors() { # command...
    rm -f "$work/said"
    CONFORMANCE_LOG=$work/said run "$@" <&- >&- 2>&- || echo "exit status $?"
    cat "$work/said"
}

if [ -n "$emulator" ]; then codes=500 attempts=500; else codes=2000 attempts=10000; fi
try "durable without standard descriptors" without_descriptors "$work/durable" $codes
try "double-accept without standard descriptors" without_descriptors "$work/double-accept" $attempts
