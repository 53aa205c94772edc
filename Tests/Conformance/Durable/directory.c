/* posoffline_set_state_dir: the first directory, the same one again, another one, and paths that it refuses. */
#define _GNU_SOURCE
#include "durable.h"
#include "disk.h"
#include "fixtures.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static void before_the_call(void) {
    start();
    expect_accepted(0, 50);
    fresh_directory();
    CHECK_INT(SUCCESS, posoffline_set_state_dir(directory));
    CHECK_INT(50 * ENTRY, file_size(journal));
    expect_accepted(50, 60);
    restart();
    expect_refused(0, 60);
    CHECK_INT(SUCCESS, verify_number(60));
}

static void same_path(void) {
    start();
    expect_accepted(0, 5);
    disk_counts();
    CHECK_INT(SUCCESS, posoffline_set_state_dir(directory));
    /* One sync checks that the directory works. Nothing is read or written. */
    struct disk_counts asked = disk_counts();
    CHECK_INT(0, asked.reads + asked.writes + asked.renames);
    CHECK_INT(1, asked.syncs);
    expect_refused(0, 5);
}

static void another_path(void) {
    start();
    char first[200];
    expect_accepted(0, 5);
    strcpy(first, directory);
    fresh_directory();
    CHECK_INT(SUCCESS, posoffline_set_state_dir(directory));
    expect_accepted(5, 10);
    /* The first directory is free again, with its journal. */
    CHECK_INT(SUCCESS, posoffline_set_state_dir(first));
    restart();
    expect_refused(0, 10);
}

/* Evicted codes have no entry any more. The record that refuses them is written to the other directory too. */
static void another_path_after_dropping(void) {
    struct code first = sign_code(NOW, 60);
    start();
    for (uint32_t i = 0; i < 1200; i++) {
        struct code code = sign_code(NOW + i, 60);
        set_clock(NOW + i);
        CHECK_INT(SUCCESS, verify(&code));
    }
    fresh_directory();
    CHECK_INT(SUCCESS, posoffline_set_state_dir(directory));
    CHECK(file_size(journal) < 1200 * ENTRY);
    for (int round = 0; round < 2; round++) {
        set_clock(NOW);
        CHECK_INT(QRCODE_DUPLICATED, verify(&first));
        restart();
    }
}

/* verify_qrcode after free_pos_verify opens the journal itself, and reports why it cannot. */
static void opened_by_a_ride(void) {
    struct code known = numbered_code(0), fresh = numbered_code(3);
    char moved[300];
    start();
    expect_accepted(0, 3);
    free_pos_verify();
    fail_disk(DISK_ALL, 1, 1, EIO);
    CHECK_INT(SYSTEM_ERROR, legacy(&fresh));
    restore_disk();
    fail_allocation(1, 1);
    CHECK_INT(NO_ENOUGH_MEMORY, legacy(&fresh));
    allow_allocations();
    /* The path was valid when it was set: now it is a system error, not an argument's. */
    sprintf(moved, "%s moved", directory);
    CHECK_INT(0, rename(directory, moved));
    CHECK_INT(SYSTEM_ERROR, legacy(&fresh));
    CHECK_INT(0, rename(moved, directory));
    CHECK_INT(QRCODE_DUPLICATED, legacy(&known));
    CHECK_INT(SUCCESS, legacy(&fresh));
    restart();
    expect_refused(0, 4);
}

static void bad_paths(void) {
    start();
    char file[300], missing[300], loop[300], deep[8192];
    expect_accepted(0, 3);
    sprintf(file, "%s/file", directory);
    sprintf(missing, "%s/missing", directory);
    sprintf(loop, "%s/loop", directory);
    FILE *made = fopen(file, "w");
    CHECK(made && fclose(made) == 0);
    CHECK_INT(0, symlink(loop, loop));
    memset(deep, 'd', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    const char *const paths[] = {NULL, "", file, missing, loop, deep, "/proc", "/dev/null"};
    int files = open_files();
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        set_context("path %zu, %.40s", i, paths[i] ? paths[i] : "NULL");
        CHECK_INT(ILLEGAL_PARAM, posoffline_set_state_dir(paths[i]));
        if (!paths[i]) continue;
        setenv("POSOFFLINE_STATE_DIR", paths[i], 1);
        /* A directory that a call has set has priority. */
        CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
        unsetenv("POSOFFLINE_STATE_DIR");
    }
    CHECK_INT(files, open_files());
    expect_refused(0, 3);
    expect_accepted(3, 4);
    restart();
    expect_refused(0, 4);
}

/* The call's answer to a user without privileges: root may write everywhere. */
static int set_without_privileges(const char *path) {
    pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) _exit(100);
        _exit(-posoffline_set_state_dir(path) & 0xff);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) return 100;
    return -(int)(signed char)WEXITSTATUS(status);
}

static void unwritable(void) {
    char other_directory[200];
    make_directory(other_directory, "anybody's");
    CHECK_INT(0, chmod(base_directory, 0755));
    CHECK_INT(0, chmod(other_directory, 0777));
    CHECK_INT(SUCCESS, set_without_privileges(other_directory));
    /* The directory is readable and its journal writable, but no file can be created. */
    CHECK_INT(0, chmod(other_directory, 0555));
    CHECK_INT(ILLEGAL_PARAM, set_without_privileges(other_directory));
    CHECK_INT(0, chmod(other_directory, 0));
    CHECK_INT(ILLEGAL_PARAM, set_without_privileges(other_directory));
    CHECK_INT(0, chmod(other_directory, 0700));
    CHECK_INT(0, chmod(base_directory, 0700));
}

const struct test directory_tests[] = {{"what was accepted before the call is kept too", before_the_call},
    {"the same directory again changes nothing", same_path},
    {"another directory takes over with all that was accepted", another_path},
    {"another directory takes over what is kept of codes that were dropped", another_path_after_dropping},
    {"verify_qrcode opens the journal, and says what keeps it from that", opened_by_a_ride},
    {"a path that is not a directory is refused and changes nothing", bad_paths},
    {"a directory in which nothing can be made is refused", unwritable}, {0}};
