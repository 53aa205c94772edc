/* The library prints nothing. A verification stays within its stack limit. */
#define _XOPEN_SOURCE 700
#include "harness.h"
#include "fixtures.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void exercise(void) {
    static const char *const names[] = {"good", "good", "user-sig-r-1", "user-sig-infinite", "user-key-not-on-curve",
        "issuer-sig-empty", "type-not-listed", "key-not-listed", "expiry-zero", "window-600-past-outside", "quota-0",
        "version-1", "trailing-byte", "longest-both"};
    static struct answer answer;
    struct code code;
    char version[16];
    free_pos_verify();
    for (int initialized = 0; initialized < 2; initialized++) {
        for (size_t i = 0; i < COUNT_OF(names); i++) {
            code = fixture_code(names[i]);
            struct call call = call_with(&code);
            call_verify(&call, &answer);
            call_info(&call, &answer);
            call_legacy(&call, &answer);
            call.pos_param = "{";
            call_verify(&call, &answer);
            call.null = NO_CODE;
            call_verify(&call, &answer);
            fail_allocation(1, 1);
            call.null = 0;
            call_verify(&call, &answer);
            init(KEY_LIST, CARD_TYPES);
            allow_allocations();
        }
        get_key_id(code.bytes);
        get_libposoffline_version(version, 16);
        get_libposoffline_version(version, 1);
        get_version();
        posoffline_set_record_key(code.bytes, 5);
        posoffline_set_record_key(code.bytes, 20);
        posoffline_set_state_dir(NULL);
        posoffline_set_state_dir("/nowhere");
        posoffline_set_state_dir("/dev/full");
        setenv("POSOFFLINE_STATE_DIR", "/nowhere", 1);
        init(KEY_LIST, CARD_TYPES);
        unsetenv("POSOFFLINE_STATE_DIR");
        for (int result = -14; result < 3; result++) posoffline_strerror(result), posoffline_prompt(result);
        init("[", "]");
        init("[{\"key_id\":-1,\"public_key\":\"zz\"}]", CARD_TYPES);
        setenv("POSOFFLINE_RECORD_KEY_FILE", "/nowhere", 1);
        init(KEY_LIST, CARD_TYPES);
        unsetenv("POSOFFLINE_RECORD_KEY_FILE");
        init(KEY_LIST, CARD_TYPES);
        set_clock(-1);
        code = fixture_code("plain");
        verify(&code);
        set_clock(NOW);
    }
    free_pos_verify();
}

static void prints_nothing(void) {
    char path[] = "/tmp/conformance-XXXXXX";
    int file = mkstemp(path), out = dup(1), err = dup(2);
    CHECK(file >= 0 && out >= 0 && err >= 0);
    fflush(NULL);
    dup2(file, 1);
    dup2(file, 2);
    exercise();
    struct stat status;
    fstat(file, &status);
    dup2(out, 1);
    dup2(err, 2);
    close(out), close(err), close(file);
    unlink(path);
    CHECK_INT(0, (long long)status.st_size);
}

/* The header promises 16 KiB. The thread's stack is filled with a pattern before the call; what is overwritten was
 * used. */
enum { STACK = 256 * 1024, PROMISED = 16 * 1024 };

static struct call deep_call;
static int deep_result;
static VERIFY_REQUEST_V2 deep_request;
static VERIFY_RESPONSE_V2 deep_response;
static unsigned char *deep_top;

static void *deep(void *unused) {
    deep_top = __builtin_frame_address(0); /* not a variable's address: a sanitizer may move variables elsewhere */
    deep_result = verify_qrcode_v2(&deep_request, &deep_response);
    return unused;
}

static void stack(void) {
    unsigned char *memory;
    static char uid[17], record[3072], card_no[256], card_type[9];
    static unsigned char card_data[256];
    struct code code = fixture_code("longest-both");
    CHECK_INT(SUCCESS, verify_named("good"));
    if (posix_memalign((void **)&memory, 4096, STACK) != 0) {
        CHECK(!"memory for a stack");
        return;
    }
    deep_call = call_with(&code);
    for (int round = 0; round < 2; round++) {
        start_terminal();
        memset(memory, PATTERN, STACK);
        deep_request = (VERIFY_REQUEST_V2){code.bytes, (int)code.count, GOOD_POS_PARAM, 200};
        deep_response = (VERIFY_RESPONSE_V2){uid, 17, record, 3072, card_no, 256, card_data, 256, card_type, 9};
        pthread_attr_t attributes;
        pthread_t thread;
        pthread_attr_init(&attributes);
        CHECK_INT(0, pthread_attr_setstack(&attributes, memory, STACK));
        CHECK_INT(0, pthread_create(&thread, &attributes, deep, NULL));
        pthread_join(thread, NULL);
        pthread_attr_destroy(&attributes);
        CHECK_INT(SUCCESS, deep_result);
        size_t untouched = 0;
        while (untouched < STACK && memory[untouched] == PATTERN) untouched++;
        long used = (long)(deep_top - (memory + untouched));
        set_context("%ld bytes of stack", used);
        CHECK(used > 0 && used <= PROMISED);
    }
    free(memory);
}

const struct test no_output_tests[] = {{"nothing is printed", prints_nothing},
    {"a verification needs at most 16 KiB of stack", stack}, {0}};
