/* mounted-files DIRECTORY: the journal or the temporary file is a mount point of its own, as when a container gets
 * one file and not the directory. No file can be renamed over it. Runs in its own mount namespace. */
#define _GNU_SOURCE
#include "gate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *base_directory;
static char directory[650], journal[700];

static int sync_fails;

int fsync(int file) {
    if (!sync_fails) return (int)syscall(SYS_fsync, file);
    errno = EIO;
    return -1;
}

static void bind(const char *path) { CHECK_INT(0, mount(path, path, NULL, MS_BIND, NULL)); }

static void new_directory(void) {
    static int number;
    free_pos_verify();
    snprintf(directory, sizeof directory, "%s/%d", base_directory, number++);
    CHECK_INT(0, mkdir(directory, 0700));
    snprintf(journal, sizeof journal, "%s", gate_path(directory, "replay.journal"));
}

static void ride(uint32_t from, uint32_t to) {
    for (uint32_t i = from; i < to; i++) CHECK_INT(SUCCESS, gate_ride(i));
}

static void expect_refused(uint32_t from, uint32_t to) {
    for (uint32_t i = from; i < to; i++) CHECK_INT(QRCODE_DUPLICATED, gate_ride(i));
}

/* A new process has no codes in memory and no failure to repair. */
static void in_new_process(uint32_t used, int expected) {
    int status = -1;
    fflush(stdout);
    free_pos_verify();
    pid_t child = fork();
    if (child == 0) {
        char used_text[20], expected_text[20];
        snprintf(used_text, sizeof used_text, "%u", (unsigned)used);
        snprintf(expected_text, sizeof expected_text, "%d", expected);
        execl("/proc/self/exe", "mounted-files", base_directory, directory, used_text, expected_text, (char *)NULL);
        _exit(99);
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECK_INT(0, WIFEXITED(status) ? WEXITSTATUS(status) : 100);
}

static int new_process(uint32_t used, int expected) {
    if (gate_start(directory) != expected) return 1;
    if (expected != SUCCESS) return 0;
    for (uint32_t i = 0; i < used; i++)
        if (gate_ride(i) != QRCODE_DUPLICATED) return 2;
    return gate_ride(used) == SUCCESS ? 0 : 3;
}

static void bound_journal(void) {
    new_directory();
    /* So long that the first ride would rewrite the journal. */
    gate_write_journal(directory, 3000, 10);
    bind(journal);
    CHECK_INT(SUCCESS, gate_start(directory));
    ride(0, 40);
    expect_refused(0, 40);
    /* It is not rewritten, and grows. */
    CHECK_INT((3000 + 10 + 40) * 32, gate_journal_size(directory));
    CHECK_INT(SUCCESS, posoffline_set_state_dir(directory));
    /* A failed sync needs a rewriting, which is impossible here. */
    sync_fails = 1;
    CHECK_INT(SYSTEM_ERROR, gate_ride(40));
    sync_fails = 0;
    for (int i = 0; i < 3; i++) CHECK_INT(SYSTEM_ERROR, gate_ride(40));
    CHECK_INT(SYSTEM_ERROR, posoffline_set_state_dir(directory));
    CHECK_INT(SYSTEM_ERROR, init_pos_verify(GATE_KEYS, CARD_TYPES));
    expect_refused(0, 40);
    /* Until the file is unmounted. */
    CHECK_INT(0, umount2(journal, 0));
    ride(40, 42);
    in_new_process(42, SUCCESS);
}

/* Or until a new process starts. */
static void bound_and_restarted(void) {
    new_directory();
    gate_write_journal(directory, 0, 0);
    bind(journal);
    CHECK_INT(SUCCESS, gate_start(directory));
    ride(0, 5);
    sync_fails = 1;
    CHECK_INT(SYSTEM_ERROR, gate_ride(5));
    sync_fails = 0;
    CHECK_INT(SYSTEM_ERROR, gate_ride(5));
    in_new_process(5, SUCCESS);
    in_new_process(6, SUCCESS);
    CHECK_INT(0, umount2(journal, 0));
}

/* Codes in memory cannot be written to such a journal. */
static void bound_too_late(void) {
    char first[650];
    new_directory();
    CHECK_INT(SUCCESS, gate_start(directory));
    ride(0, 5);
    snprintf(first, sizeof first, "%s", directory);
    snprintf(directory, sizeof directory, "%s/late", base_directory);
    CHECK_INT(0, mkdir(directory, 0700));
    snprintf(journal, sizeof journal, "%s", gate_path(directory, "replay.journal"));
    gate_write_journal(directory, 0, 0);
    bind(journal);
    CHECK_INT(SYSTEM_ERROR, posoffline_set_state_dir(directory));
    /* Nothing has changed. */
    ride(5, 7);
    expect_refused(0, 7);
    CHECK_INT(7 * 32, gate_journal_size(first));
    CHECK_INT(0, gate_journal_size(directory));
    CHECK_INT(0, umount2(journal, 0));
}

static void bound_temporary(void) {
    char temporary[700];
    new_directory();
    snprintf(temporary, sizeof temporary, "%s", gate_path(directory, "replay.temporary"));
    FILE *file = fopen(temporary, "w");
    CHECK(file && fclose(file) == 0);
    bind(temporary);
    in_new_process(0, ILLEGAL_PARAM);
    CHECK_INT(0, umount2(temporary, 0));
    in_new_process(0, SUCCESS);
}

int main(int argc, char **argv) {
    static const struct test tests[] = {
        {"a journal that is a mount point takes rides, and is not rewritten", bound_journal},
        {"one that failed is good again in a new process", bound_and_restarted},
        {"one is refused while codes are in memory", bound_too_late},
        {"a temporary file that is a mount point is refused", bound_temporary}, {0}};
    static const struct test *const lists[] = {tests, NULL};
    if (argc < 2) return 2;
    base_directory = argv[1];
    gate_begin();
    if (argc == 5) {
        snprintf(directory, sizeof directory, "%s", argv[2]);
        return new_process((uint32_t)atoi(argv[3]), atoi(argv[4]));
    }
    char *only_name[] = {argv[0], NULL};
    return run_tests(1, only_name, lists, NULL);
}
