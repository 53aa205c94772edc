/* loading LIBRARY [ROUNDS]: dlopen and dlclose. This program is not linked with the library. */
#define _XOPEN_SOURCE 700
#include "harness.h"
#include "fixtures.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *library;
static int rounds = 10000;

/* dlsym returns object pointers; POSIX allows them to be function pointers. */
#define BIND(name) *(void **)&name##_ = dlsym(handle, #name)

static int (*init_pos_verify_)(const char *, const char *);
static int (*verify_qrcode_v2_)(VERIFY_REQUEST_V2 *, VERIFY_RESPONSE_V2 *);
static void (*free_pos_verify_)(void);
static char *(*get_version_)(void);

static void *load(void) {
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        printf("loading: %s\n", dlerror());
        exit(2);
    }
    BIND(init_pos_verify);
    BIND(verify_qrcode_v2);
    BIND(free_pos_verify);
    BIND(get_version);
    return handle;
}

static int verify_code(struct code *code) {
    char uid[17], record[3072], card_no[64], card_type[9];
    unsigned char card_data[128];
    VERIFY_REQUEST_V2 request = {code->bytes, (int)code->count, GOOD_POS_PARAM, 1};
    VERIFY_RESPONSE_V2 response = {uid, 17, record, 3072, card_no, 64, card_data, 128, card_type, 9};
    return verify_qrcode_v2_(&request, &response);
}

static void names(void) {
    static const char *const old[] = {"init_pos_verify", "get_qrcode_info", "verify_qrcode_v2", "get_key_id",
        "verify_qrcode", "get_libposoffline_version", "get_version", "free_pos_verify"};
    static const char *const new[] = {"posoffline_set_record_key", "posoffline_set_state_dir", "posoffline_strerror",
        "posoffline_prompt"};
    void *handle = load();
    for (size_t i = 0; i < COUNT_OF(old); i++) {
        set_context("%s", old[i]);
        CHECK(dlsym(handle, old[i]) != NULL);
    }
    for (size_t i = 0; i < COUNT_OF(new); i++) {
        set_context("%s", new[i]);
        CHECK(dlsym(handle, new[i]) != NULL);
    }
    set_context("%s", "");
    CHECK_TEXT(POSOFFLINE_VERSION, get_version_());
    dlclose(handle);
}

/* Loaded, used and unloaded without free_pos_verify, in each round. */
static void again_and_again(void) {
    long blocks = 0, bytes = 0, resident = 0;
    int files = open_files();
    struct code code = sign_code(NOW, 65535);
    set_clock(NOW);
    for (int i = 0; i < rounds; i++) {
        void *handle = load();
        set_context("round %d", i);
        CHECK_INT(NOT_INITIALIZED, verify_code(&code)); /* no state of the previous round */
        CHECK_INT(SUCCESS, init_pos_verify_(KEY_LIST, CARD_TYPES));
        CHECK_INT(SUCCESS, verify_code(&code));
        CHECK_INT(QRCODE_DUPLICATED, verify_code(&code));
        CHECK_INT(0, dlclose(handle));
        /* It must really be unloaded. */
        CHECK(dlopen(library, RTLD_NOW | RTLD_NOLOAD) == NULL);
        if (i == 20) blocks = live_blocks(), bytes = live_bytes(), resident = resident_kilobytes();
    }
    set_context("%ld blocks and %ld bytes more than after 20 rounds", live_blocks() - blocks, live_bytes() - bytes);
    CHECK(live_blocks() - blocks <= 8);
    CHECK(live_bytes() - bytes <= 4096);
    CHECK_INT(files, open_files());
    set_context("%ld KB before, %ld KB after", resident, resident_kilobytes());
    /* Few rounds mean an emulator. It needs more memory itself for each newly loaded code. */
    CHECK(resident > 0 && (rounds < 1000 || resident_kilobytes() - resident < 1024));
}

static void unused(void) {
    long blocks = 0;
    for (int i = 0; i < rounds / 5; i++) {
        dlclose(load());
        if (i == 20) blocks = live_blocks();
    }
    CHECK(live_blocks() - blocks <= 8);
    for (int i = 0; i < rounds / 5; i++) {
        void *handle = load();
        free_pos_verify_();
        if (i % 2) init_pos_verify_(KEY_LIST, CARD_TYPES), free_pos_verify_(), free_pos_verify_();
        dlclose(handle);
        if (i == 20) blocks = live_blocks();
    }
    set_context("%ld blocks more", live_blocks() - blocks);
    CHECK(live_blocks() - blocks <= 8);
}

static void loaded_twice(void) {
    struct code code = sign_code(NOW, 65535);
    set_clock(NOW);
    void *one = load(), *two = load();
    CHECK_INT(SUCCESS, init_pos_verify_(KEY_LIST, CARD_TYPES));
    CHECK_INT(SUCCESS, verify_code(&code));
    dlclose(one);
    CHECK_INT(QRCODE_DUPLICATED, verify_code(&code));
    dlclose(two);
}

static void *use(void *unused_argument) {
    struct code code = sign_code(NOW + 5, 65535);
    return verify_code(&code) == SUCCESS ? unused_argument : NULL;
}

/* Destructors of thread-local data must not run in an unloaded library. */
static void threads_come_and_go(void) {
    set_clock(NOW);
    for (int i = 0; i < 20; i++) {
        void *handle = load(), *result = NULL;
        pthread_t thread;
        CHECK_INT(SUCCESS, init_pos_verify_(KEY_LIST, CARD_TYPES));
        CHECK_INT(0, pthread_create(&thread, NULL, use, handle));
        pthread_join(thread, &result);
        CHECK(result == handle);
        dlclose(handle);
    }
}

int main(int argc, char **argv) {
    static const struct test tests[] = {{"every name of the contract can be bound", names},
        {"loading and unloading by the thousand costs nothing", again_and_again},
        {"unloading without use costs nothing", unused},
        {"a library loaded twice stays until it is unloaded twice", loaded_twice},
        {"the library may be unloaded when threads that used it have ended", threads_come_and_go}, {0}};
    static const struct test *const lists[] = {tests, NULL};
    if (argc == 3) rounds = atoi(argv[2]);
    if (argc < 2 || argc > 3 || rounds < 120) {
        fprintf(stderr, "usage: %s LIBRARY [ROUNDS, at least 120]\n", argv[0]);
        return 2;
    }
    library = argv[1];
    char *only_name[] = {argv[0], NULL};
    return run_tests(1, only_name, lists, NULL);
}
