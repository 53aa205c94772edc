/* branches: whether any branch or address depends on the record key. Runs under valgrind's memcheck, which tracks
 * undefined bits and reports branches and addresses that depend on one. The key is declared undefined.
 *
 * branches KEY_IN_HEX: signs one record with a key and prints the library's address, for paths.py. */
#define _GNU_SOURCE
#include "harness.h"
#include "fixtures.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#ifdef __x86_64__
#include <valgrind/memcheck.h>
#endif

/* The library's clock. */
time_t time(time_t *out) {
    if (out) *out = NOW;
    return NOW;
}

static char record[3072];
static int record_count;

static int verify_code(const struct code *code, int old) {
    char uid[17], card_no[64], card_type[9];
    unsigned char card_data[128];
    int result;
    if (old) {
        VERIFY_REQUEST request = {code->bytes, (int)code->count, ISSUER_1, GOOD_POS_PARAM, 1};
        VERIFY_RESPONSE response = {uid, 17, record, sizeof record};
        result = verify_qrcode(&request, &response);
        record_count = response.record_len;
    } else {
        VERIFY_REQUEST_V2 request = {code->bytes, (int)code->count, GOOD_POS_PARAM, 1};
        VERIFY_RESPONSE_V2 response = {uid, 17, record, sizeof record, card_no, 64, card_data, 128, card_type, 9};
        result = verify_qrcode_v2(&request, &response);
        record_count = response.record_len;
    }
    return result;
}

/* One record, always the same except for the key and the MAC. */
static int sign_with(const char *hex) {
    unsigned char key[64];
    size_t count = bytes_of_hex(hex, key, sizeof key);
    struct code code = sign_code(NOW, 65535);
    Dl_info info;
    if (init_pos_verify(KEY_LIST, CARD_TYPES) != SUCCESS || posoffline_set_record_key(key, (int)count) != SUCCESS ||
        verify_code(&code, 0) != SUCCESS || !dladdr(dlsym(RTLD_DEFAULT, "get_version"), &info))
        return 1;
    printf("%p\n", info.dli_fbase);
    return 0;
}

#ifdef __x86_64__

enum { KEY_ID_AND_MAC = 2 * (4 + 2 + 32), MAC = 2 * 32 };

/* How many bytes have an undefined bit. */
static int undefined(const void *bytes, size_t count) {
    static unsigned char bits[sizeof record];
    int answer = 0;
    CHECK_INT(1, (int)VALGRIND_GET_VBITS(bytes, bits, count));
    for (size_t i = 0; i < count; i++) answer += bits[i] != 0;
    return answer;
}

static void depends_on_nothing(int old) {
    static const size_t counts[] = {16, 20, 32, 63, 64};
    static uint32_t generated = NOW;
    unsigned char key[64], copy[64];
    for (size_t i = 0; i < sizeof key; i++) key[i] = copy[i] = (unsigned char)(17 * i + 3);
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        set_context("a key of %zu bytes", counts[i]);
        struct code code = sign_code(generated--, 65535);
        unsigned before = VALGRIND_COUNT_ERRORS;
        VALGRIND_MAKE_MEM_UNDEFINED(key, sizeof key);
        int set = posoffline_set_record_key(key, (int)counts[i]), result = verify_code(&code, old);
        CHECK_INT(before, VALGRIND_COUNT_ERRORS);
        /* Exactly the MAC is undefined: it was computed from the key. */
        VALGRIND_MAKE_MEM_DEFINED(&set, sizeof set);
        VALGRIND_MAKE_MEM_DEFINED(&result, sizeof result);
        VALGRIND_MAKE_MEM_DEFINED(&record_count, sizeof record_count);
        CHECK_INT(SUCCESS, set);
        CHECK_INT(SUCCESS, result);
        CHECK(record_count > KEY_ID_AND_MAC);
        CHECK_INT(MAC, undefined(record + record_count - MAC, MAC));
        CHECK_INT(0, undefined(record, (size_t)record_count - KEY_ID_AND_MAC));
        VALGRIND_MAKE_MEM_DEFINED(record, sizeof record);

        unsigned char bytes[1500], mac[32];
        size_t count = bytes_of_hex(record, bytes, sizeof bytes);
        hmac_sha256(copy, counts[i], bytes, count - 34, mac);
        CHECK_BYTES(mac, bytes + count - 32, 32);
    }
    free_pos_verify();
}

static void new_records(void) {
    CHECK_INT(SUCCESS, init_pos_verify(KEY_LIST, CARD_TYPES));
    depends_on_nothing(0);
}

static void old_records(void) { depends_on_nothing(1); }

static const struct test branch_tests[] = {
    {"no branch and no address depends on the key in verify_qrcode_v2", new_records},
    {"no branch and no address depends on the key in verify_qrcode", old_records}, {NULL, NULL}};

int main(int argc, char **argv) {
    static const struct test *const lists[] = {branch_tests, NULL};
    if (argc == 2) return sign_with(argv[1]);
    if (RUNNING_ON_VALGRIND) return run_tests(argc, argv, lists, NULL);
    printf("branches: not under valgrind\n");
    return 2;
}

#else

int main(int argc, char **argv) { return argc == 2 ? sign_with(argv[1]) : 2; }

#endif
