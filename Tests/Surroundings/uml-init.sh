#!/bin/sh
# The first process of a user-mode Linux whose root is this machine's, read-only. Mounts the file system `fs` from its
# disk and runs `program`, a file beside this one. Both variables come from the kernel's command line.
here=$(dirname "$0")
mount -t proc proc /proc
kernel=/usr/lib/uml/modules/$(uname -r)/kernel
case $fs in
    vfat) modules="fs/nls/nls_cp437 fs/nls/nls_ascii fs/nls/nls_iso8859-1 fs/fat/fat fs/fat/vfat" ;;
    f2fs) modules="crypto/crc32_generic fs/f2fs/f2fs" ;;
    *) modules= ;;
esac
for module in $modules; do insmod "$kernel/$module.ko"; done
mount -t tmpfs tmpfs /mnt
mkdir /mnt/disk
mount -t "$fs" /dev/ubdb /mnt/disk
mkdir -p /mnt/disk/gate && sync
LD_LIBRARY_PATH=$here TMPDIR=/mnt/disk "$here/$program"
echo "ended: $?"
# filesystems.sh kills the machine.
sleep 1000
