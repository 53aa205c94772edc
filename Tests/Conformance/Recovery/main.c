/* recovery [--list | PART_OF_A_NAME ...]: a disk that failed and was repaired. The file system is then mounted anew, so
 * that the directory's path leads to another directory than the one that the library has open. SUCCESS means that an
 * accepted code is kept. */
#define _GNU_SOURCE
#include "recovery.h"
#include "disk.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static char detached[300];

void mount_anew(void) {
    static unsigned char bytes[100 * ENTRY];
    static int number;
    size_t count = read_journal(bytes, sizeof bytes);
    snprintf(detached, sizeof detached, "%s/detached %d", base_directory, number++);
    CHECK_INT(0, rename(directory, detached));
    CHECK_INT(0, mkdir(directory, 0700));
    write_journal(bytes, count);
}

void fail_rides(uint32_t code) {
    fail_disk(DISK_ALL, 1, 1, EIO);
    CHECK_INT(SYSTEM_ERROR, verify_number(code));
    CHECK_INT(SYSTEM_ERROR, verify_number(code));
    CHECK_INT(SYSTEM_ERROR, verify_number(code));
    restore_disk();
}

int file_types(void) { return geteuid() == 0 ? FILE_TYPES : FILE_TYPES_OF_USERS; }

void make_entry(const char *path, int kind) {
    if (kind == 0) CHECK_INT(0, mkdir(path, 0700));
    if (kind == 1) CHECK_INT(0, mkfifo(path, 0600));
    if (kind == 2) CHECK_INT(0, symlink("elsewhere", path));
    if (kind == 3) CHECK_INT(0, mknod(path, S_IFCHR | 0600, makedev(1, 3))); /* as /dev/null */
    if (kind == 4) CHECK_INT(0, mknod(path, S_IFCHR | 0600, makedev(1, 5))); /* as /dev/zero */
    if (kind == 5) CHECK_INT(0, mknod(path, S_IFSOCK | 0600, 0));
}

int main(int argc, char **argv) {
    /* The tests of the environment run first: a directory that a call has named has priority. */
    static const struct test *const lists[] = {mount_point_environment_tests, file_type_environment_tests, repair_tests,
        mount_point_tests, full_disk_tests, path_tests, file_type_tests, open_error_tests, NULL};
    return run_state_test_lists(argc, argv, lists);
}
