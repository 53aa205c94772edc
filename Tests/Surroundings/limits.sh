# shellcheck shell=sh
# Little memory, few descriptors, short files, small stacks. Sourced by run.sh.
build limits limits "$library/libposoffline.so"
try "limits" run "$work/limits" "$(new_directory)" ${emulator:+emulated}
