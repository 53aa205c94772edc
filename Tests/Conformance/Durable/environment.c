/* The state directory that POSOFFLINE_STATE_DIR names. These tests run first: a directory that a call has set has
 * priority over the environment. */
#define _GNU_SOURCE
#include "durable.h"
#include "disk.h"
#include "fixtures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void no_directory(void) {
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
    expect_accepted(0, 10);
    restart();
    expect_accepted(0, 10);
    struct disk_counts none = disk_counts();
    CHECK_INT(0, none.opens + none.reads + none.writes + none.syncs);
}

static void environment(void) {
    char first[200];
    strcpy(first, directory);
    setenv("POSOFFLINE_STATE_DIR", first, 1);
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
    expect_accepted(0, 10);
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
    expect_refused(0, 10);
    restart();
    expect_refused(0, 10);
    /* Another directory takes over, with all accepted codes. */
    fresh_directory();
    setenv("POSOFFLINE_STATE_DIR", directory, 1);
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
    expect_accepted(10, 15);
    restart();
    expect_refused(0, 15);
    CHECK_INT(15 * ENTRY, file_size(journal));
}

static void environment_is_unfit(void) {
    setenv("POSOFFLINE_STATE_DIR", directory, 1);
    CHECK_INT(SUCCESS, init("[{\"key_id\":7,\"public_key\":\"" ISSUER_7 "\"}]", "[\"CITY0001\"]"));
    CHECK_INT(SUCCESS, verify_named("key-7"));
    static const char *const paths[] = {"", "/nowhere/at/all", "/dev/null", "/proc"};
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        set_context("path %s", paths[i]);
        setenv("POSOFFLINE_STATE_DIR", paths[i], 1);
        CHECK_INT(ILLEGAL_PARAM, init(KEY_LIST, CARD_TYPES));
        /* Lists and memory are unchanged. */
        CHECK_INT(CARDTYPE_UNSUPPORTED, verify_named("plain"));
        CHECK_INT(QRCODE_DUPLICATED, verify_named("key-7"));
    }
}

/* verify_qrcode works without init_pos_verify, but needs the directory. */
static void environment_without_init(void) {
    struct code first = numbered_code(0), second = numbered_code(1);
    char moved[300];
    setenv("POSOFFLINE_STATE_DIR", directory, 1);
    CHECK_INT(SUCCESS, legacy(&first));
    CHECK_INT(ENTRY, file_size(journal));
    free_pos_verify();
    CHECK_INT(QRCODE_DUPLICATED, legacy(&first));
    /* Without the directory no code is accepted, not even after an init_pos_verify that failed. */
    free_pos_verify();
    sprintf(moved, "%s moved", directory);
    CHECK_INT(0, rename(directory, moved));
    for (int i = 0; i < 2; i++) {
        CHECK_INT(SYSTEM_ERROR, legacy(&first));
        CHECK_INT(SYSTEM_ERROR, legacy(&second));
        CHECK_INT(ILLEGAL_PARAM, init(KEY_LIST, CARD_TYPES));
    }
    CHECK_INT(0, rename(moved, directory));
    fail_allocation(1, 1);
    CHECK_INT(NO_ENOUGH_MEMORY, legacy(&second));
    allow_allocations();
    CHECK_INT(QRCODE_DUPLICATED, legacy(&first));
    CHECK_INT(SUCCESS, legacy(&second));
    restart();
    expect_refused(0, 2);
}

const struct test environment_tests[] = {{"without a directory the disk is left alone", no_directory},
    {"the environment names a directory for init_pos_verify", environment},
    {"a path from the environment that is not a directory is refused", environment_is_unfit},
    {"verify_qrcode takes the directory from the environment without init_pos_verify", environment_without_init}, {0}};
