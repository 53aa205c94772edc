/* cancellation: a cancelled thread first completes its call. It leaks no lock, memory or descriptor. */
#define _GNU_SOURCE
#include "disk.h"
#include "fixtures.h"
#include "state.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char key_file[300];

static char uid[17], record[3072], card_no[17], card_type[9];
static unsigned char card_data[65];
static struct code code;

static int plain_verify(void) {
    VERIFY_REQUEST_V2 request = {code.bytes, (int)code.count, GOOD_POS_PARAM, 1};
    VERIFY_RESPONSE_V2 response = {uid, 17, record, 3072, card_no, 17, card_data, 65, card_type, 9};
    return verify_qrcode_v2(&request, &response);
}

static int plain_legacy(void) {
    VERIFY_REQUEST request = {code.bytes, (int)code.count, ISSUER_1, GOOD_POS_PARAM, 1};
    VERIFY_RESPONSE response = {uid, 17, record, 3072};
    return verify_qrcode(&request, &response);
}

static int plain_info(void) {
    INFO_REQUEST request = {code.bytes, (int)code.count};
    INFO_RESPONSE response = {uid, 17, card_no, 17, card_data, 65, card_type, 9};
    return get_qrcode_info(&request, &response);
}

static int plain_init(void) { return init_pos_verify(KEY_LIST, CARD_TYPES); }
static int plain_set_directory(void) { return posoffline_set_state_dir(directory); }
static int plain_set_key(void) { return posoffline_set_record_key((const unsigned char *)"0123456789abcdef", 16); }

static int plain_free(void) {
    free_pos_verify();
    return SUCCESS;
}

static int plain_reopen(void) {
    free_pos_verify();
    return plain_init();
}

static int plain_version(void) {
    char version[16];
    return get_libposoffline_version(version, 16);
}

static const struct entry_point {
    const char *name;
    int (*call)(void);
} entry_points[] = {
    {"init_pos_verify", plain_init},
    {"verify_qrcode_v2", plain_verify},
    {"verify_qrcode", plain_legacy},
    {"get_qrcode_info", plain_info},
    {"posoffline_set_state_dir", plain_set_directory},
    {"posoffline_set_record_key", plain_set_key},
    {"free_pos_verify, init_pos_verify", plain_reopen},
    {"get_libposoffline_version", plain_version},
    {"free_pos_verify", plain_free},
};

static void write_key_file(void) {
    snprintf(key_file, sizeof key_file, "%s/key", directory);
    FILE *file = fopen(key_file, "w");
    CHECK(file && fputs("000102030405060708090a0b0c0d0e0f\n", file) != EOF && fclose(file) == 0);
    setenv("POSOFFLINE_RECORD_KEY_FILE", key_file, 1);
}

/* The cancellation is pending before the call: the thread ends at its first cancellation point. */

static int result_of_call;

static void *call_when_cancelled(void *argument) {
    const struct entry_point *entry = argument;
    pthread_cancel(pthread_self());
    result_of_call = entry->call();
    pthread_testcancel();
    return NULL;
}

static int result_when_cancelled(const struct entry_point *entry) {
    pthread_t thread;
    void *end = NULL;
    result_of_call = 1000;
    CHECK_INT(0, pthread_create(&thread, NULL, call_when_cancelled, (void *)(size_t)entry));
    CHECK_INT(0, pthread_join(thread, &end));
    CHECK(end == PTHREAD_CANCELED);
    return result_of_call;
}

static void deferred(void) {
    set_hang_timeout(300);
    write_key_file();
    start();
    for (size_t i = 0; i < COUNT_OF(entry_points); i++) {
        long blocks = 0;
        int files = 0;
        for (uint32_t round = 0; round < 20; round++) {
            set_context("%s, round %u", entry_points[i].name, (unsigned)round);
            code = numbered_code((uint32_t)i * 100 + round);
            CHECK_INT(SUCCESS, result_when_cancelled(&entry_points[i]));
            CHECK_INT(SUCCESS, plain_init());
            if (round == 2) blocks = live_blocks(), files = open_files();
        }
        CHECK_INT(blocks, live_blocks());
        CHECK_INT(files, open_files());
    }
    unsetenv("POSOFFLINE_RECORD_KEY_FILE");
}

int main(int argc, char **argv) {
    static const struct test tests[] = {{"every call of a cancelled thread ends", deferred}, {0}};
    return run_state_tests(argc, argv, tests);
}
