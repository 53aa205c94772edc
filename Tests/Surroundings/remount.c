/* remount: runs in a machine with the disk /dev/ubdb mounted as ext4 at /mnt/disk. The file system is shut down or
 * turns read-only while a gate works. Then it is repaired and mounted again at the same path. */
#define _GNU_SOURCE
#include "gate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEVICE "/dev/ubdb"
#define MOUNT_POINT "/mnt/disk"
#define EXT4_IOC_SHUTDOWN _IOR('X', 125, uint32_t)

static const char directory[] = MOUNT_POINT "/gate";
static uint32_t next;

static void ride(uint32_t count) {
    for (; count > 0; count--) CHECK_INT(SUCCESS, gate_ride(next++));
}

static void expect_refused(void) {
    for (uint32_t i = 0; i < next; i++) CHECK_INT(QRCODE_DUPLICATED, gate_ride(i));
}

static void start(void) {
    next = 0;
    free_pos_verify();
    CHECK(unlink(gate_path(directory, "replay.journal")) == 0 || errno == ENOENT);
    CHECK_INT(SUCCESS, gate_start(directory));
    ride(5);
}

/* The first ride fails at the disk, the second one at the repair. After that the library has nothing open. */
static void rides_fail(void) {
    for (int i = 0; i < 3; i++) CHECK_INT(SYSTEM_ERROR, gate_ride(next));
    expect_refused();
}

static void repair_and_mount(void) {
    CHECK_INT(0, umount(MOUNT_POINT));
    CHECK_INT(SYSTEM_ERROR, gate_ride(next));
    int status = system("/sbin/e2fsck -fy " DEVICE " > /dev/null 2>&1");
    /* 1: errors were corrected */
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
    CHECK_INT(0, mount(DEVICE, MOUNT_POINT, "ext4", 0, NULL));
}

static void rides_go_on(void) {
    ride(5);
    expect_refused();
    CHECK_INT(next * 32, gate_journal_size(directory));
    free_pos_verify();
    CHECK_INT(SUCCESS, gate_start(directory));
    expect_refused();
    ride(1);
}

static void shut_down(uint32_t how) {
    int handle = open(MOUNT_POINT, O_RDONLY | O_DIRECTORY);
    CHECK_INT(0, ioctl(handle, EXT4_IOC_SHUTDOWN, &how));
    close(handle);
}

/* After writing all data, after writing only the file system's journal, after writing nothing. */
static void shut_down_and_mounted(void) {
    for (uint32_t how = 0; how <= 2; how++) {
        set_context("shut down in way %u", (unsigned)how);
        start();
        shut_down(how);
        rides_fail();
        CHECK_INT(SYSTEM_ERROR, posoffline_set_state_dir(directory));
        CHECK_INT(SYSTEM_ERROR, init_pos_verify(GATE_KEYS, CARD_TYPES));
        repair_and_mount();
        rides_go_on();
    }
}

/* No ride while the file system is shut down. SUCCESS means that the disk works. */
static void told_by_calls(void) {
    start();
    shut_down(2);
    for (int i = 0; i < 2; i++) {
        CHECK_INT(SYSTEM_ERROR, posoffline_set_state_dir(directory));
        CHECK_INT(SYSTEM_ERROR, init_pos_verify(GATE_KEYS, CARD_TYPES));
    }
    repair_and_mount();
    CHECK_INT(SUCCESS, posoffline_set_state_dir(directory));
    rides_go_on();
}

/* ext4 turns read-only when it finds its metadata damaged. */
static void turned_read_only(void) {
    start();
    CHECK_INT(0, mount(DEVICE, MOUNT_POINT, "ext4", MS_REMOUNT, "errors=remount-ro"));
    CHECK_INT(0, system("echo damaged > /sys/fs/ext4/ubdb/trigger_fs_error"));
    rides_fail();
    /* No write succeeds, as documented. */
    CHECK_INT(ILLEGAL_PARAM, posoffline_set_state_dir(directory));
    CHECK_INT(ILLEGAL_PARAM, init_pos_verify(GATE_KEYS, CARD_TYPES));
    repair_and_mount();
    rides_go_on();
}

int main(int argc, char **argv) {
    static const struct test tests[] = {
        {"a file system that is shut down, repaired and mounted takes rides again", shut_down_and_mounted},
        {"while it is shut down both calls say so", told_by_calls},
        {"one that has turned read-only too", turned_read_only}, {0}};
    static const struct test *const lists[] = {tests, NULL};
    if (mount("sysfs", "/sys", "sysfs", 0, NULL) != 0) return 2;
    gate_begin();
    return run_tests(argc, argv, lists, NULL);
}
