# shellcheck shell=sh
# Two copies of the library in one process. Sourced by run.sh.
build two-copies two-copies
mkdir "$work/copy"
cp "$library/libposoffline.so" "$work/copy"
try "two copies" run "$work/two-copies" "$library/libposoffline.so" "$work/copy/libposoffline.so" "$(new_directory)"
