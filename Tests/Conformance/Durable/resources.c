/* Memory that runs out, and memory and descriptors that must not leak. */
#include "durable.h"
#include "fixtures.h"

#include <string.h>

static void failing_memory(void) {
    char before[200];
    start();
    expect_accepted(0, 10);
    strcpy(before, directory);
    /* The journal of the other directory is so long that reading it allocates more than once. */
    fresh_directory();
    CHECK_INT(SUCCESS, posoffline_set_state_dir(directory));
    expect_accepted(10, 2500);
    free_pos_verify();
    CHECK_INT(SUCCESS, posoffline_set_state_dir(before));
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
    for (int and_later = 0; and_later < 2; and_later++) {
        long blocks = live_blocks(), bytes = live_bytes();
        int files = open_files();
        for (long number = 1; number < 100; number++) {
            set_context("allocation %ld fails, later ones too: %d", number, and_later);
            fail_allocation(number, and_later);
            int result = posoffline_set_state_dir(directory);
            long made = allow_allocations();
            if (made < number) {
                CHECK_INT(SUCCESS, result);
                CHECK(number > 3);
                break;
            }
            CHECK_INT(NO_ENOUGH_MEMORY, result);
            CHECK_INT(blocks, live_blocks());
            CHECK_INT(bytes, live_bytes());
            CHECK_INT(files, open_files());
            expect_refused(0, 10);
            struct code code = numbered_code(20 + (uint32_t)number);
            CHECK_INT(SUCCESS, info(&code));
        }
        expect_refused(0, 2500);
        CHECK_INT(SUCCESS, posoffline_set_state_dir(before));
    }
    free_pos_verify();
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
    expect_refused(0, 2500);
}

static void nothing_is_left_open(void) {
    start();
    expect_accepted(0, 5);
    restart();
    long blocks = live_blocks(), bytes = live_bytes();
    int files = open_files();
    for (int i = 0; i < 20; i++) {
        restart();
        CHECK_INT(SUCCESS, posoffline_set_state_dir(directory));
    }
    CHECK_INT(blocks, live_blocks());
    CHECK_INT(bytes, live_bytes());
    CHECK_INT(files, open_files());
    free_pos_verify();
    CHECK_INT(files - 2, open_files());
}

const struct test resource_tests[] = {{"a start without memory says so and changes nothing", failing_memory},
    {"no file is left open", nothing_is_left_open}, {0}};
