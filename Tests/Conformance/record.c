/* The offline record (section 6), the key that signs it and the file that may hold the key (section 7). */
#define _XOPEN_SOURCE 700
#include "harness.h"
#include "fixtures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct answer answer;
static uint32_t fresh;

/* One more code is accepted. Checks its record with a key. */
static void accept_under(const void *key, size_t key_count) {
    struct code code = sign_code(NOW - 20000 + fresh++, 65535);
    struct call call = call_with(&code);
    set_clock(NOW);
    CHECK_INT(SUCCESS, call_verify(&call, &answer));
    check_record(&answer, &call, NOW, key, key_count);
    code = sign_code(NOW - 20000 + fresh++, 65535);
    call = call_with(&code);
    CHECK_INT(SUCCESS, call_legacy(&call, &answer));
    check_record(&answer, &call, NOW, key, key_count);
}

#define UNDER_DEVELOPMENT_KEY() accept_under(DEVELOPMENT_KEY, sizeof DEVELOPMENT_KEY - 1)

static void fields(void) {
    static const struct {
        const char *fixture, *pos_param;
        int amount;
        long long now;
    } table[] = {{"good", GOOD_POS_PARAM, 200, NOW}, {"plain", GOOD_POS_PARAM, 0, NOW + 600},
        {"longest-both", GOOD_POS_PARAM, 1, NOW - 600}, {"quota-65535", GOOD_POS_PARAM, 65535, NOW + 1},
        {"shortest", GOOD_POS_PARAM, 1000, NOW},
        {"genuine",
            "{\"type\":\"OUT\",\"x\":[1,2],\"pos_id\":\"\xE4\xBA\x8C\",\"subject\":\"\\u4e8c\",\"record_id\":\" \"}\n ",
            300, NOW}};
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct code code = fixture_code(strcmp(table[i].fixture, "genuine") ? table[i].fixture : "rider-150");
        struct call call = call_with(&code);
        call.amount = table[i].amount;
        call.pos_param = table[i].pos_param;
        set_clock(table[i].now);
        set_context("%s", table[i].fixture);
        CHECK_INT(SUCCESS, call_verify(&call, &answer));
        check_record(&answer, &call, (uint32_t)table[i].now, DEVELOPMENT_KEY, sizeof DEVELOPMENT_KEY - 1);
    }
}

static void key_lengths(void) {
    static struct guard guard;
    unsigned char key[80];
    for (size_t i = 0; i < sizeof key; i++) key[i] = (unsigned char)(i * 37 + 200);
    UNDER_DEVELOPMENT_KEY();
    static const int wrong[] = {15, 1, 0, -1, -16, -2147483647 - 1, 65, 66, 80};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        set_context("key_len %d before any", wrong[i]);
        CHECK_INT(ILLEGAL_PARAM, posoffline_set_record_key(key, wrong[i]));
        UNDER_DEVELOPMENT_KEY();
    }
    for (int count = 16; count <= 64; count += count == 17 ? 14 : count == 31 ? 1 : count == 32 ? 31 : 1) {
        set_context("key_len %d", count);
        CHECK_INT(SUCCESS, posoffline_set_record_key(guard_copy(&guard, key, (size_t)count), count));
        memset(guard.base, 0, guard.size); /* the library has a copy */
        accept_under(key, (size_t)count);
        for (size_t i = 0; i < COUNT_OF(wrong); i++)
            CHECK_INT(ILLEGAL_PARAM, posoffline_set_record_key(key + 1, wrong[i]));
        CHECK_INT(ILLEGAL_PARAM, posoffline_set_record_key(NULL, 32));
        set_context("key_len %d is still in force", count);
        accept_under(key, (size_t)count);
        CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
        accept_under(key, (size_t)count);
    }
    /* A shorter key after a longer one, and a key of zeros. */
    CHECK_INT(SUCCESS, posoffline_set_record_key(key, 64));
    CHECK_INT(SUCCESS, posoffline_set_record_key(key, 16));
    accept_under(key, 16);
    memset(key, 0, sizeof key);
    CHECK_INT(SUCCESS, posoffline_set_record_key(key, 20));
    accept_under(key, 20);
    set_context("%s", "free_pos_verify forgets the key");
    start_terminal();
    UNDER_DEVELOPMENT_KEY();
}

static void key_before_initialisation(void) {
    unsigned char key[16] = "0123456789abcdef";
    free_pos_verify();
    CHECK_INT(SUCCESS, posoffline_set_record_key(key, 16));
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
    accept_under(key, 16);
}

/* The directory of the record key files. */
static char directory[64], path[80];

static void make_file(const void *content, size_t count) {
    if (!directory[0]) {
        strcpy(directory, "/tmp/conformance-XXXXXX");
        if (!mkdtemp(directory)) strcpy(directory, ".");
        sprintf(path, "%s/key", directory);
    }
    remove(path);
    FILE *file = fopen(path, "wb");
    CHECK(file && fwrite(content, 1, count, file) == count);
    if (file) fclose(file);
    setenv("POSOFFLINE_RECORD_KEY_FILE", path, 1);
}

static void remove_files(void) {
    unsetenv("POSOFFLINE_RECORD_KEY_FILE");
    if (directory[0]) {
        remove(path);
        rmdir(directory);
    }
    directory[0] = '\0';
}

#define HEX_16 "000102030405060708090A0B0C0D0E0F"
#define HEX_64 HEX_16 HEX_16 HEX_16 HEX_16
/* 159 bytes, the longest file that is allowed. */
#define FILLED HEX_64 "                               "

static void good_files(void) {
    static const char *const texts[] = {HEX_16, HEX_16 "\n", HEX_16 "\r\n", HEX_16 " \t\r\n\n", HEX_64, HEX_64 "\n",
        FILLED, HEX_16 "ff", HEX_16 HEX_16 "abcdefABCDEF\n", "000102030405060708090a0b0c0d0e0f\n"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        char digits[200];
        unsigned char key[64];
        strcpy(digits, texts[i]);
        digits[strspn(digits, "0123456789abcdefABCDEF")] = '\0';
        size_t count = bytes_of_hex(digits, key, sizeof key);
        free_pos_verify();
        make_file(texts[i], strlen(texts[i]));
        set_context("file %s", texts[i]);
        CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
        remove_files(); /* it was read */
        accept_under(key, count);
        set_context("%s", "unset again");
        free_pos_verify();
        CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
        UNDER_DEVELOPMENT_KEY();
    }
}

/* verify_qrcode works without init_pos_verify, and needs the key too. */
static void file_without_init(void) {
    unsigned char key[16];
    bytes_of_hex(HEX_16, key, 16);
    struct code code = fixture_code("good");
    struct call call = call_with(&code);
    free_pos_verify();
    make_file("no key", 6);
    for (int i = 0; i < 2; i++) CHECK_INT(SYSTEM_ERROR, call_legacy(&call, &answer));
    make_file(HEX_16, 32);
    CHECK_INT(SUCCESS, call_legacy(&call, &answer));
    check_record(&answer, &call, NOW, key, 16);
    remove_files(); /* it was read */
    code = sign_code(NOW, 60);
    call = call_with(&code);
    CHECK_INT(SUCCESS, call_legacy(&call, &answer));
    check_record(&answer, &call, NOW, key, 16);
}

/* free_pos_verify drops the key while a code is being verified: no record is signed with another key. */
static void freed_in_between(void) {
    unsigned char key[16];
    bytes_of_hex(HEX_16, key, 16);
    make_file(HEX_16, 32);
    for (long lock = 1; lock <= 5; lock++) {
        for (int is_legacy = 0; is_legacy < 2; is_legacy++) {
            set_context("before lock %ld, older function: %d", lock, is_legacy);
            free_pos_verify();
            CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
            struct code code = sign_code(NOW - 500 + (uint32_t)(2 * lock) + (uint32_t)is_legacy, 65535);
            struct call call = call_with(&code);
            at_lock(lock, free_pos_verify);
            int result = is_legacy ? call_legacy(&call, &answer) : call_verify(&call, &answer);
            int was_reached = lock_was_reached();
            CHECK(was_reached || lock > 3);
            CHECK_INT(is_legacy || !was_reached ? SUCCESS : NOT_INITIALIZED, result);
            if (result == SUCCESS) check_record(&answer, &call, NOW, key, 16);
        }
    }
    remove_files();
}

static void refused_file(const char *name) {
    unsigned char key[20] = "the key before 12345";
    set_context("file %s", name);
    CHECK_INT(ILLEGAL_PARAM, init("[{\"key_id\":2,\"public_key\":\"" ISSUER_2 "\"}]", "[\"OTHER001\"]"));
    /* Lists and key are unchanged. */
    accept_under(key, 20);
    free_pos_verify();
    CHECK_INT(ILLEGAL_PARAM, init(KEY_LIST, CARD_TYPES));
    CHECK_INT(NOT_INITIALIZED, info(&(struct code){1, {2}}));
    /* Restores what refused_file expects. */
    const char *kept = getenv("POSOFFLINE_RECORD_KEY_FILE");
    char copy[200];
    strcpy(copy, kept ? kept : "");
    unsetenv("POSOFFLINE_RECORD_KEY_FILE");
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
    CHECK_INT(SUCCESS, posoffline_set_record_key(key, 20));
    setenv("POSOFFLINE_RECORD_KEY_FILE", copy, 1);
}

/* init_pos_verify's answer to a user without privileges: root may read every file. */
static int init_without_privileges(void) {
    pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) _exit(100);
        _exit(-init(KEY_LIST, CARD_TYPES) & 0xff);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) return 100;
    return -(int)(signed char)WEXITSTATUS(status);
}

static void bad_files(void) {
    static const struct {
        const char *name, *text;
    } texts[] = {{"empty", ""}, {"only a newline", "\n"}, {"only white space", "   \n \n"},
        {"one digit less", "000102030405060708090A0B0C0D0E0"}, {"15 bytes", "000102030405060708090A0B0C0D0E"},
        {"odd digits", HEX_16 "0\n"}, {"65 bytes", HEX_64 "00"}, {"one digit more", HEX_64 "0\n"},
        {"68 bytes", HEX_64 "00000000\n"}, {"two keys", HEX_64 HEX_64}, {"of 160 bytes", FILLED "\n"},
        {"of 161 bytes", FILLED "\n0"}, {"white space in front", " " HEX_16}, {"newline in front", "\n" HEX_16},
        {"white space within", "00 0102030405060708090A0B0C0D0E0F"}, {"two lines", HEX_16 "\n" HEX_16 "\n"},
        {"0x", "0x" HEX_16}, {"no hex", "posoffline development key......"}, {"G", HEX_16 "0G"},
        {"a comment", HEX_16 " # key\n"}, {"quotes", "\"" HEX_16 "\""}, {"BOM", "\xEF\xBB\xBF" HEX_16}};
    unsigned char key[20] = "the key before 12345";
    CHECK_INT(SUCCESS, posoffline_set_record_key(key, 20));
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        make_file(texts[i].text, strlen(texts[i].text));
        refused_file(texts[i].name);
    }
    make_file(HEX_16 "\0\0", 34);
    refused_file("NUL behind");
    make_file("0001\0"
              "2030405060708090A0B0C0D0E0F10111213",
        36);
    refused_file("NUL within");
    static char much[100000];
    memset(much, '0', sizeof much);
    make_file(much, sizeof much);
    refused_file("of 100,000 digits");
    remove(path);
    refused_file("that is not there");
    setenv("POSOFFLINE_RECORD_KEY_FILE", directory, 1);
    refused_file("that is a directory");
    setenv("POSOFFLINE_RECORD_KEY_FILE", "/dev/zero", 1);
    refused_file("that never ends");
    make_file(HEX_16, 32);
    CHECK_INT(0, chmod(directory, 0755));
    CHECK_INT(0, chmod(path, 0644));
    set_context("%s", "a file that anybody may read");
    CHECK_INT(SUCCESS, init_without_privileges());
    CHECK_INT(0, chmod(path, 0));
    set_context("%s", "a file that nobody may read");
    CHECK_INT(ILLEGAL_PARAM, init_without_privileges());
    remove(path);
    CHECK_INT(0, symlink(path, path));
    refused_file("that is a link to itself");
    remove(path);
    CHECK_INT(0, mkfifo(path, 0600));
    alarm(30); /* opening a FIFO must not wait for a writer */
    refused_file("that is a FIFO");
    remove_files();
}

static void call_before_file(void) {
    unsigned char by_call[17] = "key set by a call", by_file[16];
    bytes_of_hex(HEX_16, by_file, 16);
    make_file(HEX_16 "\n", 33);
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
    accept_under(by_file, 16);
    set_context("%s", "a call after the file");
    CHECK_INT(SUCCESS, posoffline_set_record_key(by_call, 17));
    accept_under(by_call, 17);
    set_context("%s", "the file again");
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
    accept_under(by_call, 17);
    set_context("%s", "after free_pos_verify the file counts again");
    free_pos_verify();
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
    accept_under(by_file, 16);
    set_context("%s", "a refused call does not come before the file");
    free_pos_verify();
    CHECK_INT(ILLEGAL_PARAM, posoffline_set_record_key(by_call, 15));
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
    accept_under(by_file, 16);
    set_context("%s", "a new file is read at the next initialisation");
    make_file("101112131415161718191A1B1C1D1E1F2021", 36);
    bytes_of_hex("101112131415161718191A1B1C1D1E1F", by_file, 16);
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
    unsigned char eighteen[18];
    bytes_of_hex("101112131415161718191A1B1C1D1E1F2021", eighteen, 18);
    accept_under(eighteen, 18);
    remove_files();
}

/* A pos_param that makes a record of `count` bytes with this code. */
static char *padded(size_t code_count, size_t count) {
    static char text[1026];
    size_t others = 2 + 2 + code_count + 2 + 6 + 6 + 2 + strlen(get_version()) + 6 + 34;
    memset(text, ' ', sizeof text);
    memcpy(text, GOOD_POS_PARAM, sizeof GOOD_POS_PARAM - 1);
    CHECK(count > others + sizeof GOOD_POS_PARAM && count - others <= 1024);
    text[count - others] = '\0';
    return text;
}

static void capacities(void) {
    struct code code = fixture_code("good");
    struct call call = call_with(&code);
    /* In bytes of record, and the capacity for its hex: a record of 1023 bytes is the longest for the least buffer. */
    static const struct {
        size_t count;
        int capacity, expected;
    } table[] = {{1023, 2048, SUCCESS}, {1024, 2048, ILLEGAL_PARAM}, {1024, 2049, SUCCESS}, {1025, 2049, ILLEGAL_PARAM},
        {1025, 2050, ILLEGAL_PARAM}, {1025, 2051, SUCCESS}, {1200, 2400, ILLEGAL_PARAM}, {1200, 2401, SUCCESS},
        {1200, 2402, SUCCESS}, {1200, 3072, SUCCESS}};
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        for (int old = 0; old < 2; old++) {
            start_terminal();
            call.pos_param = padded(code.count, table[i].count);
            call.capacity[RECORD] = table[i].capacity;
            set_context("%zu bytes in %d, function %d", table[i].count, table[i].capacity, old);
            CHECK_INT(table[i].expected, old ? call_legacy(&call, &answer) : call_verify(&call, &answer));
            if (table[i].expected != SUCCESS) call.capacity[RECORD] = 3072;
            /* Refused for its buffer and then accepted: it was not marked. */
            CHECK_INT(table[i].expected == SUCCESS ? QRCODE_DUPLICATED : SUCCESS,
                old ? call_legacy(&call, &answer) : call_verify(&call, &answer));
            if (table[i].expected == SUCCESS) continue;
            CHECK_INT(2 * (int)table[i].count, answer.len[RECORD]);
            check_record(&answer, &call, NOW, DEVELOPMENT_KEY, sizeof DEVELOPMENT_KEY - 1);
        }
    }
}

static void longest(void) {
    static const char *const names[] = {"longest-both", "longest-card-no", "longest-card-data"};
    static char text[1025];
    memset(text, ' ', 1024);
    memcpy(text, GOOD_POS_PARAM, sizeof GOOD_POS_PARAM - 1);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct code code = fixture_code(names[i]);
        struct call call = call_with(&code);
        call.pos_param = text;
        call.capacity[RECORD] = POSOFFLINE_RECORD_MAX;
        set_context("%s", names[i]);
        CHECK_INT(SUCCESS, call_verify(&call, &answer));
        CHECK(answer.len[RECORD] > 2900 && answer.len[RECORD] < 3072);
        check_record(&answer, &call, NOW, DEVELOPMENT_KEY, sizeof DEVELOPMENT_KEY - 1);
    }
}

const struct test record_tests[] = {
    {"a record says what it should and its MAC holds", fields},
    {"a record key has 16 to 64 bytes and stays until it is replaced or dropped", key_lengths},
    {"a record key may be set before initialisation", key_before_initialisation},
    {"a record key file is read", good_files},
    {"verify_qrcode reads a record key file without init_pos_verify", file_without_init},
    {"a record key that is freed in the middle of a ride is not replaced by another", freed_in_between},
    {"a record key file without a valid key is refused and changes nothing", bad_files},
    {"a record key from a call comes before the file", call_before_file},
    {"a record fits its buffer to the byte", capacities},
    {"the longest record fits POSOFFLINE_RECORD_MAX", longest},
    {0},
};
