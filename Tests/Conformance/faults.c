/* Faults of the system: no memory, no clock. memory.c fails each allocation of each function. */
#include "harness.h"
#include "fixtures.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void no_clock(void) {
    static const struct {
        long long now;
        int expected, is_wide;
    } clocks[] = {{-1, SYSTEM_ERROR, 0}, {-2, SYSTEM_ERROR, 1}, {-2147483647, SYSTEM_ERROR, 1},
        {4294967296, SYSTEM_ERROR, 1}, {4294967296 + (long long)NOW, SYSTEM_ERROR, 1},
        {-4294967296 + (long long)NOW, SYSTEM_ERROR, 1}, {1LL << 40, SYSTEM_ERROR, 1}};
    struct code code = fixture_code("good");
    for (size_t i = 0; i < COUNT_OF(clocks); i++) {
        if (clocks[i].is_wide && !WIDE_CLOCK) continue;
        set_context("the clock says %lld", clocks[i].now);
        start_terminal();
        set_clock(clocks[i].now);
        CHECK_INT(clocks[i].expected, verify(&code));
        CHECK_INT(clocks[i].expected, legacy(&code));
        CHECK_INT(SUCCESS, info(&code));
        CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
        set_clock(NOW);
        CHECK_INT(SUCCESS, verify(&code));
    }
    /* A 32-bit clock wraps to negative numbers in 2038. The library reads them as unsigned: this is a second of
     * 2106. */
    if (!WIDE_CLOCK) {
        start_terminal();
        set_clock(-2);
        CHECK_INT(QRCODE_KEY_EXPIRED, verify(&code));
    }
}

/* Only the growth of the replay memory may allocate. A terminal starts with space for hundreds of codes. */
static void nothing_is_allocated(void) {
    static const char *const refused[] = {"good", "user-sig-r-1", "issuer-sig-empty", "user-key-not-on-curve"};
    start_terminal();
    CHECK_INT(SUCCESS, verify_named("good"));
    fail_allocation(LONG_MAX, 0);
    for (int i = 0; i < 100; i++) {
        char name[16];
        sprintf(name, "rider-%03d", i);
        CHECK_INT(SUCCESS, verify_named(name));
    }
    for (size_t i = 0; i < COUNT_OF(refused); i++) CHECK(verify_named(refused[i]) != SUCCESS);
    struct code code = fixture_code("good");
    CHECK_INT(SUCCESS, info(&code));
    CHECK_INT(QRCODE_DUPLICATED, legacy(&code));
    CHECK_INT(0, allow_allocations());
}

static void forged_without_memory(void) {
    static const char *const names[] = {"user-sig-r-1", "user-sig-infinite", "user-key-not-on-curve",
        "user-key-x-above-p", "issuer-sig-infinite", "user-sig-s-n+1"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        for (long number = 1; number < 10000; number++) {
            struct code code = fixture_code(names[i]);
            fail_allocation(number, 0);
            int result = verify(&code);
            long made = allow_allocations();
            set_context("%s, allocation %ld fails", names[i], number);
            CHECK(result == MALFORMED_QRCODE || (result == NO_ENOUGH_MEMORY && made >= number));
            if (made < number) break;
        }
    }
}

/* Without init_pos_verify, the first accepted code allocates the table. */
static void refused_without_memory(void) {
    struct code good = fixture_code("good"), malformed = fixture_code("issuer-sig-empty");
    free_pos_verify();
    fail_allocation(1, 1);
    CHECK_INT(MALFORMED_QRCODE, legacy(&malformed));
    set_clock(NOW + 1000000000);
    CHECK_INT(QRCODE_KEY_EXPIRED, legacy(&good));
    set_clock(NOW);
    CHECK_INT(NO_ENOUGH_MEMORY, legacy(&good));
    allow_allocations();
    CHECK_INT(SUCCESS, legacy(&good));
}

/* The table of accepted codes must grow, and allocation fails. */
static void growth(void) {
    enum { MOST = 100000 };
    uint32_t accepted = 0;
    fail_allocations_from(16384);
    int result = SUCCESS;
    while (accepted < MOST) {
        struct code code = sign_code(NOW - 30000 + accepted, 65535);
        result = verify(&code);
        if (result != SUCCESS) break;
        accepted++;
    }
    set_context("after %u codes", (unsigned)accepted);
    CHECK_INT(NO_ENOUGH_MEMORY, result);
    CHECK(accepted >= 256 && accepted < MOST);
    struct code next = sign_code(NOW - 30000 + accepted, 65535);
    CHECK_INT(NO_ENOUGH_MEMORY, verify(&next));
    CHECK_INT(NO_ENOUGH_MEMORY, legacy(&next));
    for (uint32_t i = 0; i < accepted; i++) {
        struct code code = sign_code(NOW - 30000 + i, 65535);
        CHECK_INT(QRCODE_DUPLICATED, verify(&code));
    }
    allow_allocations();
    CHECK_INT(SUCCESS, verify(&next));
    for (uint32_t i = 0; i <= accepted; i++) {
        struct code code = sign_code(NOW - 30000 + i, 65535);
        CHECK_INT(QRCODE_DUPLICATED, verify(&code));
    }
}

static void nothing_is_lost(void) {
    /* A first cycle does the one-time initialisation. */
    CHECK_INT(MALFORMED_QRCODE, verify_named("user-sig-r-1"));
    CHECK_INT(MALFORMED_QRCODE, verify_named("user-key-not-on-curve"));
    CHECK_INT(SUCCESS, verify_named("good"));
    free_pos_verify();
    long blocks = live_blocks(), bytes = live_bytes();
    for (int round = 0; round < 20; round++) {
        CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
        CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
        CHECK_INT(ILLEGAL_PARAM, init("[{\"key_id\":1,\"public_key\":\"" KEY_NOT_ON_CURVE "\"}]", CARD_TYPES));
        CHECK_INT(ILLEGAL_PARAM, init(KEY_LIST, "[\"short\"]"));
        CHECK_INT(MALFORMED_QRCODE, verify_named("user-sig-r-1"));
        CHECK_INT(MALFORMED_QRCODE, verify_named("user-key-not-on-curve"));
        CHECK_INT(MALFORMED_QRCODE, verify_named("issuer-sig-empty"));
        CHECK_INT(SUCCESS, verify_named("good"));
        CHECK_INT(QRCODE_DUPLICATED, verify_named("good"));
        free_pos_verify();
        free_pos_verify();
    }
    set_context("%s", "after free_pos_verify");
    CHECK_INT(blocks, live_blocks());
    CHECK_INT(bytes, live_bytes());
}

static void lists_of_any_length(void) {
    /* What the library allocates for a text is bounded by the text's length. */
    long before = live_bytes();
    static char list[1000 * 12 + 10];
    strcpy(list, "[");
    for (int i = 0; i < 1000; i++) strcat(list, i ? ",\"CITY0001\"" : "\"CITY0001\"");
    strcat(list, "]");
    CHECK_INT(SUCCESS, init(KEY_LIST, list));
    CHECK(live_bytes() - before < 64 * 1024);
    CHECK_INT(SUCCESS, verify_named("good"));
}

const struct test fault_tests[] = {{"a clock that cannot be read is an internal fault", no_clock},
    {"a verification allocates nothing", nothing_is_allocated},
    {"no forged code passes for want of memory", forged_without_memory},
    {"without lists and memory a code is refused for what is wrong with it", refused_without_memory},
    {"a replay memory that cannot grow refuses and forgets nothing", growth},
    {"free_pos_verify gives everything back", nothing_is_lost},
    {"a long card type list takes little memory", lists_of_any_length}, {0}};
