# shellcheck shell=sh
# The C suite linked with musl. Sourced by run.sh, for the x86_64 firmware file.
#
# Without the programs that unload the library (loading, two-copies): musl unloads nothing.

musl_program() { # program
    CC=musl-gcc Tests/Harness/build.sh "$1" "$work/musl-$1" -I"$work" -L"$library" -lposoffline \
        -Wl,--allow-shlib-undefined
}

for program in conformance durable memory replay-load soak double-accept; do
    musl_program $program
    case $program in
        durable) arguments=3000 ;;
        replay-load | soak) arguments=20000 ;;
        double-accept) arguments=10000 ;;
        *) arguments= ;;
    esac
    # shellcheck disable=SC2086
    try "$program with musl" run "$work/musl-$program" $arguments
done
for program in interrupted-calls resource-limits; do
    musl_program $program
    try "$program with musl" run "$work/musl-$program" "$(new_directory)"
done
