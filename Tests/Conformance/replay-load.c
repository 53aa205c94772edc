/* replay-load [COUNT]: the replay memory with 100,000 codes alive. The codes are signed here with one fixed
 * nonce, so that signing is cheap and needs no library. */
#define _XOPEN_SOURCE 700
#include "harness.h"
#include "fixtures.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 2, MOST = 131071 };

static uint32_t total = 100000;

/* Every code is in its window at NOW: 65,535 seconds to either side. */
static struct code live_code(uint32_t index) { return sign_code(NOW - 65535 + index, 65535); }

static int verify_code(const struct code *code) {
    char uid[17], record[3072], card_no[64], card_type[9];
    unsigned char card_data[128];
    VERIFY_REQUEST_V2 request = {code->bytes, (int)code->count, GOOD_POS_PARAM, 1};
    VERIFY_RESPONSE_V2 response = {uid, 17, record, 3072, card_no, 64, card_data, 128, card_type, 9};
    return verify_qrcode_v2(&request, &response);
}

struct share {
    uint32_t first, step, end;
    int expected;
    uint32_t wrong, wrong_at;
    int wrong_result;
};

static void *present_share(void *argument) {
    struct share *share = argument;
    for (uint32_t i = share->first; i < share->end; i += share->step) {
        struct code code = live_code(i);
        int result = verify_code(&code);
        if (result != share->expected && share->wrong++ == 0) share->wrong_at = i, share->wrong_result = result;
    }
    return NULL;
}

/* Presents codes [from, to) in both threads; each must get the same answer. */
static void present_all(uint32_t from, uint32_t to, int expected) {
    struct share shares[THREADS];
    pthread_t threads[THREADS];
    for (uint32_t i = 0; i < THREADS; i++) {
        shares[i] = (struct share){from + i, THREADS, to, expected, 0, 0, 0};
        CHECK_INT(0, pthread_create(&threads[i], NULL, present_share, &shares[i]));
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        set_context("codes %u to %u want %d; the first that is wrong is %u with %d", (unsigned)from, (unsigned)to,
            expected, (unsigned)shares[i].wrong_at, shares[i].wrong_result);
        CHECK_INT(0, shares[i].wrong);
    }
}

static long empty_bytes;

static void exact(void) {
    uint32_t first = total / 4;
    present_all(0, first, SUCCESS);
    present_all(0, first, QRCODE_DUPLICATED);
    present_all(first, total, SUCCESS);
    present_all(0, total, QRCODE_DUPLICATED);
    CHECK_INT(SUCCESS, init_pos_verify(KEY_LIST, CARD_TYPES));
    present_all(total / 2, total, QRCODE_DUPLICATED);
    if (total < MOST) {
        struct code fresh = live_code(total);
        CHECK_INT(SUCCESS, verify_code(&fresh));
        CHECK_INT(QRCODE_DUPLICATED, verify_code(&fresh));
    }
}

static void bounded(void) {
    /* 32 bytes for each, in a table that may be three quarters empty. A terminal has 32 MB of memory. */
    set_context("%ld bytes for %u codes", live_bytes() - empty_bytes, (unsigned)total);
    CHECK(live_bytes() - empty_bytes <= 4 * 32 * (long)total + 65536);
}

/* The next tenth does not fit, so that the table must grow and cannot. */
static void growth_fails(void) {
    uint32_t made = 0, most = total;
    free_pos_verify();
    set_clock(NOW);
    CHECK_INT(SUCCESS, init_pos_verify(KEY_LIST, CARD_TYPES));
    fail_allocations_from(100000);
    int result = SUCCESS;
    while (made < most) {
        struct code code = live_code(made);
        result = verify_code(&code);
        if (result != SUCCESS) break;
        made++;
    }
    set_context("after %u codes", (unsigned)made);
    CHECK_INT(NO_ENOUGH_MEMORY, result);
    CHECK(made > 500 && made < most);
    for (int i = 0; i < 3; i++) {
        struct code code = live_code(made);
        CHECK_INT(NO_ENOUGH_MEMORY, verify_code(&code));
    }
    present_all(0, made, QRCODE_DUPLICATED);
    allow_allocations();
    struct code code = live_code(made);
    CHECK_INT(SUCCESS, verify_code(&code));
    present_all(0, made + 1, QRCODE_DUPLICATED);
}

/* Days of verifications: codes valid for a minute arrive at a steady rate, and the memory does not grow. */
static void steady(void) {
    free_pos_verify();
    set_clock(NOW);
    CHECK_INT(SUCCESS, init_pos_verify(KEY_LIST, CARD_TYPES));
    long after_a_while = 0;
    uint32_t count = total / 20;
    for (uint32_t i = 0; i < count; i++) {
        set_clock((long long)NOW + i);
        struct code code = sign_code(NOW + i, 60);
        set_context("code %u", (unsigned)i);
        CHECK_INT(SUCCESS, verify_code(&code));
        if (i % 7 == 0) CHECK_INT(QRCODE_DUPLICATED, verify_code(&code));
        if (i == count / 5) after_a_while = live_bytes();
    }
    set_context("%ld bytes after a while, %ld at the end", after_a_while, live_bytes());
    CHECK(live_bytes() <= after_a_while + 1024);
}

/* All codes of a full table expire: as many new ones fit into the same memory. */
static void expired_space_is_used_again(void) {
    if (total < 4000) return;
    free_pos_verify();
    set_clock(NOW);
    CHECK_INT(SUCCESS, init_pos_verify(KEY_LIST, CARD_TYPES));
    present_all(0, 3000, SUCCESS);
    long before = live_bytes();
    set_clock((long long)NOW + 3001);
    present_all(100000, 103000, SUCCESS);
    set_context("%ld bytes before, %ld after", before, live_bytes());
    CHECK(live_bytes() <= before + 1024);
    present_all(100000, 103000, QRCODE_DUPLICATED);
}

int main(int argc, char **argv) {
    static const struct test tests[] = {{"each of many live codes is accepted once", exact},
        {"many live codes take a bounded amount of memory", bounded},
        {"a large memory that cannot grow refuses and forgets nothing", growth_fails},
        {"a steady stream of short-lived codes needs no more memory", steady},
        {"the space of codes that left their window is used again", expired_space_is_used_again}, {0}};
    static const struct test *const lists[] = {tests, NULL};
    if (argc > 1) total = (uint32_t)strtoul(argv[1], NULL, 10);
    if (total < 5000 || total > MOST || argc > 2) {
        fprintf(stderr, "usage: %s [COUNT, 5000 to %d]\n", argv[0], MOST);
        return 2;
    }
    set_clock(NOW);
    free_pos_verify();
    empty_bytes = live_bytes();
    if (init_pos_verify(KEY_LIST, CARD_TYPES) != SUCCESS) {
        printf("replay-load: no initialisation\n");
        return 1;
    }
    char *only_name[] = {argv[0], NULL};
    return run_tests(1, only_name, lists, NULL);
}
