/* two-copies LIBRARY COPY DIRECTORY: two copies of the library in one process. This program is linked with neither. */
#define _GNU_SOURCE
#include "harness.h"
#include "fixtures.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KEYS "[{\"key_id\":1,\"public_key\":\"" ISSUER_1 "\"}]"

time_t time(time_t *out) {
    if (out) *out = NOW;
    return NOW;
}

struct copy {
    const char *path;
    void *handle;
    int (*init_pos_verify)(const char *, const char *);
    int (*verify_qrcode_v2)(VERIFY_REQUEST_V2 *, VERIFY_RESPONSE_V2 *);
    int (*get_qrcode_info)(INFO_REQUEST *, INFO_RESPONSE *);
    void (*free_pos_verify)(void);
    int (*posoffline_set_state_dir)(const char *);
};

static struct copy one, two;
static const char *base_directory;
static char first_directory[700], second_directory[700];

static struct code codes[300];

/* dlsym returns object pointers; POSIX allows them to be function pointers. */
#define BIND(copy, name) *(void **)&(copy)->name = dlsym((copy)->handle, #name)

static void bind_to(struct copy *copy, void *handle) {
    if (!(copy->handle = handle)) {
        printf("two-copies: %s\n", dlerror());
        exit(2);
    }
    BIND(copy, init_pos_verify);
    BIND(copy, verify_qrcode_v2);
    BIND(copy, get_qrcode_info);
    BIND(copy, free_pos_verify);
    BIND(copy, posoffline_set_state_dir);
}

static void load(struct copy *copy, int scope) { bind_to(copy, dlopen(copy->path, RTLD_NOW | scope)); }

static void unload(struct copy *copy) {
    CHECK_INT(0, dlclose(copy->handle));
    /* It must really be unloaded. */
    CHECK(dlopen(copy->path, RTLD_NOW | RTLD_NOLOAD) == NULL);
}

static int ride(const struct copy *copy, int number) {
    char uid[17], record[3072], card_no[64], card_type[9];
    unsigned char card_data[128];
    VERIFY_REQUEST_V2 request = {codes[number].bytes, (int)codes[number].count, GOOD_POS_PARAM, 1};
    VERIFY_RESPONSE_V2 response = {uid, 17, record, 3072, card_no, 64, card_data, 128, card_type, 9};
    return copy->verify_qrcode_v2(&request, &response);
}

static int start(const struct copy *copy, const char *directory) {
    int result = directory ? copy->posoffline_set_state_dir(directory) : SUCCESS;
    return result == SUCCESS ? copy->init_pos_verify(KEYS, CARD_TYPES) : result;
}

static void new_directories(void) {
    static int number;
    snprintf(first_directory, sizeof first_directory, "%s/%d", base_directory, number++);
    snprintf(second_directory, sizeof second_directory, "%s/%d", base_directory, number++);
    CHECK_INT(0, mkdir(first_directory, 0700));
    CHECK_INT(0, mkdir(second_directory, 0700));
}

/* Whether one copy's symbols are visible to the other. */
static const int scopes[][2] = {{RTLD_LOCAL, RTLD_LOCAL}, {RTLD_GLOBAL, RTLD_LOCAL}, {RTLD_LOCAL, RTLD_GLOBAL},
    {RTLD_GLOBAL, RTLD_GLOBAL}};

static void separate(void) {
    for (size_t i = 0; i < COUNT_OF(scopes); i++) {
        set_context("scopes %zu", i);
        new_directories();
        load(&one, scopes[i][0]);
        load(&two, scopes[i][1]);
        CHECK(one.verify_qrcode_v2 != two.verify_qrcode_v2);
        CHECK_INT(SUCCESS, start(&one, first_directory));
        CHECK_INT(NOT_INITIALIZED, ride(&two, 0));
        CHECK_INT(SUCCESS, start(&two, second_directory));
        CHECK_INT(SUCCESS, ride(&one, 0));
        CHECK_INT(SUCCESS, ride(&two, 0));
        CHECK_INT(SUCCESS, ride(&two, 1));
        CHECK_INT(QRCODE_DUPLICATED, ride(&one, 0));
        CHECK_INT(QRCODE_DUPLICATED, ride(&two, 1));
        one.free_pos_verify();
        CHECK_INT(NOT_INITIALIZED, ride(&one, 1));
        CHECK_INT(QRCODE_DUPLICATED, ride(&two, 0));
        unload(&one);
        CHECK_INT(QRCODE_DUPLICATED, ride(&two, 0));
        CHECK_INT(SUCCESS, ride(&two, 2));
        unload(&two);
    }
}

static void same_directory(void) {
    new_directories();
    load(&one, RTLD_LOCAL);
    load(&two, RTLD_LOCAL);
    CHECK_INT(SUCCESS, start(&one, first_directory));
    CHECK_INT(SUCCESS, ride(&one, 0));
    CHECK_INT(SYSTEM_ERROR, two.posoffline_set_state_dir(first_directory));
    setenv("POSOFFLINE_STATE_DIR", first_directory, 1);
    CHECK_INT(SYSTEM_ERROR, two.init_pos_verify(KEYS, CARD_TYPES));
    unsetenv("POSOFFLINE_STATE_DIR");
    CHECK_INT(SUCCESS, ride(&one, 1));
    unload(&one);
    CHECK_INT(SUCCESS, start(&two, first_directory));
    CHECK_INT(QRCODE_DUPLICATED, ride(&two, 0));
    CHECK_INT(QRCODE_DUPLICATED, ride(&two, 1));
    unload(&two);
}

static int status_of(pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    return status;
}

/* Each copy has its own fork handlers, which are removed with it. */
static void forks(void) {
    for (int gone = 0; gone < 3; gone++) {
        set_context("without copy %d", gone);
        new_directories();
        load(&one, RTLD_LOCAL);
        load(&two, RTLD_LOCAL);
        CHECK_INT(SUCCESS, start(&one, first_directory));
        CHECK_INT(SUCCESS, start(&two, second_directory));
        CHECK_INT(SUCCESS, ride(&one, 0));
        CHECK_INT(SUCCESS, ride(&two, 0));
        if (gone == 1) unload(&one);
        if (gone == 2) unload(&two);
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            alarm(60);
            if (gone != 1 && ride(&one, 1) != SYSTEM_ERROR) _exit(1);
            if (gone != 2 && ride(&two, 1) != SYSTEM_ERROR) _exit(2);
            exit(0);
        }
        CHECK_INT(0, status_of(child));
        if (gone != 1) CHECK_INT(SUCCESS, ride(&one, 1));
        if (gone != 2) CHECK_INT(SUCCESS, ride(&two, 1));
        if (gone != 1) unload(&one);
        if (gone != 2) unload(&two);
        child = fork();
        if (child == 0) _exit(0);
        CHECK_INT(0, status_of(child));
    }
}

static void ends(void) {
    for (int unloaded = 0; unloaded < 3; unloaded++) {
        set_context("copy %d unloaded", unloaded);
        new_directories();
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            alarm(60);
            load(&one, RTLD_LOCAL);
            load(&two, RTLD_LOCAL);
            if (start(&one, first_directory) != SUCCESS || start(&two, second_directory) != SUCCESS) _exit(1);
            if (ride(&one, 0) != SUCCESS || ride(&two, 0) != SUCCESS) _exit(2);
            if (unloaded == 1) dlclose(one.handle);
            if (unloaded == 2) dlclose(two.handle);
            exit(0);
        }
        CHECK_INT(0, status_of(child));
        load(&one, RTLD_LOCAL);
        CHECK_INT(SUCCESS, start(&one, first_directory));
        CHECK_INT(QRCODE_DUPLICATED, ride(&one, 0));
        unload(&one);
    }
}

static void *ride_all(void *copy) {
    for (int i = 0; i < (int)COUNT_OF(codes); i++)
        if (ride(copy, i) != SUCCESS) return NULL;
    return copy;
}

static void at_once(void) {
    pthread_t threads[2];
    void *results[2];
    new_directories();
    load(&one, RTLD_LOCAL);
    load(&two, RTLD_LOCAL);
    CHECK_INT(SUCCESS, start(&one, first_directory));
    CHECK_INT(SUCCESS, start(&two, second_directory));
    CHECK_INT(0, pthread_create(&threads[0], NULL, ride_all, &one));
    CHECK_INT(0, pthread_create(&threads[1], NULL, ride_all, &two));
    for (int i = 0; i < 2; i++) pthread_join(threads[i], &results[i]);
    CHECK(results[0] == &one && results[1] == &two);
    CHECK_INT(QRCODE_DUPLICATED, ride(&one, 299));
    unload(&one);
    unload(&two);
}

#ifdef __GLIBC__
/* A link namespace of its own, with its own C library: this program's clock is not used there, and by the system's
 * clock the code has expired. */
static void own_namespace(void) {
    char uid[17], card_no[64], card_type[9];
    unsigned char card_data[128];
    INFO_REQUEST request = {codes[0].bytes, (int)codes[0].count};
    INFO_RESPONSE response = {uid, 17, card_no, 64, card_data, 128, card_type, 9};
    new_directories();
    load(&one, RTLD_LOCAL);
    CHECK_INT(SUCCESS, start(&one, first_directory));
    bind_to(&two, dlmopen(LM_ID_NEWLM, one.path, RTLD_NOW));
    CHECK_INT(SYSTEM_ERROR, two.posoffline_set_state_dir(first_directory));
    CHECK_INT(SUCCESS, start(&two, second_directory));
    CHECK_INT(SUCCESS, two.get_qrcode_info(&request, &response));
    CHECK_TEXT("2088000000009999", uid);
    int result = ride(&two, 0);
    CHECK(result == QRCODE_INFO_EXPIRED || result == QRCODE_KEY_EXPIRED);
    CHECK_INT(SUCCESS, ride(&one, 0));
    CHECK_INT(0, dlclose(two.handle));
    CHECK_INT(QRCODE_DUPLICATED, ride(&one, 0));
    unload(&one);
}
#endif

int main(int argc, char **argv) {
    static const struct test tests[] = {
        {"each copy has its own state", separate},
        {"two copies do not share a directory", same_directory},
        {"a process with two copies forks", forks},
        {"a process with two copies ends", ends},
        {"two copies work at once", at_once},
#ifdef __GLIBC__
        {"a copy works in a namespace of its own", own_namespace},
#endif
        {0},
    };
    static const struct test *const lists[] = {tests, NULL};
    if (argc != 4) return 2;
    one.path = argv[1];
    two.path = argv[2];
    base_directory = argv[3];
    for (uint32_t i = 0; i < COUNT_OF(codes); i++) codes[i] = sign_code(NOW - 1000 + i, 65535);
    char *only_name[] = {argv[0], NULL};
    return run_tests(1, only_name, lists, NULL);
}
