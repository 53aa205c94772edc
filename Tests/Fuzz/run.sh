#!/bin/sh
# Runs the fuzz targets for SECONDS in total, each for its share. Fails when a target crashes, leaks, hangs, or differs
# from the model.
#
#   Tests/Fuzz/run.sh SECONDS [TARGET...]
#
# Targets: code key-list card-types pos-param der record key-file journal verify; all by default. New inputs are kept in
# build/fuzz/corpus for the next run; a failing input is written to build/fuzz/failures.
# JOBS=2 runs two targets at a time, each for twice its share.
set -eu
seconds=${1:?usage: Tests/Fuzz/run.sh SECONDS [TARGET...]}
shift
[ $# -gt 0 ] || set -- code key-list card-types pos-param der record key-file journal verify
jobs=${JOBS:-1}
cd "$(dirname "$0")/../.."
work=build/fuzz

is_built() {
    for target; do [ -x "$work/fuzz-$target" ] || return 1; done
    [ -z "$(find Sources include Tests/Fuzz Tests/Harness -name '*.[chs]*' -newer "$work/built")" ]
}
if ! is_built "$@" 2> /dev/null; then
    Tests/Fuzz/build.sh "$work" && touch "$work/built"
fi
mkdir -p "$work/failures" "$work/logs"

share=$((seconds * jobs / $#))
[ $share -gt 0 ] || share=1

fuzz() { # target
    target=$1
    corpus=$work/corpus/$target
    mkdir -p "$corpus"
    more=
    # Long enough for the longest fields; for the lists, for a few dozen entries.
    case $target in
        code) length=800 ;;
        der) length=260 ;;
        record) length=2200 ;;
        key-file) length=200 ;;
        journal) length=65000 ;;
        verify) length=160 ;;
        *) length=1500 more=-dict=Tests/Fuzz/json.dict ;;
    esac
    seeds=
    for directory in Tests/Fuzz/corpus Tests/Fuzz/regressions; do
        [ ! -d "$directory/$target" ] || seeds="$seeds $directory/$target"
    done
    # First each seed unchanged, then the search, which truncates long seeds.
    # shellcheck disable=SC2046,SC2086
    "$work/fuzz-$target" -timeout=10 $(find $seeds -type f) &&
        "$work/fuzz-$target" -max_total_time=$share -max_len=$length -timeout=10 -rss_limit_mb=2048 -detect_leaks=1 \
            -print_final_stats=1 -reload=0 -artifact_prefix="$work/failures/$target-" $more \
            "$corpus" $seeds
}

report() { # target, status
    log=$work/logs/$1.log
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    rate=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
    edges=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
    inputs=$(sed -n 's/.* corp: \([0-9]*\).*/\1/p' "$log" | tail -n 1)
    if [ "$2" -ne 0 ]; then
        echo "FAILED: $1"
        grep -E ' failed: |ERROR|SUMMARY|Test unit written|expected' "$log" || tail -n 20 "$log"
    fi
    echo "$1: ${runs:-0} executions, ${rate:-0}/s, ${edges:-0} edges, ${inputs:-0} inputs"
}

status_of() { cat "$work/logs/$1.status" 2> /dev/null || echo 1; }

run_one() { # target
    if fuzz "$1" > "$work/logs/$1.log" 2>&1; then status=0; else status=1; fi
    echo $status > "$work/logs/$1.status"
}

running=0
for target; do
    rm -f "$work/logs/$target.status"
    # In the background only with JOBS: an interrupt does not reach background jobs.
    if [ "$jobs" -eq 1 ]; then run_one "$target"; else run_one "$target" & fi
    running=$((running + 1))
    [ $((running % jobs)) -ne 0 ] || wait
done
wait

passed=0
failed=0
for target; do
    status=$(status_of "$target")
    report "$target" "$status"
    if [ "$status" -eq 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
