/* The journal is rewritten without the codes that have expired. */
#include "durable.h"
#include "disk.h"
#include "fixtures.h"

#include <errno.h>

/* Codes valid for a minute, one each second, with a restart now and then. */
static void stays_small(void) {
    enum { RIDES = 4500 };
    start();
    long longest = 0, rewritten = 0, synced = 0;
    for (uint32_t i = 0; i < RIDES; i++) {
        set_clock((long long)NOW + i);
        struct code code = sign_code(NOW + i, 60);
        set_context("ride %u", (unsigned)i);
        CHECK_INT(SUCCESS, verify(&code));
        struct disk_counts ride = disk_counts();
        rewritten += ride.renames;
        synced += ride.syncs;
        if (ride.renames == 0) CHECK(ride.writes == 1 && ride.syncs == 1);
        if (file_size(journal) > longest) longest = file_size(journal);
        if (i % 700 == 699) {
            restart();
            CHECK_INT(QRCODE_DUPLICATED, verify(&code));
            disk_counts();
        }
    }
    set_context("%ld bytes at most, rewritten %ld times", longest, rewritten);
    CHECK(longest <= (SLACK + 4 * 60 + 2) * ENTRY);
    CHECK(rewritten >= 2 && rewritten <= RIDES / SLACK + 1);
    CHECK_INT(RIDES + 3 * rewritten, synced); /* the file under both names, and the directory */
    /* The last minute is remembered. */
    restart();
    for (uint32_t i = RIDES - 60; i < RIDES; i++) {
        struct code code = sign_code(NOW + i, 60);
        CHECK_INT(QRCODE_DUPLICATED, verify(&code));
    }
}

/* A failed rewriting does not affect the verification that triggered it, and is tried again. */
static void compaction_fails(void) {
    /* How many such calls the verification itself makes before. */
    static const struct {
        int call, before;
    } cases[] = {{DISK_OPEN, 0}, {DISK_WRITE, 1}, {DISK_SYNC, 1}, {DISK_RENAME, 0}, {DISK_SYNC, 2}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        set_context("case %zu", i);
        prepare();
        start();
        expect_accepted(0, 10);
        add_expired_entries(SLACK + 100);
        fail_disk(cases[i].call, cases[i].before + 1, 1, ENOSPC);
        CHECK_INT(SUCCESS, verify_number(10));
        CHECK(restore_disk() > cases[i].before);
        expect_accepted(11, 20);
        expect_refused(0, 20);
        restart();
        expect_refused(0, 20);
        expect_accepted(20, 22);
        CHECK(file_size(journal) < 40 * ENTRY);
        CHECK_INT(-1, file_size(temporary));
        restart();
        expect_refused(0, 22);
    }
}

const struct test compaction_tests[] = {{"the journal stays small, across restarts", stays_small},
    {"a rewriting that fails harms no ride", compaction_fails}, {0}};
