/* Directories, devices, FIFOs, sockets and links in place of the journal or of the temporary file. */
#define _GNU_SOURCE
#include "recovery.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Runs `body` with each file type in place of the journal, and with a directory in place of the temporary file. */
static void with_each(void (*body)(void)) {
    int kinds = file_types();
    set_hang_timeout(300);
    for (int kind = 0; kind < kinds; kind++) {
        for (int is_temporary = 0; is_temporary < (kind == 0 ? 2 : 1); is_temporary++) {
            set_context("kind %d, in place of the %s", kind, is_temporary ? "temporary file" : "journal");
            prepare();
            make_entry(is_temporary ? temporary : journal, kind);
            int files = open_files();
            body();
            CHECK_INT(files, open_files());
            remove(is_temporary ? temporary : journal);
        }
    }
}

static void from_environment(void) {
    struct code code = numbered_code(0);
    setenv("POSOFFLINE_STATE_DIR", directory, 1);
    CHECK_INT(ILLEGAL_PARAM, initialize());
    CHECK_INT(SYSTEM_ERROR, legacy(&code));
    unsetenv("POSOFFLINE_STATE_DIR");
}

static void from_call(void) { CHECK_INT(ILLEGAL_PARAM, set_directory()); }

/* Runs first, while no call has set a directory. */
static void no_files_from_environment(void) { with_each(from_environment); }

static void no_files_from_call(void) { with_each(from_call); }

/* Any other file with the temporary file's name is removed. The target of a link is not touched. */
static void temporary_is_replaced(void) {
    int kinds = file_types();
    char elsewhere[300];
    for (int kind = 1; kind < kinds; kind++) {
        set_context("kind %d", kind);
        prepare();
        make_entry(temporary, kind);
        start();
        expect_accepted(0, 2);
        restart();
        expect_refused(0, 2);
    }
    /* A hard link to the journal. */
    free_pos_verify();
    CHECK_INT(0, link(journal, temporary));
    CHECK_INT(SUCCESS, initialize());
    expect_refused(0, 2);
    snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", directory);
    CHECK_INT(-1, file_size(elsewhere));
    CHECK_INT(-1, file_size(temporary));
}

const struct test file_type_environment_tests[] = {
    {"what is in the place of a file is refused, from the environment", no_files_from_environment}, {0}};

const struct test file_type_tests[] = {{"what is in the place of a file is refused, from a call", no_files_from_call},
    {"what has the temporary file's name is replaced", temporary_is_replaced}, {0}};
