# shellcheck shell=sh
# Set-user-id and set-group-id programs, run by another user: the environment is not trusted. Sourced by run.sh.

# With an emulator, the emulator gets the mode bit, because it reads the program.
privileged=$work/privileged.d
mkdir -p "$privileged/state"
chmod 755 "$privileged"
chmod 777 "$privileged/state"
cp "$library/libposoffline.so" "$privileged"
build privileged privileged.d/program "$privileged/libposoffline.so" -Wl,-rpath,"$privileged"
printf '000102030405060708090a0b0c0d0e0f' > "$privileged/key"
right=$privileged/program
if [ -n "$emulator" ]; then
    right=$privileged/emulator
    cp "$(command -v "${emulator%% *}")" "$right"
fi

as_nobody() { # key file, state directory
    rm -f "$privileged/state/"*
    # shellcheck disable=SC2046,SC2086
    POSOFFLINE_RECORD_KEY_FILE=$1 POSOFFLINE_STATE_DIR=$2 setpriv --reuid 65534 --regid 65534 --clear-groups \
        ${emulator:+"$right" ${emulator#* }} "$privileged/program" "$privileged/state"
}

answers() { # mode, output with good variables, with a bad key file, with a bad directory
    chown root:root "$right"
    chmod "$1" "$right"
    said=$(as_nobody "$privileged/key" "$privileged/state"; as_nobody /nowhere "$privileged/state"
        as_nobody "$privileged/key" /nowhere)
    wanted=$(printf '%s\n%s\n%s' "$2" "$3" "$4")
    [ "$said" = "$wanted" ] || { echo "wanted: $wanted"; echo "said: $said"; return 1; }
    echo '1 passed, 0 failed'
}

ignored="key ignored, directory ignored"
try "a program without privileges heeds its environment" answers 755 "key heeded, directory heeded" refused refused
try "a set-user-id program ignores its environment" answers 4755 "$ignored" "$ignored" "$ignored"
try "a set-group-id program ignores its environment" answers 2755 "$ignored" "$ignored" "$ignored"
