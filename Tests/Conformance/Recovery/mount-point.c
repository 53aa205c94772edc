/* The file system is not mounted: the path leads to the bare mount point. */
#define _GNU_SOURCE
#include "recovery.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* While a file system is being repaired, the path leads to the bare mount point. A verification must not create a
 * journal there: it would be hidden, with its codes, once the file system is mounted again. */
static void bare_mount_point(void) {
    char moved[300];
    start();
    expect_accepted(0, 5);
    fail_rides(5);
    snprintf(moved, sizeof moved, "%s moved", directory);
    CHECK_INT(0, rename(directory, moved));
    CHECK_INT(0, mkdir(directory, 0700));
    for (int i = 0; i < 3; i++) CHECK_INT(SYSTEM_ERROR, verify_number(5));
    expect_refused(0, 5);
    CHECK_INT(-1, file_size(journal));
    CHECK_INT(0, rmdir(directory));
    CHECK_INT(0, rename(moved, directory));
    expect_accepted(5, 7);
    restart();
    expect_refused(0, 7);
}

static int verify_number_legacy(uint32_t number) {
    struct code code = numbered_code(number);
    return legacy(&code);
}

/* Firmware that uses the older interface never calls init_pos_verify: its verifications open the directory. */
static void legacy_rides_on_a_bare_mount_point(void) {
    char moved[300];
    CHECK_INT(SUCCESS, verify_number_legacy(0));
    CHECK_INT(QRCODE_DUPLICATED, verify_number_legacy(0));
    free_pos_verify();
    snprintf(moved, sizeof moved, "%s moved", directory);
    CHECK_INT(0, rename(directory, moved));
    CHECK_INT(0, mkdir(directory, 0700));
    CHECK_INT(SYSTEM_ERROR, verify_number_legacy(0));
    CHECK_INT(SYSTEM_ERROR, verify_number_legacy(1));
    CHECK_INT(-1, file_size(journal));
    CHECK_INT(0, rmdir(directory));
    CHECK_INT(0, rename(moved, directory));
    CHECK_INT(QRCODE_DUPLICATED, verify_number_legacy(0));
    CHECK_INT(SUCCESS, verify_number_legacy(1));
}

/* Runs first: a directory that a call has set has priority. */
static void bare_mount_point_from_environment(void) {
    setenv("POSOFFLINE_STATE_DIR", directory, 1);
    legacy_rides_on_a_bare_mount_point();
    unsetenv("POSOFFLINE_STATE_DIR");
}

static void bare_mount_point_from_call(void) {
    CHECK_INT(SUCCESS, set_directory());
    legacy_rides_on_a_bare_mount_point();
}

const struct test mount_point_environment_tests[] = {
    {"verify_qrcode makes no journal on a bare mount point that the environment names",
        bare_mount_point_from_environment},
    {0},
};

const struct test mount_point_tests[] = {{"a ride makes no journal on a bare mount point", bare_mount_point},
    {"verify_qrcode makes no journal on a bare mount point that a call has named", bare_mount_point_from_call}, {0}};
