/* memory: each allocation of each function of the contract fails in turn, alone and with all later ones. Either the
 * call reports it and changes nothing, or it succeeds completely without that allocation. */
#define _XOPEN_SOURCE 700
#include "harness.h"
#include "fixtures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_A "the key before 123"
#define KEY_B "another key, from a file"
#define KEY_B_HEX "616E6F74686572206B65792C2066726F6D20612066696C65"

/* ------------------------------------------------------------------------------------------------------------------
 * The terminal's state, observed without changing it
 * ------------------------------------------------------------------------------------------------------------------ */

/* Each code's answer with an invalid pos_param: a code that would be accepted gets POS_PARAM_ERROR. */
enum { FIRST, SECOND, PLAIN, KEY_2, SHOWN };
static const char *const shown[SHOWN] = {"card-no-0", "card-no-1", "plain", "key-2"};

struct facts {
    int shows[SHOWN];
    int files;
    long blocks, bytes;
};

static struct facts look(void) {
    struct facts facts = {.files = open_files(), .blocks = live_blocks(), .bytes = live_bytes()};
    static struct answer answer;
    for (int i = 0; i < SHOWN; i++) {
        struct code code = fixture_code(shown[i]);
        struct call call = call_with(&code);
        call.pos_param = "{}";
        facts.shows[i] = call_verify(&call, &answer);
    }
    return facts;
}

/* The record of an accepted code shows which key is in force. This code is used for nothing else. */
static void signs_with(const char *key) {
    static uint32_t serial;
    static struct answer answer;
    struct code code = sign_code(NOW - 1000 + serial++, 65535);
    struct call call = call_with(&code);
    CHECK_INT(SUCCESS, call_legacy(&call, &answer));
    check_record(&answer, &call, NOW, key, strlen(key));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Initial states
 * ------------------------------------------------------------------------------------------------------------------ */

static char base_directory[] = "/tmp/posoffline-memory-XXXXXX";
static char key_file[100], one_directory[100], other_directory[100];
static const char *key_before;

static void empty(const char *directory) {
    char path[200];
    snprintf(path, sizeof path, "%s/replay.journal", directory);
    remove(path);
}

static void nothing(void) {
    unsetenv("POSOFFLINE_RECORD_KEY_FILE");
    unsetenv("POSOFFLINE_STATE_DIR");
    free_pos_verify();
    empty(one_directory);
    empty(other_directory);
    key_before = DEVELOPMENT_KEY;
}

#define OLD_LIST "[{\"key_id\":1,\"public_key\":\"" ISSUER_1 "\"}]"

/* Older lists, and one code accepted. */
static void in_use(void) {
    nothing();
    CHECK_INT(SUCCESS, init(OLD_LIST, "[\"CITY0001\"]"));
    CHECK_INT(SUCCESS, verify_named(shown[FIRST]));
}

static void with_key(void) {
    in_use();
    CHECK_INT(SUCCESS, posoffline_set_record_key((const unsigned char *)KEY_A, sizeof KEY_A - 1));
    key_before = KEY_A;
}

/* Nothing is initialised: verify_qrcode takes the directory of the environment, whatever an init_pos_verify returns. */
static void with_key_file_alone(void) {
    nothing();
    setenv("POSOFFLINE_RECORD_KEY_FILE", key_file, 1);
    key_before = KEY_B;
}

static void with_environment_alone(void) {
    char path[200];
    with_key_file_alone();
    /* The library has opened the directory in an earlier round; a verification then creates no journal there. */
    snprintf(path, sizeof path, "%s/replay.journal", one_directory);
    fclose(fopen(path, "w"));
    setenv("POSOFFLINE_STATE_DIR", one_directory, 1);
}

static void with_key_file(void) {
    in_use();
    setenv("POSOFFLINE_RECORD_KEY_FILE", key_file, 1);
}

static void with_environment(void) {
    in_use();
    setenv("POSOFFLINE_STATE_DIR", one_directory, 1);
}

static void with_directory(void) {
    nothing();
    CHECK_INT(SUCCESS, posoffline_set_state_dir(one_directory));
    CHECK_INT(SUCCESS, init(OLD_LIST, "[\"CITY0001\"]"));
    CHECK_INT(SUCCESS, verify_named(shown[FIRST]));
}

static void with_directory_closed(void) {
    with_directory();
    free_pos_verify();
}

static void with_key_file_and_directory_closed(void) {
    with_directory_closed();
    setenv("POSOFFLINE_RECORD_KEY_FILE", key_file, 1);
    key_before = KEY_B;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Calls
 * ------------------------------------------------------------------------------------------------------------------ */

static int initialise(void) { return init_pos_verify(KEY_LIST, CARD_TYPES); }
static int initialise_badly(void) { return init_pos_verify(KEY_LIST, "[\"ANT00001\",\"short\"]"); }

static int verify_second(void) {
    struct code code = fixture_code(shown[SECOND]);
    return verify(&code);
}

static int verify_second_legacy(void) {
    struct code code = fixture_code(shown[SECOND]);
    return legacy(&code);
}

static int verify_forged(void) {
    struct code code = fixture_code("user-sig-by-another-rider");
    return verify(&code);
}

static int read_second(void) {
    struct code code = fixture_code(shown[SECOND]);
    return info(&code);
}

static int key_id(void) { return get_key_id((const unsigned char *)"\2\1\7"); }

static int copy_version(void) {
    char version[POSOFFLINE_VERSION_MIN];
    return get_libposoffline_version(version, sizeof version) == SUCCESS && strcmp(version, POSOFFLINE_VERSION) == 0;
}

static int version(void) { return strcmp(get_version(), POSOFFLINE_VERSION) == 0; }
static int set_key(void) { return posoffline_set_record_key((const unsigned char *)KEY_B, sizeof KEY_B - 1); }
static int set_bad_key(void) { return posoffline_set_record_key((const unsigned char *)KEY_B, 15); }
static int explain(void) { return strlen(posoffline_strerror(NO_ENOUGH_MEMORY)) > 0; }
static int prompt(void) { return strcmp(posoffline_prompt(SUCCESS), "请上车") == 0; }

static int release(void) {
    free_pos_verify();
    return SUCCESS;
}

static int use_one(void) { return posoffline_set_state_dir(one_directory); }
static int use_other(void) { return posoffline_set_state_dir(other_directory); }
static int use_none(void) { return posoffline_set_state_dir(key_file); }

/* ------------------------------------------------------------------------------------------------------------------
 * Every function in every relevant state
 * ------------------------------------------------------------------------------------------------------------------ */

enum { FRESH = POS_PARAM_ERROR, USED = QRCODE_DUPLICATED, UNLISTED = CARDTYPE_UNSUPPORTED, UNKNOWN = ILLEGAL_PARAM };
#define IN_USE {USED, FRESH, UNLISTED, UNKNOWN}
#define BOTH_USED {USED, USED, UNLISTED, UNKNOWN}
#define NEW_LISTS {USED, FRESH, FRESH, FRESH}
#define ALL_FRESH {FRESH, FRESH, FRESH, FRESH}
#define FREED {NOT_INITIALIZED, NOT_INITIALIZED, NOT_INITIALIZED, NOT_INITIALIZED}

static const struct step {
    const char *name;
    void (*prepare)(void);
    int (*call)(void);
    int result;       /* when no allocation fails */
    long least;       /* the fewest allocations that it makes; 0: exactly none */
    int shows[SHOWN]; /* the codes' answers afterwards */
    const char *key;  /* the record key afterwards */
} steps[] = {
    {"init_pos_verify", nothing, initialise, SUCCESS, 3, ALL_FRESH, DEVELOPMENT_KEY},
    {"init_pos_verify again", with_key, initialise, SUCCESS, 2, NEW_LISTS, KEY_A},
    {"init_pos_verify with bad lists", with_key, initialise_badly, ILLEGAL_PARAM, 1, IN_USE, KEY_A},
    {"init_pos_verify with a key file, first", with_key_file_alone, initialise, SUCCESS, 3, ALL_FRESH, KEY_B},
    {"init_pos_verify with a key file", with_key_file, initialise, SUCCESS, 2, NEW_LISTS, KEY_B},
    {"verify_qrcode_v2", in_use, verify_second, SUCCESS, 0, BOTH_USED, DEVELOPMENT_KEY},
    {"verify_qrcode_v2, forged", in_use, verify_forged, MALFORMED_QRCODE, 0, IN_USE, DEVELOPMENT_KEY},
    {"verify_qrcode", in_use, verify_second_legacy, SUCCESS, 0, BOTH_USED, DEVELOPMENT_KEY},
    {"verify_qrcode without initialisation", nothing, verify_second_legacy, SUCCESS, 1, FREED, DEVELOPMENT_KEY},
    {"verify_qrcode with a key file, first", with_key_file_alone, verify_second_legacy, SUCCESS, 1, FREED, KEY_B},
    {"get_qrcode_info", in_use, read_second, SUCCESS, 0, IN_USE, DEVELOPMENT_KEY},
    {"get_key_id", nothing, key_id, 7, 0, FREED, DEVELOPMENT_KEY},
    {"get_libposoffline_version", in_use, copy_version, 1, 0, IN_USE, DEVELOPMENT_KEY},
    {"get_version", in_use, version, 1, 0, IN_USE, DEVELOPMENT_KEY},
    {"posoffline_set_record_key", with_key, set_key, SUCCESS, 0, IN_USE, KEY_B},
    {"posoffline_set_record_key, too short", with_key, set_bad_key, ILLEGAL_PARAM, 0, IN_USE, KEY_A},
    {"posoffline_strerror", in_use, explain, 1, 0, IN_USE, DEVELOPMENT_KEY},
    {"posoffline_prompt", in_use, prompt, 1, 0, IN_USE, DEVELOPMENT_KEY},
    {"free_pos_verify", with_key, release, SUCCESS, 0, FREED, DEVELOPMENT_KEY},
    /* With a directory from here on. First from the environment: a directory from a call cannot be unset. */
    {"posoffline_set_state_dir with a bad path", with_key, use_none, ILLEGAL_PARAM, 1, IN_USE, KEY_A},
    {"init_pos_verify with a directory", with_environment, initialise, SUCCESS, 4, NEW_LISTS, DEVELOPMENT_KEY},
    {"verify_qrcode with a directory, first", with_environment_alone, verify_second_legacy, SUCCESS, 1, FREED, KEY_B},
    {"posoffline_set_state_dir", with_key, use_other, SUCCESS, 2, IN_USE, KEY_A},
    {"posoffline_set_state_dir, the same", with_directory, use_one, SUCCESS, 0, IN_USE, DEVELOPMENT_KEY},
    {"posoffline_set_state_dir, another", with_directory, use_other, SUCCESS, 2, IN_USE, DEVELOPMENT_KEY},
    {"posoffline_set_state_dir, opened again", with_directory_closed, use_one, SUCCESS, 1, FREED, DEVELOPMENT_KEY},
    {"init_pos_verify, opened again", with_directory_closed, initialise, SUCCESS, 3, NEW_LISTS, DEVELOPMENT_KEY},
    {"init_pos_verify with a key file, opened again", with_key_file_and_directory_closed, initialise, SUCCESS, 3,
        NEW_LISTS, KEY_B},
    {"verify_qrcode, opened again", with_directory_closed, verify_second_legacy, SUCCESS, 1, FREED, DEVELOPMENT_KEY},
    {"verify_qrcode_v2 with a directory", with_directory, verify_second, SUCCESS, 0, BOTH_USED, DEVELOPMENT_KEY},
    {"free_pos_verify with a directory", with_directory, release, SUCCESS, 0, FREED, DEVELOPMENT_KEY},
};

/* The rest of the state, which is equal before and after if nothing has changed. */
static void is_as(const struct facts *before) {
    struct facts after = look();
    for (int i = 0; i < SHOWN; i++) CHECK_INT(before->shows[i], after.shows[i]);
    CHECK_INT(before->files, after.files);
    CHECK_INT(before->blocks, after.blocks);
    CHECK_INT(before->bytes, after.bytes);
}

/* Fails allocation `number`. Returns how many allocations the call has made. */
static long attempt(const struct step *step, long number, int and_later) {
    step->prepare();
    set_context("%s: allocation %ld fails%s", step->name, number, and_later ? ", and all later ones" : "");
    struct facts before = look();
    fail_allocation(number, and_later);
    int result = step->call();
    long made = allow_allocations();
    if (made >= number) {
        CHECK_INT(NO_ENOUGH_MEMORY, result);
        is_as(&before);
        signs_with(key_before);
        return made;
    }
    struct facts after = look();
    CHECK_INT(step->result, result);
    for (int i = 0; i < SHOWN; i++) CHECK_INT(step->shows[i], after.shows[i]);
    if (result == ILLEGAL_PARAM) is_as(&before);
    signs_with(step->key);
    return made;
}

static void every_function(void) {
    set_clock(NOW);
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        const struct step *step = &steps[i];
        /* Success comes last: it may set state that stays. */
        long number = 1, made;
        for (; (made = attempt(step, number, 0)) >= number && number < 50; number++) attempt(step, number, 1);
        set_context("%s makes %ld allocations", step->name, made);
        CHECK(step->least ? made >= step->least && made < 50 : made == 0);
        if (made == 0) continue;
        step->prepare();
        set_context("%s, again with memory", step->name);
        fail_allocation(1, 0);
        int result = step->call();
        if (allow_allocations() == 0) continue; /* a directory that was set for the first time above */
        CHECK_INT(NO_ENOUGH_MEMORY, result);
        CHECK_INT(step->result, step->call());
    }
}

/* These calls leave nothing allocated but the path of the state directory. */
static void nothing_is_left(void) {
    nothing();
    long blocks = live_blocks(), bytes = live_bytes();
    int files = open_files();
    with_directory_closed();
    CHECK_INT(SUCCESS, initialise());
    CHECK_INT(SUCCESS, verify_second());
    free_pos_verify();
    CHECK_INT(blocks, live_blocks());
    CHECK_INT(bytes, live_bytes());
    CHECK_INT(files, open_files());
}

int main(int argc, char **argv) {
    static const struct test tests[] = {
        {"without memory a call says so and changes nothing, or does without", every_function},
        {"whatever failed, nothing is left behind", nothing_is_left}, {0}};
    static const struct test *const lists[] = {tests, NULL};
    if (!mkdtemp(base_directory)) return 2;
    snprintf(key_file, sizeof key_file, "%s/key", base_directory);
    snprintf(one_directory, sizeof one_directory, "%s/one", base_directory);
    snprintf(other_directory, sizeof other_directory, "%s/other", base_directory);
    FILE *file = fopen(key_file, "w");
    if (!file || fputs(KEY_B_HEX "\n", file) < 0 || fclose(file) != 0) return 2;
    if (mkdir(one_directory, 0700) != 0 || mkdir(other_directory, 0700) != 0) return 2;
    int result = run_tests(argc, argv, lists, NULL);
    free_pos_verify();
    empty(one_directory), empty(other_directory);
    return remove(key_file) || rmdir(one_directory) || rmdir(other_directory) || rmdir(base_directory) ? 2 : result;
}
