# shellcheck shell=sh
# The C suite as programs of another C library. Sourced by run.sh, for the x86_64 firmware file.
#
# Left out is what unloads the library (loading, copies): musl unloads nothing.

musl_program() { # output, folder, sources...
    output=$1 folder=$2
    shift 2
    (
        cd "$folder"
        # shellcheck disable=SC2086
        musl-gcc $flags -rdynamic "$@" -o "$work/$output" -L"$library" -lposoffline \
            -Wl,--allow-shlib-undefined
    )
}

sources_of() { (cd ../conformance && python3 -c 'import programs, sys; print(*programs.files()[sys.argv[1]])' "$1"); }

for program in conformance durable memory replay-load soak twice; do
    # shellcheck disable=SC2046
    musl_program "musl-$program" ../conformance $(sources_of $program)
    case $program in
        durable) arguments=3000 ;;
        replay-load | soak) arguments=20000 ;;
        twice) arguments=10000 ;;
        *) arguments= ;;
    esac
    # shellcheck disable=SC2086
    try "$program with musl" run "$work/musl-$program" $arguments
done
for program in interrupted limits; do
    musl_program "musl-$program" . $program.c gate.c ../conformance/framework.c ../conformance/model.c
    try "$program with musl" run "$work/musl-$program" "$(new_directory)"
done
