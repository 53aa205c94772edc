# shellcheck shell=sh
# State directories on several file systems, and real power cuts on some. Sourced by run.sh, for libraries that this
# machine runs natively.

build kill kill "$library/libposoffline.so"
build power-cut power-cut "$library/libposoffline.so"
build mounted-files mounted-files "$library/libposoffline.so"
build remount remount "$library/libposoffline.so"

# In a mount namespace: the mounts are visible to the command only and end with it.
on_mounts() { # how to mount $work/at, program, arguments...
    mkdir -p "$work/at"
    # shellcheck disable=SC2016
    unshare -m sh -c 'set -e; work=$1 command=$2; shift 2; eval "$command"; cd "$work/at"; TMPDIR="$work/at" "$@"' sh \
        "$work" "$@"
}

ext4() { truncate -s 96M "$work/disk"; mkfs.ext4 -qF "$work/disk"; }
# shellcheck disable=SC2016
for filesystem in ext4 tmpfs overlayfs; do
    rm -f "$work/disk"
    case $filesystem in
        ext4) ext4; mount='mount -o loop "$work/disk" "$work/at"' ;;
        tmpfs) mount='mount -t tmpfs tmpfs "$work/at"' ;;
        # On a disk of its own: overlayfs cannot be stacked on overlayfs.
        overlayfs)
            ext4
            mount='mkdir -p "$work/below"; mount -o loop "$work/disk" "$work/below"
                mkdir -p "$work/below/lower" "$work/below/upper" "$work/below/work"
                mount -t overlay overlay "$work/at" -o \
                    "lowerdir=$work/below/lower,upperdir=$work/below/upper,workdir=$work/below/work"' ;;
    esac
    try "durable on $filesystem" on_mounts "$mount" env LD_LIBRARY_PATH="$library" "$work/durable" 2000
    try "kills on $filesystem" on_mounts "$mount" env LD_LIBRARY_PATH="$library" "$work/kill" . 1 100
done

# unshare: the program's mounts end with it.
try "a journal that is a mount point" unshare -m env LD_LIBRARY_PATH="$library" "$work/mounted-files" "$(new_directory)"

# A virtual machine: a user-mode Linux kernel with the file systems of small boards. Killing it is a power cut: data that
# it had not written are lost.
mkdir "$work/machine"
cp "$library/libposoffline.so" "$work/durable" "$work/power-cut" "$work/remount" Tests/Surroundings/uml-init.sh "$work/machine"

boot() { # file system, program
    : > "$work/console"
    setsid linux.uml mem=128M root=/dev/root rootfstype=hostfs rootflags=/ ro "init=$work/machine/uml-init.sh" \
        "ubdb=$work/disk" "uml_dir=$work/uml" "fs=$1" "program=$2" con=null con0=null,fd:1 \
        < /dev/null > "$work/console" 2>&1 &
    machine=$!
}

wait_for() { # pattern on the console, how often
    tries=0
    until [ "$(grep -c "$1" "$work/console")" -ge "${2:-1}" ] || ! kill -0 "$machine" 2>/dev/null || [ $tries -gt 600 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
}

cut_power() {
    kill -s KILL -- "-$machine" 2>/dev/null || true
    wait "$machine" 2>/dev/null || true
    machine=
    tr -d '\r' < "$work/console" > "$work/said"
    sed -n 's/^accepted: \([0-9][0-9]*\)$/\1/p' "$work/said" >> "$work/machine/reported"
}

new_disk() { # file system
    rm -f "$work/disk"
    truncate -s 128M "$work/disk"
    "mkfs.$1" "$work/disk" > /dev/null 2>&1
    : > "$work/machine/reported"
}

cut_program() { # defect, rides, more environment
    printf '#!/bin/sh\nCUT_DEFECT=%s %s exec %s/power-cut /mnt/disk/gate %s/reported %s\n' "$1" "${3:-}" "$work/machine" "$work/machine" "$2" \
        > "$work/machine/ride"
    chmod +x "$work/machine/ride"
}

# Power cuts right after the ride that rewrites the journal, and after others; then at random moments of many rides.
power_cuts() { # file system, defect
    new_disk "$1"
    for rides in 3 1 1; do
        cut_program "$2" $rides
        boot "$1" ride
        wait_for '^end:'
        cut_power
        grep -q '^end: 1, 0 wrong$' "$work/said" || { grep '^start\|^wrong\|^end' "$work/said"; return 1; }
    done
    for rides in 5 200 50; do
        cut_program "$2" 100000
        boot "$1" ride
        wait_for '^accepted: ' $rides
        cut_power
        if ! grep -q '^start: 1' "$work/said" || grep '^wrong\|^end' "$work/said"; then
            cat "$work/said"
            return 1
        fi
    done
    cut_program "" 1
    boot "$1" ride
    wait_for '^end:'
    cut_power
    count=$(wc -l < "$work/machine/reported")
    grep -q '^end: 1, 0 wrong$' "$work/said" && [ "$count" -ge $((3 + 1 + 1 + 5 + 200 + 50 + 1)) ] &&
        echo "$count rides; 7 passed, 0 failed"
}

# Directories with other files: on FAT the names of the journal's two files then are in several sectors, which are written
# separately. The power is cut during a rewriting, in a new directory, and later.
crowded_power_cuts() { # file system, defect, how many other files
    new_disk "$1"
    for moment in CUT_NO_REWRITE=1 CUT_AFTER_RENAME=1 CUT_NO_REWRITE=1 "" CUT_AFTER_RENAME=1 CUT_NO_REWRITE=1; do
        cut_program "$2" 1 "CUT_FILES=$3 $moment"
        boot "$1" ride
        wait_for '^end:'
        cut_power
        grep -q '^end: 1, 0 wrong$' "$work/said" || { grep '^start\|^wrong\|^end' "$work/said"; return 1; }
    done
    echo "6 passed, 0 failed"
}
for files in 9 11 12; do
    try "power cuts on vfat, in a directory with $files other files" crowded_power_cuts vfat "" $files
done

for filesystem in vfat f2fs ext4; do try "power cuts on $filesystem" power_cuts $filesystem ""; done

# Defects that must be detected: skipped syncs, among them that of the renamed file, on the file system that stores a
# file's first cluster beside its name.
detected() { # what, command...
    what=$1
    shift
    status=0
    "$@" > "$work/log" 2>&1 || status=$?
    if [ $status -ne 0 ] && grep -q '^start: -\|^end: -\|^wrong: code\|^ended: 134' "$work/log"; then status=0; else status=1; fi
    result "detected: $what" $status "$work/log"
}
detected "no sync after a renaming" power_cuts vfat renamed
detected "no sync" power_cuts ext4 all
detected "no sync of the directory above" crowded_power_cuts vfat above 11
detected "the file synced before its directory" crowded_power_cuts vfat order 11

# A real file system fails, is repaired and is mounted again, while the program keeps running.
remounted() {
    new_disk ext4
    boot ext4 remount
    wait_for '^ended:'
    cut_power
    grep -v '^ended: 0' "$work/said"
    grep -q '^ended: 0' "$work/said" && grep '^[1-9][0-9]* passed, 0 failed$' "$work/said"
}
try "ext4 shut down, repaired and mounted again" remounted

# vfat has no modes, links or FIFOs. The tests of those are left out by name.
vfat_durable() {
    run "$work/durable" 500 --list > "$work/tests"
    cat > "$work/without" <<'EOF'
an entry is as documented
a path that is not a directory is refused and changes nothing
a directory in which nothing can be made is refused
what a power cut leaves in the directory is harmless
EOF
    [ "$(grep -cxFf "$work/without" "$work/tests")" -eq "$(wc -l < "$work/without")" ] || return 1
    grep -vxFf "$work/without" "$work/tests" | sed 's/.*/"&"/' | tr '\n' ' ' > "$work/names"
    printf '#!/bin/sh\nexec %s/durable 500 %s\n' "$work/machine" "$(cat "$work/names")" > "$work/machine/remember"
    chmod +x "$work/machine/remember"
    new_disk vfat
    boot vfat remember
    wait_for '^ended:'
    cut_power
    grep -v '^ended: 0' "$work/said"
    grep -q '^ended: 0' "$work/said" && grep "^$(grep -cvxFf "$work/without" "$work/tests") passed, 0 failed$" "$work/said"
}
try "durable on vfat" vfat_durable
