# shellcheck shell=sh
# Signals that interrupt every call. Sourced by run.sh.
build interrupted-calls interrupted-calls "$library/libposoffline.so"
try "interrupted calls" run "$work/interrupted-calls" "$(new_directory)"
