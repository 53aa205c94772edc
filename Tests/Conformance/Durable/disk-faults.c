/* Calls to the disk that fail, one after the other. */
#include "durable.h"
#include "disk.h"
#include "fixtures.h"

#include <errno.h>

static const struct fault {
    const char *name;
    int call, error;
} faults[] = {
    {"the disk is full", DISK_WRITE, ENOSPC},
    {"a write fails", DISK_WRITE, EIO},
    {"a sync fails", DISK_SYNC, EIO},
    {"the disk is full at a sync", DISK_SYNC, ENOSPC},
    {"everything fails", DISK_ALL, EIO},
};

static void failing_rides(void) {
    static struct answer answer;
    start();
    expect_accepted(0, 3);
    uint32_t next = 3;
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        struct code code = numbered_code(next);
        struct call call = call_with(&code);
        set_context("%s", faults[i].name);
        fail_disk(faults[i].call, 1, 1, faults[i].error);
        for (int again = 0; again < 3; again++) CHECK_INT(SYSTEM_ERROR, call_verify(&call, &answer));
        CHECK_INT(SYSTEM_ERROR, call_legacy(&call, &answer));
        expect_refused(0, next);
        restore_disk();
        CHECK_INT(SUCCESS, call_verify(&call, &answer));
        CHECK_INT(QRCODE_DUPLICATED, call_verify(&call, &answer));
        next++;
        restart();
        expect_refused(0, next);
    }
    /* A code that was refused is not in the journal either. */
    fail_disk(DISK_SYNC | DISK_WRITE, 1, 1, EIO);
    CHECK_INT(SYSTEM_ERROR, verify_number(next));
    restore_disk();
    restart();
    expect_refused(0, next);
    CHECK_INT(SUCCESS, verify_number(next));
}

/* ext4 turns read-only after an error, until it is repaired. */
static void turned_read_only(void) {
    start();
    expect_accepted(0, 2);
    fail_disk(DISK_SYNC, 1, 0, EIO);
    CHECK_INT(SYSTEM_ERROR, verify_number(2));
    fail_disk(DISK_OPEN, 1, 1, EROFS);
    struct code code = numbered_code(3);
    CHECK_INT(SYSTEM_ERROR, verify_number(2));
    CHECK_INT(SYSTEM_ERROR, legacy(&code));
    restore_disk();
    expect_accepted(2, 4);
    restart();
    expect_refused(0, 4);
}

/* After a failed sync the journal is rewritten. Each call to the disk fails in turn during that. */
static void failing_repair(void) {
    static const int errors[] = {EIO, ENOSPC};
    start();
    expect_accepted(0, 3);
    uint32_t next = 3;
    for (int and_later = 0; and_later < 2; and_later++) {
        for (size_t error = 0; error < COUNT_OF(errors); error++) {
            for (long number = 1; number < 50; number++) {
                set_context("call %ld fails with %d, later ones too: %d", number, errors[error], and_later);
                fail_disk(DISK_SYNC, 1, 0, EIO);
                CHECK_INT(SYSTEM_ERROR, verify_number(next));
                fail_disk(DISK_ALL, number, and_later, errors[error]);
                int result = verify_number(next);
                long made = restore_disk();
                if (made < number) {
                    CHECK_INT(SUCCESS, result);
                    next++;
                    CHECK(number > 4);
                    break;
                }
                CHECK_INT(SYSTEM_ERROR, result);
                expect_refused(0, next);
                CHECK_INT(SUCCESS, verify_number(next));
                next++;
                if (number % 3 == 0) restart();
                expect_refused(0, next);
            }
        }
    }
    restart();
    expect_refused(0, next);
}

/* After a failed sync the contents of the disk are unknown: a restart rewrites the journal. */
static void failing_sync_and_restart(void) {
    start();
    expect_accepted(0, 3);
    fail_disk(DISK_SYNC, 1, 0, EIO);
    CHECK_INT(SYSTEM_ERROR, verify_number(3));
    restore_disk();
    disk_counts();
    restart();
    CHECK_INT(1, disk_counts().renames);
    CHECK_INT(SUCCESS, verify_number(3));
    restart();
    CHECK_INT(0, disk_counts().renames);
    expect_refused(0, 4);
}

static void failing_start(void) {
    start();
    expect_accepted(0, 300);
    for (int and_later = 0; and_later < 2; and_later++) {
        for (long number = 1; number < 50; number++) {
            set_context("call %ld fails, later ones too: %d", number, and_later);
            free_pos_verify();
            int files = open_files();
            fail_disk(DISK_ALL & ~DISK_TRUNCATE, number, and_later, EIO);
            int result = init(KEY_LIST, CARD_TYPES);
            long made = restore_disk();
            if (made < number) {
                CHECK_INT(SUCCESS, result);
                CHECK(number > 4);
                break;
            }
            CHECK_INT(SYSTEM_ERROR, result);
            CHECK_INT(files, open_files());
            CHECK_INT(NOT_INITIALIZED, verify_number(300));
            CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
            expect_refused(290, 300);
        }
    }
}

const struct test disk_fault_tests[] = {{"a disk that fails refuses the ride and marks nothing", failing_rides},
    {"a disk that turns read-only is not an argument's fault", turned_read_only},
    {"a failed sync is made good, whatever fails meanwhile", failing_repair},
    {"a failed sync is made good after a restart too", failing_sync_and_restart},
    {"a start on a failing disk says so and can be repeated", failing_start}, {0}};
