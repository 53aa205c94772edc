/* Which errors are an argument's (ILLEGAL_PARAM) and which are the system's (SYSTEM_ERROR): docs/journal.md,
 * "Errors". */
#define _GNU_SOURCE
#include "recovery.h"
#include "disk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The path, or the file that it names, is wrong: only another path or other permissions help. docs/journal.md,
 * "Errors", has the list. All other errors are the system's. */
static const int argument_errors[] = {EACCES, EEXIST, EISDIR, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR, EPERM, EROFS,
    ETXTBSY};
static const int system_errors[] = {EAGAIN, EBADF, EBUSY, EDQUOT, EFBIG, EINVAL, EIO, EMFILE, ENFILE, ENODEV, ENOLCK,
    ENOMEDIUM, ENOMEM, ENOSPC, ENOSYS, ENXIO, EOPNOTSUPP, EOVERFLOW, ESTALE};

static void expect_at_opening(int expected, int call, long number, int and_later, int error) {
    struct code code = numbered_code(0);
    int (*const calls[])(void) = {set_directory, initialize};
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        set_context("call %zu, disk call %d number %ld: %s", i, call, number, strerror(error));
        fail_disk(call, number, and_later, error);
        CHECK_INT(expected, calls[i]());
        CHECK(restore_disk() >= number);
    }
    fail_disk(call, number, and_later, error);
    CHECK_INT(SYSTEM_ERROR, legacy(&code));
    restore_disk();
}

/* The order in which files are opened. */
enum { DIRECTORY = 1, PARENT, JOURNAL, TEMPORARY };

/* The parent directory is synced if this process may open it. */
static void errors_of_the_directory_above(void) {
    start();
    expect_accepted(0, 1);
    for (size_t i = 0; i < COUNT_OF(argument_errors); i++) {
        set_context("%s", strerror(argument_errors[i]));
        free_pos_verify();
        fail_disk(DISK_OPEN, PARENT, 0, argument_errors[i]);
        CHECK_INT(SUCCESS, set_directory());
        CHECK(restore_disk() > PARENT);
    }
    free_pos_verify();
    for (size_t i = 0; i < COUNT_OF(system_errors); i++)
        expect_at_opening(SYSTEM_ERROR, DISK_OPEN, PARENT, 0, system_errors[i]);
    CHECK_INT(SUCCESS, initialize());
    expect_refused(0, 1);
}

static void errors_of_opens(void) {
    start();
    expect_accepted(0, 1);
    free_pos_verify();
    for (long number = DIRECTORY; number <= TEMPORARY; number++) {
        for (int and_later = 0; and_later < 2; and_later++) {
            if (number == PARENT) continue;
            for (size_t i = 0; i < COUNT_OF(argument_errors); i++)
                expect_at_opening(ILLEGAL_PARAM, DISK_OPEN, number, and_later, argument_errors[i]);
            for (size_t i = 0; i < COUNT_OF(system_errors); i++)
                expect_at_opening(SYSTEM_ERROR, DISK_OPEN, number, and_later, system_errors[i]);
        }
    }
    CHECK_INT(SUCCESS, initialize());
    expect_refused(0, 1);
}

/* Opening a device has errors of its own: ENXIO and ENODEV without a driver, EBUSY when it is in use, ENOMEDIUM, EIO.
 * The file is still not a regular one, which is the argument's fault. */
static void errors_of_devices(void) {
    int kinds = file_types();
    start();
    expect_accepted(0, 1);
    free_pos_verify();
    CHECK_INT(0, remove(journal));
    for (int kind = 0; kind < kinds; kind++) {
        make_entry(journal, kind);
        for (size_t i = 0; i < COUNT_OF(system_errors); i++)
            expect_at_opening(ILLEGAL_PARAM, DISK_OPEN, JOURNAL, 0, system_errors[i]);
        CHECK_INT(0, remove(journal));
    }
}

/* A file that cannot be removed: the error of the removal decides. */
static void errors_of_removals(void) {
    static const int in_the_way[] = {EACCES, EBUSY, EISDIR, EPERM, EROFS},
                     of_the_disk[] = {EDQUOT, EIO, ENOMEM, ENOSPC, ESTALE};
    start();
    expect_accepted(0, 1);
    free_pos_verify();
    make_entry(temporary, 1);
    for (size_t i = 0; i < COUNT_OF(in_the_way); i++)
        expect_at_opening(ILLEGAL_PARAM, DISK_REMOVE, 1, 1, in_the_way[i]);
    for (size_t i = 0; i < COUNT_OF(of_the_disk); i++)
        expect_at_opening(SYSTEM_ERROR, DISK_REMOVE, 1, 1, of_the_disk[i]);
    CHECK_INT(SUCCESS, initialize());
    expect_refused(0, 1);
}

/* A running program or a swap file, an append-only file; file systems without locks. */
static void errors_of_other_calls(void) {
    static const struct {
        int call, error, expected;
    } cases[] = {{DISK_TRUNCATE, ETXTBSY, ILLEGAL_PARAM}, {DISK_TRUNCATE, EPERM, ILLEGAL_PARAM},
        {DISK_TRUNCATE, EROFS, ILLEGAL_PARAM}, {DISK_TRUNCATE, EINVAL, ILLEGAL_PARAM},
        {DISK_TRUNCATE, EIO, SYSTEM_ERROR}, {DISK_TRUNCATE, ENOSPC, SYSTEM_ERROR},
        {DISK_LOCK, EWOULDBLOCK, SYSTEM_ERROR}, {DISK_LOCK, ENOLCK, SYSTEM_ERROR},
        {DISK_LOCK, EOPNOTSUPP, SYSTEM_ERROR}, {DISK_LOCK, EINVAL, SYSTEM_ERROR}, {DISK_READ, EIO, SYSTEM_ERROR},
        {DISK_WRITE, ENOSPC, SYSTEM_ERROR}, {DISK_WRITE, EPERM, SYSTEM_ERROR}, {DISK_SYNC, EIO, SYSTEM_ERROR}};
    start();
    expect_accepted(0, 1);
    free_pos_verify();
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        expect_at_opening(cases[i].expected, cases[i].call, 1, 1, cases[i].error);
    CHECK_INT(SUCCESS, initialize());
    expect_refused(0, 1);
}

/* EINVAL from syncing a directory is ignored: some file systems cannot do that. From syncing a file it is a failure. */
static void sync_says_invalid(void) {
    start();
    expect_accepted(0, 1);
    fail_disk(DISK_SYNC, 1, 1, EINVAL);
    CHECK_INT(SYSTEM_ERROR, verify_number(1));
    restore_disk();
    expect_accepted(1, 2);
}

const struct test open_error_tests[] = {{"a file that cannot be synced refuses the ride", sync_says_invalid},
    {"a directory above that may not be opened is not an argument's fault", errors_of_the_directory_above},
    {"an open that fails is the argument's fault or the system's, as documented", errors_of_opens},
    {"a file that is not regular is the argument's fault, whatever error its open has", errors_of_devices},
    {"a file that cannot be removed is judged by the reason", errors_of_removals},
    {"other calls of an opening that fail are judged as documented", errors_of_other_calls}, {0}};
