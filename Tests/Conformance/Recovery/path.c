/* What the path leads to: nothing, another process's directory, or the same directory by another path. */
#define _GNU_SOURCE
#include "recovery.h"

#include <signal.h>
#include <stdio.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* Other paths to the current directory. */
static void other_spellings(void) {
    char slash[300], link[300];
    start();
    expect_accepted(0, 5);
    snprintf(slash, sizeof slash, "%s/.//", directory);
    snprintf(link, sizeof link, "%s link", directory);
    CHECK_INT(0, symlink(directory, link));
    int files = open_files();
    CHECK_INT(SUCCESS, posoffline_set_state_dir(slash));
    expect_accepted(5, 6);
    CHECK_INT(SUCCESS, posoffline_set_state_dir(link));
    expect_accepted(6, 7);
    CHECK_INT(files, open_files());
    restart();
    expect_refused(0, 7);
    /* The last path counts. */
    CHECK_INT(0, unlink(link));
    CHECK_INT(ILLEGAL_PARAM, initialize());
    expect_accepted(7, 8);
}

/* On current file systems two inode numbers may differ in the upper 32 bits only. */
static void long_numbers(void) {
    long_inodes(1);
    success_means_that_it_works();
    prepare();
    other_spellings();
    long_inodes(0);
}

/* The path does not exist any more. */
static void path_is_gone(void) {
    char moved[300];
    start();
    expect_accepted(0, 5);
    snprintf(moved, sizeof moved, "%s moved", directory);
    CHECK_INT(0, rename(directory, moved));
    CHECK_INT(ILLEGAL_PARAM, set_directory());
    CHECK_INT(ILLEGAL_PARAM, initialize());
    /* Nothing has changed: entries go to the directory that is open. */
    expect_accepted(5, 6);
    expect_refused(0, 6);
    CHECK_INT(0, rename(moved, directory));
    expect_accepted(6, 7);
    CHECK_INT(SUCCESS, set_directory());
    restart();
    expect_refused(0, 7);
    /* After a failure of the disk the path is opened again. */
    CHECK_INT(0, rename(directory, moved));
    fail_rides(7);
    CHECK_INT(SYSTEM_ERROR, verify_number(7));
    CHECK_INT(0, rename(moved, directory));
    expect_accepted(7, 8);
    restart();
    expect_refused(0, 8);
}

/* The path leads to a directory that another process uses. */
static void path_is_anothers(void) {
    int ends[2];
    char byte = 0;
    start();
    expect_accepted(0, 5);
    mount_anew();
    CHECK_INT(0, pipe(ends));
    pid_t other = fork();
    if (other == 0) {
        if (posoffline_set_state_dir(directory) != SUCCESS || write(ends[1], "x", 1) != 1) _exit(1);
        pause();
    }
    CHECK_INT(1, read(ends[0], &byte, 1));
    CHECK_INT(SYSTEM_ERROR, set_directory());
    CHECK_INT(SYSTEM_ERROR, initialize());
    CHECK_INT(0, kill(other, SIGKILL));
    CHECK_INT(other, waitpid(other, NULL, 0));
    CHECK_INT(SUCCESS, initialize());
    expect_accepted(5, 6);
    restart();
    expect_refused(0, 6);
    close(ends[0]);
    close(ends[1]);
}

/* A code of an unlisted card type is refused for that, before the directory is checked. */
static int verify_unsupported(void) { return verify_named("type-not-listed"); }

static void card_type_first(void) {
    start();
    CHECK_INT(CARDTYPE_UNSUPPORTED, verify_unsupported());
    CHECK_INT(CARDTYPE_UNSUPPORTED, in_child(verify_unsupported));
}

const struct test path_tests[] = {{"two directories are told apart by inodes of 64 bits", long_numbers},
    {"a path that is gone is said to be, and harms no ride", path_is_gone},
    {"a path to another process's directory is not a success", path_is_anothers},
    {"another path to the same directory is the same directory", other_spellings},
    {"a card type is refused before the directory is asked", card_type_first}, {0}};
