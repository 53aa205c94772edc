/* A terminal with a state directory. */
#define _GNU_SOURCE
#include "state.h"
#include "disk.h"
#include "fixtures.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

char base_directory[150], directory[200], journal[300], temporary[300];

void make_directory(char *path, const char *name) {
    sprintf(path, "%s/%s", base_directory, name);
    CHECK_INT(0, mkdir(path, 0700));
}

void fresh_directory(void) {
    static int number;
    char name[40];
    sprintf(name, "state %d", number++);
    make_directory(directory, name);
    sprintf(journal, "%s/replay.journal", directory);
    sprintf(temporary, "%s/replay.temporary", directory);
}

int set_directory(void) { return posoffline_set_state_dir(directory); }
int initialize(void) { return init(KEY_LIST, CARD_TYPES); }

void restart(void) {
    free_pos_verify();
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
}

void prepare(void) {
    unsetenv("POSOFFLINE_STATE_DIR");
    restore_disk();
    allow_allocations();
    free_pos_verify();
    set_clock(NOW);
    fresh_directory();
    disk_counts();
}

void start(void) {
    CHECK_INT(SUCCESS, posoffline_set_state_dir(directory));
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
    disk_counts();
}

long file_size(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 ? (long)status.st_size : -1;
}

size_t read_journal(unsigned char *bytes, size_t capacity) {
    FILE *file = fopen(journal, "rb");
    size_t count = file ? fread(bytes, 1, capacity, file) : 0;
    if (file) fclose(file);
    return count;
}

void write_journal(const unsigned char *bytes, size_t count) {
    FILE *file = fopen(journal, "wb");
    CHECK(file && fwrite(bytes, 1, count, file) == count && fclose(file) == 0);
}

struct code numbered_code(uint32_t number) { return sign_code(NOW - 60000 + number, 65535); }

int verify_number(uint32_t number) {
    struct code code = numbered_code(number);
    return verify(&code);
}

int verify_number_unguarded(uint32_t number) {
    static char uid[17], record[3072], card_no[17], card_type[9];
    static unsigned char card_data[65];
    struct code code = numbered_code(number);
    VERIFY_REQUEST_V2 request = {code.bytes, (int)code.count, GOOD_POS_PARAM, 1};
    VERIFY_RESPONSE_V2 response = {uid, 17, record, 3072, card_no, 17, card_data, 65, card_type, 9};
    return verify_qrcode_v2(&request, &response);
}

void expect_accepted(uint32_t from, uint32_t to) {
    for (uint32_t i = from; i < to; i++) CHECK_INT(SUCCESS, verify_number(i));
}

void expect_refused(uint32_t from, uint32_t to) {
    for (uint32_t i = from; i < to; i++) CHECK_INT(QRCODE_DUPLICATED, verify_number(i));
}

int in_child(int (*body)(void)) {
    pid_t child = fork();
    if (child == 0) _exit(-body() & 0xff);
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) return 100;
    return -(int)(signed char)WEXITSTATUS(status);
}

/* The library blocks signals during a call, so alarm() does not interrupt a hang in it. */
static atomic_int seconds_left;

static void *watch(void *unused) {
    for (;; sleep(1)) {
        if (seconds_left == 0 || --seconds_left > 0) continue;
        static const char message[] = "FAILED: hang\n";
        if (write(1, message, sizeof message - 1) < 0) _exit(4);
        _exit(3);
    }
    return unused;
}

void set_hang_timeout(int seconds) {
    static pthread_t watchdog;
    seconds_left = seconds;
    if (!watchdog) CHECK_INT(0, pthread_create(&watchdog, NULL, watch, NULL));
}

int run_state_tests(int argc, char **argv, const struct test *tests) {
    const struct test *const lists[] = {tests, NULL};
    return run_state_test_lists(argc, argv, lists);
}

int run_state_test_lists(int argc, char **argv, const struct test *const lists[]) {
    const char *temporary_files = getenv("TMPDIR");
    if (!temporary_files || strlen(temporary_files) > 100) temporary_files = "/tmp";
    sprintf(base_directory, "%s/posoffline-state-XXXXXX", temporary_files);
    if (!mkdtemp(base_directory)) return 2;
    int result = run_tests(argc, argv, lists, prepare);
    free_pos_verify();
    char command[300];
    sprintf(command, "rm -rf '%s'", base_directory);
    return system(command) == 0 ? result : 2;
}
