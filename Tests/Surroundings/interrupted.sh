# shellcheck shell=sh
# Signals that interrupt every call. Sourced by run.sh.
build interrupted interrupted "$library/libposoffline.so"
try "interrupted calls" run "$work/interrupted" "$(new_directory)"
