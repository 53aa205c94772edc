/* closed-descriptors DIRECTORY: a process with some of the standard descriptors closed, that reads and writes them all
 * the same, as programs do that log without checking for errors. */
#define _GNU_SOURCE
#include "gate.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *base_directory;
static char directory[650];

static void log_a_line(void) {
    static const char line[] = "a rider has passed, and this line is longer than an entry of the journal\n";
    char byte;
    for (int file = 0; file <= 2; file++) {
        if (write(file, line, sizeof line - 1) < 0 && file == 1) clearerr(stdout);
        if (read(file, &byte, 1) < 0) continue;
    }
}

/* A descriptor above 2 that can be read and written. */
static int open_null(void) {
    int null = open("/dev/null", O_RDWR), high = fcntl(null, F_DUPFD, 10);
    if (null > 2) close(null);
    return high;
}

/* Returns the number of the first check that fails. */
static int work(int is_second) {
    if (!is_second) gate_write_journal(directory, 3000, 10);
    if (gate_start(directory) != SUCCESS) return 1;
    for (uint32_t i = 0; i < 40; i++) {
        log_a_line();
        if (gate_ride(i) != (is_second ? QRCODE_DUPLICATED : SUCCESS)) return 2;
    }
    log_a_line();
    if (is_second) return 0;
    free_pos_verify();
    log_a_line();
    if (gate_legacy_ride(40) != SUCCESS) return 3;
    log_a_line();
    return 0;
}

static void entries_only(void) {
    for (int missing = 0; missing < 8; missing++) {
        snprintf(directory, sizeof directory, "%s/%d", base_directory, missing);
        CHECK_INT(0, mkdir(directory, 0700));
        FILE *file = fopen(gate_path(directory, "key"), "w");
        CHECK(file && fputs("000102030405060708090a0b0c0d0e0f\n", file) >= 0 && fclose(file) == 0);
        setenv("POSOFFLINE_RECORD_KEY_FILE", gate_path(directory, "key"), 1);
        for (int second = 0; second < 2; second++) {
            fflush(NULL);
            pid_t child = fork();
            if (child == 0) {
                alarm(60);
                int null = open_null();
                for (int i = 0; i <= 2; i++)
                    if (missing & 1 << i) close(i);
                    else dup2(null, i);
                close(null);
                _exit(work(second));
            }
            int status = 0;
            waitpid(child, &status, 0);
            set_context("descriptors missing: %d, process %d", missing, second);
            CHECK_INT(0, status);
        }
        /* The journal holds entries only: the unexpired ones, one for all expired ones, and the rides. */
        CHECK_INT((10 + 1 + 41) * 32, gate_journal_size(directory));
    }
}

int main(int argc, char **argv) {
    static const struct test tests[] = {
        {"what is written to standard descriptors that are closed is not in the journal", entries_only}, {0}};
    static const struct test *const lists[] = {tests, NULL};
    if (argc != 2) return 2;
    base_directory = argv[1];
    gate_begin();
    char *only_name[] = {argv[0], NULL};
    return run_tests(1, only_name, lists, NULL);
}
