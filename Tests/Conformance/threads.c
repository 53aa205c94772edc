/* Every function may be called from any thread. Threads use plain buffers; only the main thread checks. */
#define _XOPEN_SOURCE 700
#include "harness.h"
#include "fixtures.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 8 };

static int plain_verify(const struct code *code, int old) {
    char uid[17], record[3072], card_no[64], card_type[9];
    unsigned char card_data[128];
    if (old) {
        VERIFY_REQUEST request = {code->bytes, (int)code->count, ISSUER_1, GOOD_POS_PARAM, 1};
        VERIFY_RESPONSE response = {uid, 17, record, 3072};
        return verify_qrcode(&request, &response);
    }
    VERIFY_REQUEST_V2 request = {code->bytes, (int)code->count, GOOD_POS_PARAM, 1};
    VERIFY_RESPONSE_V2 response = {uid, 17, record, 3072, card_no, 64, card_data, 128, card_type, 9};
    int result = verify_qrcode_v2(&request, &response);
    if (result == SUCCESS &&
        (memcmp(uid, code->bytes + 4, 17 - 1) != 0 || strlen(record) != (size_t)response.record_len))
        return 1000;
    return result;
}

static void run(void *(*body)(void *), int count) {
    pthread_t threads[THREADS * 2];
    static int number[THREADS * 2];
    for (int i = 0; i < count; i++) {
        number[i] = i;
        CHECK_INT(0, pthread_create(&threads[i], NULL, body, &number[i]));
    }
    for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
}

/* Eight threads, one code, many rounds. */
enum { ROUNDS = 150 };
static struct code raced;
static pthread_barrier_t barrier;
static int results[ROUNDS][THREADS];

static void *race(void *argument) {
    int me = *(int *)argument;
    for (int round = 0; round < ROUNDS; round++) {
        if (me == 0) raced = sign_code(NOW - 10000 + (uint32_t)round, 65535);
        pthread_barrier_wait(&barrier);
        struct code mine = raced;
        /* Half use the older function: both share the replay memory. */
        results[round][me] = plain_verify(&mine, me & 1);
        pthread_barrier_wait(&barrier);
    }
    return NULL;
}

static int winners(int round) {
    int wins = 0, duplicates = 0;
    for (int i = 0; i < THREADS; i++) {
        wins += results[round][i] == SUCCESS;
        duplicates += results[round][i] == QRCODE_DUPLICATED;
    }
    return wins + duplicates == THREADS ? wins : -1;
}

static void one_wins(void) {
    pthread_barrier_init(&barrier, NULL, THREADS);
    run(race, THREADS);
    pthread_barrier_destroy(&barrier);
    for (int round = 0; round < ROUNDS; round++) {
        set_context("round %d", round);
        CHECK_INT(1, winners(round));
    }
}

/* The same while the table of accepted codes grows. A missing lock shows here: the allocation takes so long that every
 * thread arrives meanwhile. */
enum { SLOW_ROUNDS = 12 };

static void *race_for_room(void *argument) {
    int me = *(int *)argument;
    for (int round = 0; round < SLOW_ROUNDS; round++) {
        if (me == 0) {
            raced = sign_code(NOW - 10000 + (uint32_t)round, 65535);
            free_pos_verify();
        }
        pthread_barrier_wait(&barrier);
        struct code mine = raced;
        results[round][me] = plain_verify(&mine, 1);
        pthread_barrier_wait(&barrier);
    }
    return NULL;
}

static void *race_for_more_room(void *argument) {
    int me = *(int *)argument;
    pthread_barrier_wait(&barrier);
    struct code mine = raced;
    results[0][me] = plain_verify(&mine, 0);
    return NULL;
}

static void one_wins_while_memory_is_made(void) {
    pthread_barrier_init(&barrier, NULL, THREADS);
    slow_allocations_from(16384);
    run(race_for_room, THREADS);
    allow_allocations();
    for (int round = 0; round < SLOW_ROUNDS; round++) {
        set_context("round %d, from no memory", round);
        CHECK_INT(1, winners(round));
    }
    /* Whenever the next code makes the table grow. */
    start_terminal();
    for (uint32_t i = 0; i < 2000; i++) {
        raced = sign_code(NOW - 20000 + i, 65535);
        long before = live_bytes();
        CHECK_INT(SUCCESS, plain_verify(&raced, 0));
        if (live_bytes() <= before + 8192) continue;
        /* It grew. Once more from the start, up to here, and then with eight threads. */
        start_terminal();
        for (uint32_t j = 0; j < i; j++) {
            struct code code = sign_code(NOW - 20000 + j, 65535);
            CHECK_INT(SUCCESS, plain_verify(&code, 0));
        }
        slow_allocations_from(16384);
        run(race_for_more_room, THREADS);
        allow_allocations();
        set_context("code %u, by which the memory grows", (unsigned)i);
        CHECK_INT(1, winners(0));
        for (uint32_t j = 0; j <= i; j++) {
            struct code code = sign_code(NOW - 20000 + j, 65535);
            CHECK_INT(QRCODE_DUPLICATED, plain_verify(&code, 0));
        }
        break;
    }
    pthread_barrier_destroy(&barrier);
}

/* Verifications while other threads change the lists. */
static _Atomic int counts[1100], stop;
static _Atomic uint32_t next_time;

static void count_result(int result) {
    int place = result == 1000 ? 1000 : result + 20;
    counts[place < 0 || place > 1000 ? 1001 : place]++;
}
#define COUNT(result) counts[(result) + 20]

static void *verifier(void *argument) {
    (void)argument;
    for (int i = 0; i < 150; i++) {
        struct code code = sign_code(NOW - 20000 + next_time++, 65535);
        count_result(plain_verify(&code, 0));
    }
    return NULL;
}

static void clear_counts(void) {
    memset((void *)counts, 0, sizeof counts);
    stop = 0;
}

#define ONLY_KEY_1 "[{\"key_id\":1,\"public_key\":\"" ISSUER_1 "\"}]"
#define ONLY_KEY_2 "[{\"key_id\":2,\"public_key\":\"" ISSUER_2 "\"}]"

static void *initializer(void *argument) {
    if (*(int *)argument != 0) return verifier(argument);
    for (long i = 0; !stop && i < 2000000; i++)
        if (init_pos_verify(i & 1 ? KEY_LIST : ONLY_KEY_1, i & 2 ? CARD_TYPES : "[\"CITY0001\"]") != SUCCESS)
            counts[1002]++;
    return NULL;
}

static void *stopping_verifier(void *argument) {
    if (*(int *)argument == 0) return initializer(argument);
    verifier(argument);
    if (*(int *)argument == 1) stop = 1;
    return NULL;
}

static void initialisation_meanwhile(void) {
    clear_counts();
    run(stopping_verifier, 4);
    CHECK_INT(450, COUNT(SUCCESS));
    CHECK_INT(0, counts[1002]);
}

static void *lists_change(void *argument) {
    if (*(int *)argument != 0) return stopping_verifier(argument);
    for (long i = 0; !stop && i < 2000000; i++)
        init_pos_verify(i & 1 ? ONLY_KEY_1 : ONLY_KEY_2, i & 2 ? "[\"CITY0001\"]" : "[\"OTHER001\"]");
    return NULL;
}

static void lists_meanwhile(void) {
    clear_counts();
    run(lists_change, 4);
    set_context("success %d, card type %d, key id %d", COUNT(SUCCESS), COUNT(CARDTYPE_UNSUPPORTED),
        COUNT(ILLEGAL_PARAM));
    CHECK_INT(450, COUNT(SUCCESS) + COUNT(CARDTYPE_UNSUPPORTED) + COUNT(ILLEGAL_PARAM));
}

static void *freeing(void *argument) {
    if (*(int *)argument != 0) return stopping_verifier(argument);
    unsigned char key[POSOFFLINE_RECORD_KEY_MAX] = {0};
    for (long i = 0; !stop && i < 2000000; i++) {
        if (i % 3 == 0) free_pos_verify();
        if (i % 3 == 1) init_pos_verify(KEY_LIST, CARD_TYPES);
        if (i % 3 == 2) posoffline_set_record_key(key, 16 + (int)(i % 48));
    }
    return NULL;
}

static void free_meanwhile(void) {
    clear_counts();
    run(freeing, 4);
    set_context("success %d, not initialised %d", COUNT(SUCCESS), COUNT(NOT_INITIALIZED));
    CHECK_INT(450, COUNT(SUCCESS) + COUNT(NOT_INITIALIZED));
}

static void *everything(void *argument) {
    int me = *(int *)argument;
    static const char *const names[] = {"good", "user-sig-r-1", "type-not-listed", "trailing-byte", "key-7",
        "version-1"};
    for (int i = 0; i < 120; i++) {
        struct code code = fixture_code(names[(size_t)(i + me) % COUNT_OF(names)]);
        char uid[17], card_no[64], card_type[9], version[16];
        unsigned char card_data[128];
        INFO_REQUEST request = {code.bytes, (int)code.count};
        INFO_RESPONSE response = {uid, 17, card_no, 64, card_data, 128, card_type, 9};
        switch ((i * 7 + me) % 9) {
        case 0: init_pos_verify(KEY_LIST, CARD_TYPES); break;
        case 1:
            if (i % 40 == 0) free_pos_verify();
            break;
        case 2: posoffline_set_record_key(code.bytes, 20); break;
        case 3: get_qrcode_info(&request, &response); break;
        case 4: get_libposoffline_version(version, 16); break;
        case 5: counts[3] += get_key_id(code.bytes) == -99; break;
        case 6: counts[3] += !posoffline_prompt(-i) || !posoffline_strerror(-i) || !get_version(); break;
        default: count_result(plain_verify(&code, i & 1));
        }
    }
    return NULL;
}

static void mixed(void) {
    clear_counts();
    run(everything, THREADS);
    CHECK_INT(0, counts[1000]);
    CHECK_INT(0, counts[1001]);
    CHECK_INT(0, COUNT(SYSTEM_ERROR));
    start_terminal();
    CHECK_INT(SUCCESS, verify_named("good"));
}

/* A verification that has begun when the lists change uses the old lists to its end. Another thread can interfere only
 * where the library takes its lock, so the lists change there. */
static void change_lists(void) { init_pos_verify(ONLY_KEY_2, "[\"OTHER001\"]"); }

static void lists_at_the_start_count(void) {
    struct code code = fixture_code("good");
    int before = CARDTYPE_UNSUPPORTED, result;
    for (long number = 1;; number++) {
        set_context("the lists change before the lock is taken for the time %ld", number);
        start_terminal();
        at_lock(number, change_lists);
        result = verify(&code);
        if (!lock_was_reached()) break;
        /* First the new lists decide, from some lock on the old ones. */
        CHECK(number > 1 ? result == before || result == SUCCESS : result == CARDTYPE_UNSUPPORTED);
        CHECK_INT(CARDTYPE_UNSUPPORTED, verify_named("plain"));
        before = result;
    }
    CHECK_INT(SUCCESS, before);
}

/* What free_pos_verify drops stays dropped, however far a verification has come. */
static void freed_is_freed(void) {
    struct code code = fixture_code("good");
    long number = 1;
    for (;; number++) {
        set_context("all is freed before the lock is taken for the time %ld", number);
        start_terminal();
        at_lock(number, free_pos_verify);
        int result = verify(&code);
        if (!lock_was_reached()) break;
        CHECK_INT(NOT_INITIALIZED, result);
        CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
        CHECK_INT(SUCCESS, verify(&code));
    }
    CHECK(number > 2);
}

static void *busy(void *argument) {
    (void)argument;
    while (!stop) {
        struct code code = sign_code(NOW - 20000 + next_time++ % 40000, 65535);
        plain_verify(&code, 0);
        init_pos_verify(KEY_LIST, CARD_TYPES);
    }
    return NULL;
}

/* In a child the library is never locked by a thread of the parent. The child knows the codes accepted before the fork
 * and decides like its parent; so does the child's child. Returns the number of the failed check, or 0. */
static int descendant(int generations, uint32_t number) {
    struct code old = fixture_code("good"), fresh = sign_code(NOW + 25000 + number, 65535);
    char uid[17], card_no[64], card_type[9];
    unsigned char card_data[128];
    INFO_REQUEST request = {fresh.bytes, (int)fresh.count};
    INFO_RESPONSE response = {uid, 17, card_no, 64, card_data, 128, card_type, 9};
    if (get_qrcode_info(&request, &response) != SUCCESS) return 1;
    if (plain_verify(&old, 0) != QRCODE_DUPLICATED) return 2;
    if (plain_verify(&fresh, 0) != SUCCESS || plain_verify(&fresh, 1) != QRCODE_DUPLICATED) return 3;
    if (init_pos_verify(KEY_LIST, CARD_TYPES) != SUCCESS) return 4;
    if (generations > 0) {
        int status = -1;
        pid_t child = fork();
        if (child == 0) _exit(descendant(generations - 1, number + 1000));
        if (waitpid(child, &status, 0) != child || !WIFEXITED(status)) return 5;
        if (WEXITSTATUS(status) != 0) return WEXITSTATUS(status);
    }
    free_pos_verify();
    if (plain_verify(&fresh, 0) != NOT_INITIALIZED || init_pos_verify(KEY_LIST, CARD_TYPES) != SUCCESS) return 6;
    return plain_verify(&fresh, 0) == SUCCESS ? 0 : 7;
}

static void forks_meanwhile(void) {
    enum { FORKS = 60 };
    clear_counts();
    CHECK_INT(SUCCESS, verify_named("good"));
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) CHECK_INT(0, pthread_create(&threads[i], NULL, busy, NULL));
    for (int i = 0; i < FORKS; i++) {
        pid_t child = fork();
        if (child == 0) {
            alarm(60);
            _exit(descendant(i % 10 == 0 ? 2 : 0, (uint32_t)i));
        }
        int status = -1;
        waitpid(child, &status, 0);
        set_context("child %d", i);
        CHECK(WIFEXITED(status));
        CHECK_INT(0, WEXITSTATUS(status));
    }
    stop = 1;
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    /* What the children accepted and dropped does not affect the parent. */
    struct code fresh = sign_code(NOW + 25000, 65535);
    CHECK_INT(SUCCESS, verify(&fresh));
    CHECK_INT(QRCODE_DUPLICATED, verify_named("good"));
}

const struct test thread_tests[] = {{"of eight threads with one code exactly one succeeds", one_wins},
    {"of eight threads exactly one succeeds while memory is made", one_wins_while_memory_is_made},
    {"initialisation during verification disturbs no thread", initialisation_meanwhile},
    {"lists that change during verification are seen whole", lists_meanwhile},
    {"free_pos_verify during verification is seen or not", free_meanwhile},
    {"any function may run in any thread", mixed},
    {"a verification ends with the lists that it began with", lists_at_the_start_count},
    {"a verification during which all is freed marks nothing", freed_is_freed},
    {"children of forks during verification decide as their parents do", forks_meanwhile}, {0}};
