/* A disk without free space. */
#define _GNU_SOURCE
#include "recovery.h"
#include "disk.h"

#include <errno.h>

/* A full disk accepts the next entry as soon as one fits. A rewriting would need space for a second journal. */
static void full_disk_comes_free(void) {
    start();
    expect_accepted(0, 5);
    fail_disk(DISK_WRITE, 1, 1, ENOSPC);
    CHECK_INT(SYSTEM_ERROR, verify_number(5));
    CHECK_INT(SYSTEM_ERROR, set_directory());
    CHECK_INT(SYSTEM_ERROR, initialize());
    restore_disk();
    disk_counts();
    expect_accepted(5, 8);
    CHECK_INT(0, disk_counts().renames);
    CHECK_INT(8 * ENTRY, file_size(journal));
    CHECK_INT(SUCCESS, set_directory());
    restart();
    expect_refused(0, 8);
}

/* Every write fails from the first code on, also when a failed directory is opened again. */
static void full_disk(void) {
    fail_disk(DISK_WRITE, 1, 1, ENOSPC);
    CHECK_INT(SYSTEM_ERROR, set_directory());
    restore_disk();
    start();
    fail_disk(DISK_WRITE, 1, 1, ENOSPC);
    CHECK_INT(SYSTEM_ERROR, verify_number(0));
    for (int i = 0; i < 3; i++) {
        CHECK_INT(SYSTEM_ERROR, set_directory());
        CHECK_INT(SYSTEM_ERROR, initialize());
    }
    restore_disk();
    CHECK_INT(SUCCESS, initialize());
    expect_accepted(0, 1);
}

/* A temporary file that could not be removed may come back after a power cut: the next ride rewrites the journal first. */
static void temporary_file_stays(void) {
    start();
    expect_accepted(0, 3);
    fail_disk(DISK_WRITE, 1, 0, ENOSPC);
    CHECK_INT(SYSTEM_ERROR, verify_number(3));
    restore_disk();
    fail_disk(DISK_REMOVE, 2, 0, EIO);
    CHECK_INT(SYSTEM_ERROR, set_directory());
    CHECK(restore_disk() >= 2);
    disk_counts();
    expect_accepted(3, 4);
    CHECK_INT(1, disk_counts().renames);
    expect_accepted(4, 5);
    CHECK_INT(0, disk_counts().renames);
    restart();
    expect_refused(0, 5);
}

/* The first code of all meets a sync that fails: the journal is rewritten from an empty table. */
static void first_sync_fails(void) {
    start();
    fail_disk(DISK_SYNC, 1, 0, EIO);
    CHECK_INT(SYSTEM_ERROR, verify_number(0));
    restore_disk();
    disk_counts();
    expect_accepted(0, 2);
    CHECK_INT(1, disk_counts().renames);
    restart();
    expect_refused(0, 2);
}

const struct test full_disk_tests[] = {{"a full disk that comes free needs no rewriting", full_disk_comes_free},
    {"a disk that takes nothing is not a success", full_disk},
    {"a temporary file that stays asks for a rewriting", temporary_file_stays},
    {"a sync that fails for the first code is repaired", first_sync_fails}, {0}};
