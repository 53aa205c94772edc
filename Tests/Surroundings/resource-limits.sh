# shellcheck shell=sh
# Little memory, few descriptors, short files, small stacks. Sourced by run.sh.
build resource-limits resource-limits "$library/libposoffline.so"
try "resource limits" run "$work/resource-limits" "$(new_directory)" ${emulator:+emulated}
