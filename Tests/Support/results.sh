# shellcheck shell=sh
# Results of the test scripts: a line for each, and a line with the totals. Sourced.

passed=0 failed=0

result() { # what, status, log to show if it is not 0
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

# A program that exits with 0 without its last line has not run to its end.
ends_well() { # log, command...
    log=$1
    shift
    "$@" > "$log" 2>&1 && tail -n 1 "$log" | grep -q '[1-9][0-9]* passed, 0 failed$'
}
