/* Faults of the system: no memory, no clock. */
#include "conformance.h"
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
        about("the clock says %lld", clocks[i].now);
        start_terminal();
        set_clock(clocks[i].now);
        CHECK_INT(clocks[i].expected, verify(&code));
        CHECK_INT(clocks[i].expected, legacy(&code));
        CHECK_INT(SUCCESS, info(&code));
        CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
        set_clock(NOW);
        CHECK_INT(SUCCESS, verify(&code));
    }
    /* A clock of 32 bits counts on without a sign after 2038: this one shows a second of 2106. */
    if (!WIDE_CLOCK) {
        start_terminal();
        set_clock(-2);
        CHECK_INT(QRCODE_KEY_EXPIRED, verify(&code));
    }
}

/* Every allocation in turn fails, alone or with all that follow; the call says so and has changed nothing. */
static void initialisation(void) {
    for (int and_later = 0; and_later < 2; and_later++) {
        for (int fresh = 0; fresh < 2; fresh++) {
            long number = 1;
            for (; number < 1000; number++) {
                free_pos_verify();
                if (!fresh) CHECK_INT(SUCCESS, init("[{\"key_id\":7,\"public_key\":\"" ISSUER_7 "\"}]",
                    "[\"CITY0001\"]"));
                fail_allocation(number, and_later);
                int result = init_pos_verify(KEY_LIST, CARD_TYPES);
                long made = allow_allocations();
                if (made < number) {
                    CHECK_INT(SUCCESS, result);
                    break;
                }
                about("allocation %ld fails", number);
                CHECK_INT(NO_ENOUGH_MEMORY, result);
                CHECK_INT(fresh ? NOT_INITIALIZED : ILLEGAL_PARAM, verify_named("good"));
                CHECK_INT(fresh ? NOT_INITIALIZED : CARDTYPE_UNSUPPORTED, verify_named("plain"));
                if (!fresh) CHECK_INT(SUCCESS, verify_named("key-7"));
            }
            CHECK(number > 1 && number < 1000);
        }
    }
}

static void verification(void) {
    struct code code = fixture_code("good"), forged = fixture_code("user-sig-r-1");
    struct call call = call_with(&code);
    static struct answer answer;
    /* Whatever the libraries below set up once is set up. */
    CHECK_INT(SUCCESS, verify_named("rider-000"));
    for (int old = 0; old < 2; old++) {
        for (int and_later = 0; and_later < 2; and_later++) {
            for (long number = 1; number < 10000; number++) {
                /* Without initialisation verify_qrcode makes its first room for accepted codes by itself. */
                if (old) free_pos_verify();
                else start_terminal();
                about("function %d, allocation %ld fails, later ones too: %d", old, number, and_later);
                fail_allocation(number, and_later);
                int result = old ? call_legacy(&call, &answer) : call_verify(&call, &answer);
                long made = allow_allocations();
                if (made >= number) CHECK_INT(NO_ENOUGH_MEMORY, result);
                else CHECK_INT(SUCCESS, result);
                if (result != SUCCESS) CHECK_INT(SUCCESS, old ? call_legacy(&call, &answer) : call_verify(&call,
                    &answer));
                CHECK_INT(QRCODE_DUPLICATED, old ? call_legacy(&call, &answer) : call_verify(&call, &answer));
                /* A forged code never turns good for want of memory. */
                fail_allocation(number, and_later);
                int second = old ? legacy(&forged) : verify(&forged);
                allow_allocations();
                CHECK(second == QRCODE_DUPLICATED || second == NO_ENOUGH_MEMORY);
                if (made < number) break;
            }
        }
    }
}

/* Only the replay memory's growth may allocate, and a terminal begins with room for hundreds of codes. */
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
        "user-key-x-above-p",
                                        "issuer-sig-infinite", "user-sig-s-n+1"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        for (long number = 1; number < 10000; number++) {
            struct code code = fixture_code(names[i]);
            fail_allocation(number, 0);
            int result = verify(&code);
            long made = allow_allocations();
            about("%s, allocation %ld fails", names[i], number);
            CHECK(result == MALFORMED_QRCODE || (result == NO_ENOUGH_MEMORY && made >= number));
            if (made < number) break;
        }
    }
}

/* The table of accepted codes must grow, and cannot. */
static void growth(void) {
    enum { MOST = 100000 };
    uint32_t accepted = 0;
    fail_allocations_from(16384);
    int result = SUCCESS;
    while (accepted < MOST) {
        struct code code = milled_code(NOW - 30000 + accepted, 65535);
        result = verify(&code);
        if (result != SUCCESS) break;
        accepted++;
    }
    about("after %u codes", (unsigned)accepted);
    CHECK_INT(NO_ENOUGH_MEMORY, result);
    CHECK(accepted >= 256 && accepted < MOST);
    struct code next = milled_code(NOW - 30000 + accepted, 65535);
    CHECK_INT(NO_ENOUGH_MEMORY, verify(&next));
    CHECK_INT(NO_ENOUGH_MEMORY, legacy(&next));
    for (uint32_t i = 0; i < accepted; i++) {
        struct code code = milled_code(NOW - 30000 + i, 65535);
        CHECK_INT(QRCODE_DUPLICATED, verify(&code));
    }
    allow_allocations();
    CHECK_INT(SUCCESS, verify(&next));
    for (uint32_t i = 0; i <= accepted; i++) {
        struct code code = milled_code(NOW - 30000 + i, 65535);
        CHECK_INT(QRCODE_DUPLICATED, verify(&code));
    }
}

static void nothing_is_lost(void) {
    /* Once around, so that what is set up once is set up. */
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
    about("%s", "after free_pos_verify");
    CHECK_INT(blocks, live_blocks());
    CHECK_INT(bytes, live_bytes());
}

static void lists_of_any_length(void) {
    /* Memory that a text would make the library allocate is bounded by the text. */
    long before = live_bytes();
    static char list[1000 * 12 + 10];
    strcpy(list, "[");
    for (int i = 0; i < 1000; i++) strcat(list, i ? ",\"CITY0001\"" : "\"CITY0001\"");
    strcat(list, "]");
    CHECK_INT(SUCCESS, init(KEY_LIST, list));
    CHECK(live_bytes() - before < 64 * 1024);
    CHECK_INT(SUCCESS, verify_named("good"));
}

const struct test fault_tests[] = {
    {"a clock that cannot be read is an internal fault", no_clock},
    {"init_pos_verify says when memory fails, and keeps the lists before", initialisation},
    {"verification says when memory fails, and marks nothing", verification},
    {"a verification allocates nothing", nothing_is_allocated},
    {"no forged code passes for want of memory", forged_without_memory},
    {"a replay memory that cannot grow refuses and forgets nothing", growth},
    {"free_pos_verify gives everything back", nothing_is_lost},
    {"a long card type list takes little memory", lists_of_any_length},
    {0}};
