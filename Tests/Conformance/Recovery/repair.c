/* A disk that failed works again, or its file system is mounted again. */
#define _GNU_SOURCE
#include "recovery.h"
#include "disk.h"
#include "fixtures.h"

#include <errno.h>

static void rides_go_on(void) {
    start();
    expect_accepted(0, 5);
    fail_rides(5);
    expect_refused(0, 5);
    mount_anew();
    expect_accepted(5, 10);
    expect_refused(0, 10);
    CHECK_INT(10 * ENTRY, file_size(journal));
    restart();
    expect_refused(0, 10);
}

/* The same without a verification in between: the library has not seen a failure. */
void success_means_that_it_works(void) {
    static int (*const calls[])(void) = {set_directory, initialize};
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        for (int has_failed = 0; has_failed < 2; has_failed++) {
            set_context("call %zu, after a failure: %d", i, has_failed);
            prepare();
            start();
            expect_accepted(0, 5);
            if (has_failed) fail_rides(5);
            mount_anew();
            CHECK_INT(SUCCESS, calls[i]());
            expect_accepted(5, 10);
            CHECK_INT(10 * ENTRY, file_size(journal));
            restart();
            expect_refused(0, 10);
        }
    }
}

static void failure_is_told(void) {
    static int (*const calls[])(void) = {set_directory, initialize};
    static const int kinds[] = {DISK_ALL, DISK_SYNC};
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        for (size_t kind = 0; kind < COUNT_OF(kinds); kind++) {
            set_context("call %zu, kind %zu", i, kind);
            prepare();
            start();
            expect_accepted(0, 5);
            fail_disk(kinds[kind], 1, 1, EIO);
            for (int again = 0; again < 3; again++) CHECK_INT(SYSTEM_ERROR, calls[i]());
            CHECK_INT(SYSTEM_ERROR, verify_number(5));
            expect_refused(0, 5);
            restore_disk();
            CHECK_INT(SUCCESS, calls[i]());
            expect_accepted(5, 6);
            restart();
            expect_refused(0, 6);
        }
    }
}

/* Open files keep a file system from being unmounted and repaired. */
static void nothing_is_held(void) {
    start();
    expect_accepted(0, 5);
    int files = open_files();
    fail_rides(5);
    CHECK_INT(files - 2, open_files());
    expect_accepted(5, 6);
    CHECK_INT(files, open_files());
}

/* Codes that another process accepts meanwhile are known afterwards. */
static int take_over(void) {
    if (posoffline_set_state_dir(directory) != SUCCESS || init(KEY_LIST, CARD_TYPES) != SUCCESS) return 50;
    return verify_number(7);
}

static void another_process_meanwhile(void) {
    start();
    expect_accepted(0, 5);
    fail_rides(5);
    CHECK_INT(SUCCESS, in_child(take_over));
    CHECK_INT(QRCODE_DUPLICATED, verify_number(7));
    expect_accepted(5, 7);
    restart();
    expect_refused(0, 8);
}

const struct test repair_tests[] = {{"rides go on by themselves where the path leads after a repair", rides_go_on},
    {"after a repair SUCCESS means that it works", success_means_that_it_works},
    {"while the disk fails both calls say so", failure_is_told},
    {"after a failure nothing is held open", nothing_is_held},
    {"what another process accepted after a failure is refused", another_process_meanwhile}, {0}};
