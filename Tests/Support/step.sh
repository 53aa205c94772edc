#!/bin/sh
# Runs one step of a build or of the tests. Prints its name, its result, its elapsed time and its processor time.
#
#   Tests/Support/step.sh NAME COMMAND...
#
# If STEPS names a file, a line is appended to it: status, seconds, processor seconds, name.
set -eu
name=${1:?usage: Tests/Support/step.sh NAME COMMAND...}
shift

printf '\n=== %s\n' "$name"
began=$(date +%s)
status=0
"$@" || status=$?
seconds=$(($(date +%s) - began))
# The second line of `times` is the time of the child processes: "1m2.345s 0m0.678s", user and system time. A file is
# used, because a pipe would start a subshell, which has no child processes.
times_file=$(mktemp)
times > "$times_file"
processor=$(sed -n '2{s/[ms]/ /g;p;}' "$times_file" | awk '{ printf "%.0f", $1 * 60 + $2 + $3 * 60 + $4 }')
rm -f "$times_file"

if [ $status -eq 0 ]; then end=ok; else end=FAILED; fi
echo "--- $name: $end, $seconds s, $processor s of processor time"
[ -z "${STEPS:-}" ] || echo "$status $seconds $processor $name" >> "$STEPS"
exit $status
