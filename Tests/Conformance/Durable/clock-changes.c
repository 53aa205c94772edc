/* The clock jumps. A code that was accepted is never accepted again. */
#include "durable.h"
#include "disk.h"
#include "fixtures.h"

#include <time.h>

static void clock_jumps(void) {
    static const long long jumps[] = {0, 1, 1000, 315532800, NOW - 86400LL * 365, NOW - 200, NOW + 200, NOW + 70000,
        NOW + 86400LL * 365, 2147483647, 4294967295};
    struct code first = sign_code(NOW, 60);
    start();
    CHECK_INT(SUCCESS, verify(&first));
    uint32_t filler = 0;
    for (size_t i = 0; i < COUNT_OF(jumps); i++) {
        if (jumps[i] > 2147483647 && !WIDE_CLOCK) continue;
        set_context("the clock jumps to %lld", jumps[i]);
        set_clock(jumps[i]);
        /* Started with this clock, and so full that old codes are evicted and the journal is rewritten. */
        add_expired_entries(SLACK + 200);
        CHECK(verify(&first) != SUCCESS);
        long rewritten = 0;
        for (int j = 0; j < 40; j++, filler++) {
            struct code other = sign_code((uint32_t)jumps[i] + filler, 65535);
            verify(&other);
            rewritten += disk_counts().renames;
        }
        if (jumps[i] > NOW - 1000 && jumps[i] < NOW + 100000) CHECK(rewritten > 0);
        for (int back = -60; back <= 60; back += 30) {
            set_clock((long long)NOW + back);
            if (back == 0) restart();
            CHECK_INT(QRCODE_DUPLICATED, verify(&first));
        }
    }
    /* A code that is newer than all evicted ones is still accepted. */
    struct code fresh = sign_code(NOW + 5000, 60);
    set_clock(NOW + 5000);
    CHECK_INT(SUCCESS, verify(&fresh));
}

/* Codes that were evicted while the clock was a year ahead stay refused after a restart. */
static void a_year_ahead(void) {
    struct code code = sign_code(NOW, 65535), late = sign_code(NOW + 500, 60);
    start();
    CHECK_INT(SUCCESS, verify(&code));
    set_clock(NOW + 500);
    CHECK_INT(SUCCESS, verify(&late));
    long rewritten = 0;
    uint32_t ahead = 6 * 86400;
    add_expired_entries(SLACK + 100);
    for (uint32_t i = 0; i < 200; i++) {
        set_clock(NOW + ahead + i);
        struct code other = sign_code(NOW + ahead + i, 60);
        CHECK_INT(SUCCESS, verify(&other));
        rewritten += disk_counts().renames;
    }
    CHECK(rewritten > 0);
    for (int round = 0; round < 2; round++) {
        for (int second = -600; second <= 600; second += 100) {
            set_clock((long long)NOW + second);
            set_context("round %d, second %d", round, second);
            CHECK_INT(QRCODE_DUPLICATED, verify(&code));
        }
        set_clock(NOW + 560);
        CHECK_INT(QRCODE_DUPLICATED, verify(&late));
        restart();
    }
}

const struct test clock_change_tests[] = {{"a jumping clock accepts nothing again, across restarts", clock_jumps},
    {"a clock ahead for a while accepts nothing again, across restarts", a_year_ahead}, {0}};
