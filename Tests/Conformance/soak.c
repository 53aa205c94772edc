/* soak [COUNT [THREADS [SEED]]]: COUNT verifications of every kind from several threads, while lists and keys are
 * replaced and the clock advances. The right answer of each is known. Heap, descriptors and journal must not grow.
 *
 * The run has rounds. Between two rounds all threads wait, the clock is set and memory is measured. In the second half
 * there is a state directory. */
#define _XOPEN_SOURCE 700
#include "harness.h"
#include "disk.h"
#include "fixtures.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MOST_THREADS = 8,
    BATCH = 200, /* verifications of one thread in a round */
    FRESH = 20,  /* of these, codes of this thread alone: half valid for 60 seconds, half for LIFE */
    LIFE = 1500,
    PHASES = 4, /* each ends with free_pos_verify */
    KNOWN = 64  /* accepted codes that a thread presents again */
};

static long total = 200000;
static int threads = 4;
static uint64_t seed = 1;

/* Read by all threads during a round, set between rounds. */
static uint32_t now;
static struct code contested; /* by all threads at once */
static char directory[] = "/tmp/posoffline-soak-XXXXXX";
static int has_directory;

static struct code unlisted_type, unlisted_key, expired_credential;
static _Atomic long winners, results[16], renewals;
static pthread_barrier_t barrier;
static int is_over;

static const char *const record_keys[] = {"the soak's key A", "the soak's key B, which is longer",
    "the soak's key C, at its longest: sixty-four bytes, no more......"};
static int key_length(size_t i) { return i == 2 ? 64 : (int)strlen(record_keys[i]); }

#define OTHER_LIST "[{\"key_id\":1,\"public_key\":\"" ISSUER_1 "\"},{\"key_id\":0,\"public_key\":\"" ISSUER_0 "\"}]"

struct worker {
    int number, fresh; /* how many of this round's own codes are accepted */
    uint64_t random;
    struct code own[FRESH];
    uint32_t own_end[FRESH];
    struct {
        struct code code;
        uint32_t end; /* the last second of its window */
    } known[KNOWN];
    unsigned known_count;
    long wrong;
    char failure[200]; /* the first */
};
static struct worker workers[MOST_THREADS];

static uint32_t pick(struct worker *me, uint32_t below) {
    me->random ^= me->random << 13;
    me->random ^= me->random >> 7;
    me->random ^= me->random << 17;
    return (uint32_t)((me->random >> 20) % below);
}

static void expect(struct worker *me, const char *what, int holds, int result) {
    if (holds || me->wrong++) return;
    snprintf(me->failure, sizeof me->failure, "%s: %d, at second %u", what, result, (unsigned)now);
}

/* A record is signed with one of the keys that were set, never with a mixture. */
static int is_signed(const char *hex, int digits) {
    static const unsigned char length[] = {0, 32};
    unsigned char record[1600], mac[32];
    size_t count = bytes_of_hex(hex, record, sizeof record);
    if (strlen(hex) != (size_t)digits || count < 34 || memcmp(record + count - 34, length, 2) != 0) return 0;
    for (size_t i = 0; i < COUNT_OF(record_keys); i++) {
        hmac_sha256(record_keys[i], (size_t)key_length(i), record, count - 34, mac);
        if (memcmp(mac, record + count - 32, 32) == 0) return 1;
    }
    return 0;
}

enum { LISTS = 1, KEY = 2 }; /* the entry points: verify_qrcode_v2 and verify_qrcode */

static int verify_as(struct worker *me, const struct code *code, int door, const char *pos_param, int amount,
    int uid_len) {
    char uid[17] = "x", record[3072] = "x", card_no[64], card_type[9];
    unsigned char card_data[128];
    VERIFY_REQUEST_V2 request = {code->bytes, (int)code->count, pos_param, amount};
    VERIFY_RESPONSE_V2 response = {uid, uid_len, record, 3072, card_no, 64, card_data, 128, card_type, 9};
    VERIFY_REQUEST old_request = {code->bytes, (int)code->count, ISSUER_1, pos_param, amount};
    VERIFY_RESPONSE old_response = {uid, uid_len, record, 3072};
    int result = door == KEY ? verify_qrcode(&old_request, &old_response) : verify_qrcode_v2(&request, &response);
    int written = door == KEY ? old_response.record_len : response.record_len;
    if (result == SUCCESS) expect(me, "the record is signed", is_signed(record, written), result);
    else expect(me, "a refusal writes nothing", uid[0] == 'x' && record[0] == 'x' && written == 3072, result);
    results[result == SUCCESS ? 0 : result < -13 || result > 0 ? 14 : -result]++;
    return result;
}

static int show(struct worker *me, const struct code *code, int door) {
    return verify_as(me, code, door, GOOD_POS_PARAM, 200, 17);
}

/* ------------------------------------------------------------------------------------------------------------------
 * What a thread does
 * ------------------------------------------------------------------------------------------------------------------ */

static void accept_next(struct worker *me) {
    int i = me->fresh++;
    int result = show(me, &me->own[i], pick(me, 4) ? LISTS : KEY);
    expect(me, "a fresh code is accepted", result == SUCCESS, result);
    me->known[me->known_count % KNOWN].code = me->own[i];
    me->known[me->known_count++ % KNOWN].end = me->own_end[i];
}

static void show_again(struct worker *me) {
    if (me->known_count == 0) accept_next(me);
    uint32_t i = pick(me, me->known_count < KNOWN ? me->known_count : KNOWN);
    int result = show(me, &me->known[i].code, pick(me, 4) ? LISTS : KEY);
    int is_past = me->known[i].end < now; /* evicted or not */
    expect(me, "an accepted code is refused", result == QRCODE_DUPLICATED || (is_past && result == QRCODE_INFO_EXPIRED),
        result);
}

static void show_spoilt(struct worker *me) {
    struct code code = me->own[pick(me, FRESH)];
    struct fields fields;
    switch (pick(me, 3)) {
    case 0: code.count = pick(me, (uint32_t)code.count); break;
    case 1: code.bytes[code.count++] = (unsigned char)pick(me, 256); break;
    default:
        code.count = 1 + pick(me, 300);
        for (size_t i = pick(me, 2); i < code.count; i++) code.bytes[i] = (unsigned char)pick(me, 256);
    }
    int expected = code.count == 0 ? ILLEGAL_PARAM : model_parse(code.bytes, code.count, &fields);
    int result = show(me, &code, pick(me, 2) ? LISTS : KEY);
    expect(me, "a spoilt code is named", result == expected && result != SUCCESS, result);
}

/* Refusals by late checks; the code is accepted afterwards. */
static void show_next_wrongly(struct worker *me) {
    struct code code = me->own[me->fresh];
    struct fields fields;
    model_parse(code.bytes, code.count, &fields);
    int expected = MALFORMED_QRCODE, amount = 200, uid_len = 17;
    const char *pos_param = GOOD_POS_PARAM;
    switch (pick(me, 5)) {
    case 0: code.bytes[code.count - 1] ^= 1; break;
    case 1: code.bytes[(size_t)(fields.issuer_signature - code.bytes) + fields.issuer_signature_count - 1] ^= 1; break;
    case 2: pos_param = "{\"pos_id\":\"1\"}", expected = POS_PARAM_ERROR; break;
    case 3: amount = 65536, expected = QUOTA_EXCEEDED; break;
    default: uid_len = 16, expected = ILLEGAL_PARAM;
    }
    int result = verify_as(me, &code, pick(me, 2) ? LISTS : KEY, pos_param, amount, uid_len);
    expect(me, "a fault is named", result == expected, result);
}

static void show_outdated(struct worker *me) {
    const struct code *code;
    struct code later = sign_code(now + 200 + pick(me, 1000), 60);
    int expected;
    switch (pick(me, 4)) {
    case 0: code = &later, expected = QRCODE_INFO_EXPIRED; break;
    case 1: code = &expired_credential, expected = QRCODE_KEY_EXPIRED; break;
    case 2: code = &unlisted_type, expected = CARDTYPE_UNSUPPORTED; break;
    default: code = &unlisted_key, expected = ILLEGAL_PARAM;
    }
    int result = show(me, code, LISTS);
    expect(me, "a code that is out of place is named", result == expected, result);
}

/* The other functions. */
static void administer(struct worker *me) {
    char uid[17], card_no[64], card_type[9], version[16];
    unsigned char card_data[128];
    struct code *code = &me->own[pick(me, FRESH)];
    INFO_REQUEST request = {code->bytes, (int)code->count};
    INFO_RESPONSE response = {uid, 17, card_no, 64, card_data, 128, card_type, 9};
    size_t key = pick(me, COUNT_OF(record_keys));
    const unsigned char *key_bytes = (const unsigned char *)record_keys[key];
    int result = SUCCESS, expected = SUCCESS;
    switch (pick(me, 16)) {
    case 0: result = init_pos_verify(pick(me, 2) ? KEY_LIST : OTHER_LIST, CARD_TYPES), renewals++; break;
    case 1: result = init_pos_verify("[{\"key_id\":1}]", CARD_TYPES), expected = ILLEGAL_PARAM; break;
    case 2: result = init_pos_verify(KEY_LIST, "[\"short\"]"), expected = ILLEGAL_PARAM; break;
    case 3:
    case 4:
    case 5: result = posoffline_set_record_key(key_bytes, key_length(key)); break;
    case 6: result = posoffline_set_record_key(key_bytes, 15), expected = ILLEGAL_PARAM; break;
    case 7:
        if (has_directory) result = posoffline_set_state_dir(directory);
        break;
    case 8: result = posoffline_set_state_dir("/dev/null"), expected = ILLEGAL_PARAM; break;
    case 9: result = get_libposoffline_version(version, 16); break;
    case 10: result = get_key_id(code->bytes), expected = 1; break;
    case 11: result = posoffline_strerror(-(int)pick(me, 14)) && posoffline_prompt(-(int)pick(me, 14)); break;
    default: result = get_qrcode_info(&request, &response);
    }
    expect(me, "the calls beside verification answer", result == expected, result);
}

static void work(struct worker *me) {
    int result = show(me, &contested, LISTS);
    winners += result == SUCCESS;
    expect(me, "a contested code is accepted or known", result == SUCCESS || result == QRCODE_DUPLICATED, result);
    for (int i = 1; i < BATCH; i++) {
        uint32_t chance = pick(me, 100);
        if (BATCH - i == FRESH - me->fresh) accept_next(me); /* all are used in the round */
        else if (chance < 10 && me->fresh < FRESH) accept_next(me);
        else if (chance < 55) show_again(me);
        else if (chance < 80) show_spoilt(me);
        else if (chance < 92 && me->fresh < FRESH) show_next_wrongly(me);
        else show_outdated(me);
        if (pick(me, 10) == 0) administer(me);
    }
}

static void *worker(void *argument) {
    struct worker *me = argument;
    pthread_barrier_wait(&barrier);
    for (;;) {
        pthread_barrier_wait(&barrier);
        if (is_over) return NULL;
        work(me);
        pthread_barrier_wait(&barrier);
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * What happens between rounds
 * ------------------------------------------------------------------------------------------------------------------ */

static long blocks_before, bytes_before, most_bytes;
static int files_before;

static void start_terminal_again(void) {
    free_pos_verify();
    set_context("second %u, all forgotten", (unsigned)now);
    /* The path of the state directory stays. */
    CHECK_INT(blocks_before + has_directory, live_blocks());
    CHECK_INT(files_before, open_files());
    CHECK_INT(NOT_INITIALIZED, show(&workers[0], &contested, LISTS));
    CHECK_INT(SUCCESS, init_pos_verify(KEY_LIST, CARD_TYPES));
    CHECK_INT(SUCCESS, posoffline_set_record_key((const unsigned char *)record_keys[0], key_length(0)));
    for (int i = 0; i < threads && !has_directory; i++) workers[i].known_count = 0;
}

/* Each second of the clock has one short-lived and one long-lived code. Each belongs to one thread. */
static void deal_codes(void) {
    for (int i = 0; i < threads; i++) {
        for (int j = 0; j < FRESH; j++) {
            uint32_t second = now + (uint32_t)(j / 2 * threads + i), end = second + (j % 2 ? LIFE : 60);
            workers[i].own[j] = j % 2 ? sign_code(end - 65535, 65535) : sign_code(second, 60);
            workers[i].own_end[j] = end;
        }
        workers[i].fresh = 0;
    }
    contested = sign_code(now + (uint32_t)(FRESH / 2 * threads), 60);
    winners = 0;
}

static void take_account(void) {
    set_context("second %u", (unsigned)now);
    /* Keys, card types, accepted codes, and the path. */
    CHECK_INT(blocks_before + 3 + has_directory, live_blocks());
    CHECK_INT(files_before + 2 * has_directory, open_files());
    CHECK_INT(1, winners);
    if (live_bytes() - bytes_before > most_bytes) most_bytes = live_bytes() - bytes_before;
    for (int i = 0; i < threads; i++) {
        set_context("thread %d: %s", i, workers[i].failure);
        CHECK_INT(0, workers[i].wrong);
        workers[i].wrong = 0;
    }
}

static void mixed(void) {
    pthread_t ids[MOST_THREADS];
    long per_phase = (total + PHASES * threads * BATCH - 1) / (PHASES * threads * BATCH);
    long resident[PHASES], most_journal = 0;
    uint32_t start = now = NOW - 100000000;
    char journal[60];
    CHECK(mkdtemp(directory) != NULL);
    snprintf(journal, sizeof journal, "%s/replay.journal", directory);
    unlisted_type = fixture_code("type-not-listed");
    unlisted_key = fixture_code("key-not-listed");
    expired_credential = fixture_code("expiry-zero");
    resident_kilobytes();
    files_before = open_files();

    pthread_barrier_init(&barrier, NULL, (unsigned)threads + 1);
    for (int i = 0; i < threads; i++) {
        workers[i].number = i;
        workers[i].random = seed * 0x9E3779B97F4A7C15u + (uint64_t)i * 0xD1B54A32D192ED03u + 1;
        CHECK_INT(0, pthread_create(&ids[i], NULL, worker, &workers[i]));
    }
    /* All threads have started: measure from here. */
    pthread_barrier_wait(&barrier);
    /* The first call registers fork handlers, for which some C libraries allocate. */
    free_pos_verify();
    blocks_before = live_blocks(), bytes_before = live_bytes();
    for (int phase = 0; phase < PHASES; phase++) {
        for (long round = 0; round < per_phase; round++) {
            alarm(900);
            set_clock(now);
            deal_codes();
            if (round == 0) start_terminal_again();
            if (round == 0 && phase == PHASES / 2) {
                CHECK_INT(SUCCESS, posoffline_set_state_dir(directory));
                has_directory = 1;
            }
            pthread_barrier_wait(&barrier);
            pthread_barrier_wait(&barrier);
            take_account();
            struct stat status;
            if (has_directory && stat(journal, &status) == 0 && status.st_size > most_journal)
                most_journal = status.st_size;
            now += (uint32_t)(FRESH / 2 * threads + 1);
        }
        resident[phase] = resident_kilobytes();
    }
    is_over = 1;
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < threads; i++) pthread_join(ids[i], NULL);
    pthread_barrier_destroy(&barrier);
    free_pos_verify();
    set_context("%s", "at the end");
    CHECK_INT(blocks_before + has_directory, live_blocks());
    CHECK_INT(files_before, open_files());

    /* Some 1,700 codes live at a time; a table of 24 bytes each may be three quarters empty, and a larger one is being
     * filled before the smaller one is given up. */
    set_context("%ld bytes at most", most_bytes);
    CHECK(most_bytes < 300000);
    set_context("%ld bytes of journal at most", most_journal);
    CHECK(most_journal > 0 && most_journal <= 32 * (2048 + 2 * 4096));
    /* Not in short runs: those are of emulators and sanitizers, which grow themselves. */
    for (int phase = 1; phase < PHASES; phase += 2) {
        set_context("%ld KB, then %ld KB", resident[phase - 1], resident[phase]);
        CHECK(resident[phase] > 0 && (total < 100000 || resident[phase] - resident[phase - 1] <= 1024));
    }
    for (int i = 0; i <= -QRCODE_DUPLICATED; i++) {
        set_context("result %d", i ? -i : 1);
        /* SYSTEM_ERROR and NO_ENOUGH_MEMORY have tests of their own. */
        CHECK((i == -NO_ENOUGH_MEMORY || i == -SYSTEM_ERROR) == (results[i] == 0));
    }
    CHECK_INT(0, results[14]);

    long calls = 0;
    for (size_t i = 0; i < COUNT_OF(results); i++) calls += results[i];
    printf("%ld verifications by %d threads, seed %llu, over %u seconds by the clock; %ld times new lists\n", calls,
        threads, (unsigned long long)seed, (unsigned)(now - start), (long)renewals);
    for (int i = 0; i <= -QRCODE_DUPLICATED; i++)
        if (results[i]) printf("%9ld %s\n", (long)results[i], posoffline_strerror(i ? -i : SUCCESS));
    printf("heap: 3 blocks, with a directory 4, of at most %ld bytes; journal: at most %ld bytes\n", most_bytes,
        most_journal);
    printf("resident after each quarter: %ld, %ld KB, with a directory %ld, %ld KB\n", resident[0], resident[1],
        resident[2], resident[3]);
    unlink(journal);
    CHECK_INT(0, rmdir(directory));
}

int main(int argc, char **argv) {
    static const struct test tests[] = {{"a mix of everything, for as long as you like", mixed}, {0}};
    static const struct test *const lists[] = {tests, NULL};
    if (argc > 1) total = atol(argv[1]);
    if (argc > 2) threads = atoi(argv[2]);
    if (argc > 3) seed = strtoull(argv[3], NULL, 10);
    if (argc > 4 || total < 10000 || threads < 1 || threads > MOST_THREADS) {
        fprintf(stderr, "usage: %s [COUNT, at least 10000 [THREADS, at most %d [SEED]]]\n", argv[0], MOST_THREADS);
        return 2;
    }
    unsetenv("POSOFFLINE_RECORD_KEY_FILE");
    unsetenv("POSOFFLINE_STATE_DIR");
    char *only_name[] = {argv[0], NULL};
    return run_tests(1, only_name, lists, NULL);
}
