# shellcheck shell=sh
# Counts and prints the results of a test script: a line for each test and a line with the totals. Sourced.

passed=0 failed=0

result() { # name, status, log to print after a failure
    if [ "$2" -eq 0 ]; then
        passed=$((passed + 1))
        echo "ok: $1"
    else
        failed=$((failed + 1))
        [ -z "${3:-}" ] || cat "$3"
        echo "FAILED: $1"
    fi
}

results() {
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
}

# An exit status of 0 is not enough: the last line shows that the program ran to its end.
ends_well() { # log, command...
    log=$1
    shift
    "$@" > "$log" 2>&1 && tail -n 1 "$log" | grep -q '[1-9][0-9]* passed, 0 failed$'
}
