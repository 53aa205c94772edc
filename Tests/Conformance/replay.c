/* A code is accepted once (section 4, step 5 and after). */
#include "harness.h"
#include "fixtures.h"

#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct answer answer;

/* Other encodings of the content of 'good'. */
static const char *const again[] = {"good", "again-user-flipped", "again-user-resigned", "again-issuer-flipped",
    "again-issuer-resigned", "again-all-resigned", "again-algorithm", "again-key-id-same-key",
    "again-key-id-other-key"};

static void same_content(void) {
    for (size_t first = 0; first < COUNT_OF(again); first++) {
        start_terminal();
        CHECK_INT(SUCCESS, verify_named(again[first]));
        for (size_t i = 0; i < COUNT_OF(again); i++) {
            CHECK_INT(QRCODE_DUPLICATED, verify_named(again[i]));
            struct code code = fixture_code(again[i]);
            CHECK_INT(QRCODE_DUPLICATED, legacy(&code));
        }
        /* Used content with a forged signature: QRCODE_DUPLICATED comes first. */
        CHECK_INT(QRCODE_DUPLICATED, verify_named("again-forged"));
        CHECK_INT(QRCODE_DUPLICATED, verify_named("again-issuer-forged"));
    }
}

static void other_content(void) {
    static const char *const others[] = {"next-second", "second-before", "other-quota", "other-uid", "other-rider-key",
        "plain", "spelled", "window-0-now", "reserved-ff", "card-no-15"};
    CHECK_INT(SUCCESS, verify_named("good"));
    for (size_t i = 0; i < COUNT_OF(others); i++) CHECK_INT(SUCCESS, verify_named(others[i]));
    CHECK_INT(QRCODE_DUPLICATED, verify_named("good"));
    CHECK_INT(QRCODE_DUPLICATED, verify_named("plain-other-bytes"));
    for (size_t i = 0; i < COUNT_OF(others); i++) CHECK_INT(QRCODE_DUPLICATED, verify_named(others[i]));
}

static void hundreds_between(void) {
    char name[16];
    CHECK_INT(SUCCESS, verify_named("good"));
    for (int i = 0; i < 300; i++) {
        sprintf(name, "rider-%03d", i);
        CHECK_INT(SUCCESS, verify_named(name));
        if (i % 10 == 0) CHECK_INT(QRCODE_DUPLICATED, verify_named(again[(size_t)i / 10 % COUNT_OF(again)]));
    }
    for (int i = 299; i >= 0; i--) {
        sprintf(name, "rider-%03d", i);
        CHECK_INT(QRCODE_DUPLICATED, verify_named(name));
    }
    CHECK_INT(QRCODE_DUPLICATED, verify_named("good"));
}

static void initialisation_keeps(void) {
    CHECK_INT(SUCCESS, verify_named("good"));
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
    CHECK_INT(QRCODE_DUPLICATED, verify_named("good"));
    CHECK_INT(SUCCESS, init("[{\"key_id\":2,\"public_key\":\"" ISSUER_2 "\"}]", "[\"CITY0001\"]"));
    CHECK_INT(QRCODE_DUPLICATED, verify_named("good"));
    CHECK_INT(ILLEGAL_PARAM, init("[]", "[]"));
    CHECK_INT(QRCODE_DUPLICATED, verify_named("good"));
    free_pos_verify();
    CHECK_INT(NOT_INITIALIZED, verify_named("good"));
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
    CHECK_INT(SUCCESS, verify_named("good"));
    CHECK_INT(QRCODE_DUPLICATED, verify_named("good"));
}

static void failures_do_not_mark(void) {
    struct code code = fixture_code("card-no-17");
    struct call call = call_with(&code);
    call.amount = 1001;
    for (int i = 0; i < 3; i++) CHECK_INT(QUOTA_EXCEEDED, call_verify(&call, &answer));
    call.amount = 1000;
    call.pos_param = "{\"pos_id\":\"1\"}";
    for (int i = 0; i < 3; i++) CHECK_INT(POS_PARAM_ERROR, call_verify(&call, &answer));
    call.pos_param = GOOD_POS_PARAM;
    call.capacity[CARD_NO] = 17;
    for (int i = 0; i < 3; i++) CHECK_INT(ILLEGAL_PARAM, call_verify(&call, &answer));
    call.capacity[CARD_NO] = 18;
    set_clock(NOW + 601);
    CHECK_INT(QRCODE_INFO_EXPIRED, call_verify(&call, &answer));
    set_clock(-1);
    CHECK_INT(SYSTEM_ERROR, call_verify(&call, &answer));
    set_clock(NOW + 8 * 86400);
    CHECK_INT(QRCODE_KEY_EXPIRED, call_verify(&call, &answer));
    set_clock(NOW);
    CHECK_INT(SUCCESS, init("[{\"key_id\":2,\"public_key\":\"" ISSUER_2 "\"}]", CARD_TYPES));
    CHECK_INT(ILLEGAL_PARAM, call_verify(&call, &answer));
    CHECK_INT(SUCCESS, init("[{\"key_id\":1,\"public_key\":\"" ISSUER_2 "\"}]", CARD_TYPES));
    CHECK_INT(MALFORMED_QRCODE, call_verify(&call, &answer));
    CHECK_INT(SUCCESS, init(KEY_LIST, "[\"OTHER001\"]"));
    CHECK_INT(CARDTYPE_UNSUPPORTED, call_verify(&call, &answer));
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
    struct code forged = code;
    forged.bytes[forged.count - 1] ^= 1;
    CHECK_INT(MALFORMED_QRCODE, verify(&forged));
    CHECK_INT(SUCCESS, info(&code));
    CHECK_INT(SUCCESS, call_verify(&call, &answer));
    CHECK_INT(QRCODE_DUPLICATED, call_verify(&call, &answer));
    call.amount = 1001, call.pos_param = "";
    CHECK_INT(QRCODE_DUPLICATED, call_verify(&call, &answer));
}

/* Fills the memory with other codes while time passes, up to the last second of the code's window. */
static void until_the_last_second(void) {
    struct code code = sign_code(NOW, 60);
    set_clock(NOW - 60);
    CHECK_INT(SUCCESS, verify(&code));
    uint32_t made = 0;
    for (uint32_t now = NOW - 60; now <= NOW + 60; now++) {
        set_clock(now);
        /* Codes that expired a minute ago trigger eviction; each number is used once. */
        for (int i = 0; i < 12; i++, made++) {
            struct code other = sign_code(now - 20000 + made % 40000, 65535);
            int result = verify(&other);
            set_context("second %d", (int)(now - NOW));
            CHECK(result == SUCCESS || result == QRCODE_DUPLICATED);
        }
        set_context("second %d", (int)(now - NOW));
        CHECK_INT(QRCODE_DUPLICATED, verify(&code));
    }
    set_clock(NOW + 61);
    int after = verify(&code);
    set_context("%s", "a second past the window");
    CHECK(after == QRCODE_DUPLICATED || after == QRCODE_INFO_EXPIRED);
}

/* Thousands of short-lived codes expire, so that some are evicted. Then the clock is set back into each of their
 * windows: no accepted code is accepted again. */
static void clock_set_back(void) {
    enum { CODES = 1800 };
    for (uint32_t i = 0; i < CODES; i++) {
        struct code code = sign_code(NOW + i, 60);
        set_clock(NOW + i);
        set_context("code %u", (unsigned)i);
        CHECK_INT(SUCCESS, verify(&code));
    }
    for (uint32_t i = 0; i < CODES; i++) {
        struct code code = sign_code(NOW + i, 60);
        set_clock(NOW + i + (i % 3 == 0 ? 60 : i % 3 == 1 ? -60 : 0));
        set_context("code %u again, with the clock in its window", (unsigned)i);
        CHECK_INT(QRCODE_DUPLICATED, verify(&code));
    }
}

/* In the last second of its window an accepted code is not evicted, and a new one is accepted. */
static void fresh_in_its_last_second(void) {
    struct code seen = sign_code(NOW, 60), fresh = sign_code(NOW + 60 - 65535, 65535);
    CHECK_INT(SUCCESS, verify(&seen));
    for (uint32_t i = 0; i < 1000; i++) {
        if (i == 500) set_clock(NOW + 60);
        struct code other = sign_code(NOW - 10000 + i, 65535);
        CHECK_INT(SUCCESS, verify(&other));
    }
    CHECK_INT(QRCODE_DUPLICATED, verify(&seen));
    CHECK_INT(SUCCESS, verify(&fresh));
    CHECK_INT(QRCODE_DUPLICATED, verify(&fresh));
}

static void clock_jumps(void) {
    static const long long jumps[] = {0, 1, 86400, (long long)NOW - 700, (long long)NOW + 601,
        (long long)NOW + 31536000, 2147483647};
    struct code code = sign_code(NOW, 60);
    CHECK_INT(SUCCESS, verify(&code));
    uint32_t filler = 0;
    for (size_t i = 0; i < COUNT_OF(jumps); i++) {
        set_clock(jumps[i]);
        set_context("the clock jumps to %lld", jumps[i]);
        CHECK(verify(&code) != SUCCESS);
        for (int j = 0; j < 200; j++, filler++) {
            struct code other = sign_code((uint32_t)jumps[i] + filler, 65535);
            verify(&other);
        }
        for (int back = -60; back <= 60; back += 30) {
            set_clock((long long)NOW + back);
            CHECK_INT(QRCODE_DUPLICATED, verify(&code));
        }
    }
    /* A new code is still accepted. */
    struct code fresh = sign_code(NOW + 30, 60);
    set_clock(NOW + 30);
    CHECK_INT(SUCCESS, verify(&fresh));
}

/* The clock is a year ahead, with so many codes of that time that some are evicted, and is then set back. */
static void a_year_ahead_and_back(void) {
    struct code code = fixture_code("expiry-never");
    CHECK_INT(SUCCESS, verify(&code));
    struct code late = sign_code(NOW + 500, 60);
    set_clock(NOW + 500);
    CHECK_INT(SUCCESS, verify(&late));
    for (uint32_t i = 0; i < 1200; i++) {
        struct code other = sign_code(NOW + 6 * 86400 + i, 60);
        set_clock(NOW + 6 * 86400 + i);
        CHECK_INT(SUCCESS, verify(&other));
    }
    for (int second = -600; second <= 600; second += 100) {
        set_clock((long long)NOW + second);
        set_context("second %d", second);
        CHECK_INT(QRCODE_DUPLICATED, verify(&code));
    }
    set_clock(NOW + 560);
    CHECK_INT(QRCODE_DUPLICATED, verify(&late));
}

static void at_the_end_of_time(void) {
    if (!WIDE_CLOCK) return;
    struct code code = fixture_code("time-last"), near = fixture_code("time-near-last");
    set_clock(4294966695);
    CHECK_INT(SUCCESS, verify(&code));
    CHECK_INT(SUCCESS, verify(&near));
    for (long long now = 4294966695; now <= 4294967295; now += 50) {
        set_clock(now);
        CHECK_INT(QRCODE_DUPLICATED, verify(&code));
        CHECK_INT(QRCODE_DUPLICATED, verify(&near));
    }
}

static int child_says(struct code *code) {
    int pipes[2], result = 0;
    if (pipe(pipes) != 0) return 0;
    pid_t child = fork();
    if (child == 0) {
        result = verify(code);
        ssize_t written = write(pipes[1], &result, sizeof result);
        _exit(written == sizeof result ? 0 : 1);
    }
    close(pipes[1]);
    if (read(pipes[0], &result, sizeof result) != sizeof result) result = 0;
    close(pipes[0]);
    waitpid(child, NULL, 0);
    return result;
}

static void forks(void) {
    struct code code = fixture_code("good"), other = fixture_code("plain");
    CHECK_INT(SUCCESS, verify(&code));
    CHECK_INT(QRCODE_DUPLICATED, child_says(&code));
    CHECK_INT(SUCCESS, child_says(&other));
    CHECK_INT(SUCCESS, verify(&other));
    CHECK_INT(QRCODE_DUPLICATED, child_says(&other));
}

/* Memory is bounded by the codes in their window: at a steady rate, many hours need as much as one. */
static void memory_is_bounded(void) {
    long after_first = 0;
    for (uint32_t round = 0; round < 12; round++) {
        for (uint32_t i = 0; i < 400; i++) {
            struct code code = sign_code(NOW + round * 400 + i, 60);
            set_clock(NOW + round * 400 + i);
            int result = verify(&code);
            set_context("round %u, code %u", (unsigned)round, (unsigned)i);
            CHECK_INT(SUCCESS, result);
        }
        if (round == 2) after_first = live_bytes();
    }
    set_context("%s", "after twelve rounds as after three");
    CHECK(live_bytes() <= after_first + 4096);
}

const struct test replay_tests[] = {{"a code is the same code under any other signature or encoding", same_content},
    {"other content is another code", other_content},
    {"hundreds of riders in between change nothing", hundreds_between},
    {"init_pos_verify keeps the memory and free_pos_verify drops it", initialisation_keeps},
    {"a code that fails is not marked", failures_do_not_mark},
    {"a code is remembered to the last second of its window", until_the_last_second},
    {"a new code is accepted in the last second of its window", fresh_in_its_last_second},
    {"a clock set back accepts nothing again", clock_set_back}, {"a jumping clock accepts nothing again", clock_jumps},
    {"a clock ahead for a while accepts nothing again", a_year_ahead_and_back},
    {"a code is remembered at the end of time", at_the_end_of_time},
    {"a child of fork knows what its parent accepted, and goes its own way", forks},
    {"memory is bounded by what is in its window", memory_is_bounded}, {0}};
