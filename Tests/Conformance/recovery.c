/* recovery: a disk that failed and was repaired. The file system is mounted anew then, so that the directory's path leads
 * to another directory than the one that the library has open. SUCCESS means that a code would be kept. */
#define _GNU_SOURCE
#include "disk.h"
#include "fixtures.h"
#include "state.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static char detached[300];

/* What the path leads to now is another directory, which has what the disk had at this moment. */
static void mount_anew(void) {
    static unsigned char bytes[100 * ENTRY];
    static int number;
    size_t count = read_journal(bytes, sizeof bytes);
    snprintf(detached, sizeof detached, "%s/detached %d", place, number++);
    CHECK_INT(0, rename(directory, detached));
    CHECK_INT(0, mkdir(directory, 0700));
    write_journal(bytes, count);
}

/* A ride fails, and so does the first attempt to mend it. */
static void fail_rides(uint32_t code) {
    fail_disk(DISK_ALL, 1, 1, EIO);
    CHECK_INT(SYSTEM_ERROR, present(code));
    CHECK_INT(SYSTEM_ERROR, present(code));
    CHECK_INT(SYSTEM_ERROR, present(code));
    heal_disk();
}

static int set_directory(void) { return posoffline_set_state_dir(directory); }
static int initialize(void) { return init(KEY_LIST, CARD_TYPES); }

static void rides_go_on(void) {
    start();
    accept(0, 5);
    fail_rides(5);
    remembered(0, 5);
    mount_anew();
    accept(5, 10);
    remembered(0, 10);
    CHECK_INT(10 * ENTRY, file_size(journal));
    restart();
    remembered(0, 10);
}

static void other_spellings(void);

/* The same without a ride in between: nothing has failed yet that the library has seen. */
static void success_means_that_it_works(void) {
    static int (*const calls[])(void) = {set_directory, initialize};
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        for (int has_failed = 0; has_failed < 2; has_failed++) {
            about("call %zu, after a failure: %d", i, has_failed);
            prepare();
            start();
            accept(0, 5);
            if (has_failed) fail_rides(5);
            mount_anew();
            CHECK_INT(SUCCESS, calls[i]());
            accept(5, 10);
            CHECK_INT(10 * ENTRY, file_size(journal));
            restart();
            remembered(0, 10);
        }
    }
}

static void failure_is_told(void) {
    static int (*const calls[])(void) = {set_directory, initialize};
    static const int kinds[] = {DISK_ALL, DISK_SYNC};
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        for (size_t kind = 0; kind < COUNT_OF(kinds); kind++) {
            about("call %zu, kind %zu", i, kind);
            prepare();
            start();
            accept(0, 5);
            fail_disk(kinds[kind], 1, 1, EIO);
            for (int again = 0; again < 3; again++) CHECK_INT(SYSTEM_ERROR, calls[i]());
            CHECK_INT(SYSTEM_ERROR, present(5));
            remembered(0, 5);
            heal_disk();
            CHECK_INT(SUCCESS, calls[i]());
            accept(5, 6);
            restart();
            remembered(0, 6);
        }
    }
}

/* On file systems of today the upper half of an inode's number may be all that tells two directories apart. */
static void long_numbers(void) {
    long_inodes(1);
    success_means_that_it_works();
    prepare();
    other_spellings();
    long_inodes(0);
}

/* A directory that is gone. */
static void path_is_gone(void) {
    char moved[300];
    start();
    accept(0, 5);
    snprintf(moved, sizeof moved, "%s moved", directory);
    CHECK_INT(0, rename(directory, moved));
    CHECK_INT(ILLEGAL_PARAM, set_directory());
    CHECK_INT(ILLEGAL_PARAM, initialize());
    /* Everything is as before the calls: codes go where the directory is. */
    accept(5, 6);
    remembered(0, 6);
    CHECK_INT(0, rename(moved, directory));
    accept(6, 7);
    CHECK_INT(SUCCESS, set_directory());
    restart();
    remembered(0, 7);
    /* Unless the disk has failed. */
    CHECK_INT(0, rename(directory, moved));
    fail_rides(7);
    CHECK_INT(SYSTEM_ERROR, present(7));
    CHECK_INT(0, rename(moved, directory));
    accept(7, 8);
    restart();
    remembered(0, 8);
}

/* While a file system is being repaired the path leads to the bare mount point. A ride must not make a journal there:
 * it would be hidden when the file system is back, with the codes that it has. */
static void bare_mount_point(void) {
    char moved[300];
    start();
    accept(0, 5);
    fail_rides(5);
    snprintf(moved, sizeof moved, "%s moved", directory);
    CHECK_INT(0, rename(directory, moved));
    CHECK_INT(0, mkdir(directory, 0700));
    for (int i = 0; i < 3; i++) CHECK_INT(SYSTEM_ERROR, present(5));
    remembered(0, 5);
    CHECK_INT(-1, file_size(journal));
    CHECK_INT(0, rmdir(directory));
    CHECK_INT(0, rename(moved, directory));
    accept(5, 7);
    restart();
    remembered(0, 7);
}

static int present_legacy(uint32_t number) {
    struct code code = long_code(number);
    return legacy(&code);
}

/* Firmware of the older interface never calls init_pos_verify: its rides open the directory. */
static void legacy_rides_on_a_bare_mount_point(void) {
    char moved[300];
    CHECK_INT(SUCCESS, present_legacy(0));
    CHECK_INT(QRCODE_DUPLICATED, present_legacy(0));
    free_pos_verify();
    snprintf(moved, sizeof moved, "%s moved", directory);
    CHECK_INT(0, rename(directory, moved));
    CHECK_INT(0, mkdir(directory, 0700));
    CHECK_INT(SYSTEM_ERROR, present_legacy(0));
    CHECK_INT(SYSTEM_ERROR, present_legacy(1));
    CHECK_INT(-1, file_size(journal));
    CHECK_INT(0, rmdir(directory));
    CHECK_INT(0, rename(moved, directory));
    CHECK_INT(QRCODE_DUPLICATED, present_legacy(0));
    CHECK_INT(SUCCESS, present_legacy(1));
}

/* Comes first: a directory from a call would come before it. */
static void bare_mount_point_from_environment(void) {
    setenv("POSOFFLINE_STATE_DIR", directory, 1);
    legacy_rides_on_a_bare_mount_point();
    unsetenv("POSOFFLINE_STATE_DIR");
}

static void bare_mount_point_from_call(void) {
    CHECK_INT(SUCCESS, set_directory());
    legacy_rides_on_a_bare_mount_point();
}

/* A full disk takes the next entry as soon as there is room for one. A rewriting would need room for a second journal. */
static void full_disk_comes_free(void) {
    start();
    accept(0, 5);
    fail_disk(DISK_WRITE, 1, 1, ENOSPC);
    CHECK_INT(SYSTEM_ERROR, present(5));
    CHECK_INT(SYSTEM_ERROR, set_directory());
    CHECK_INT(SYSTEM_ERROR, initialize());
    heal_disk();
    disk_counts();
    accept(5, 8);
    CHECK_INT(0, disk_counts().renames);
    CHECK_INT(8 * ENTRY, file_size(journal));
    CHECK_INT(SUCCESS, set_directory());
    restart();
    remembered(0, 8);
}

/* A code of a card type that is not listed is refused for that, whatever the directory. */
static int present_unsupported(void) { return verify_named("type-not-listed"); }

static void card_type_first(void) {
    start();
    CHECK_INT(CARDTYPE_UNSUPPORTED, present_unsupported());
    CHECK_INT(CARDTYPE_UNSUPPORTED, in_child(present_unsupported));
}

/* What the path leads to is in use by another process. */
static void path_is_anothers(void) {
    int ends[2];
    char byte = 0;
    start();
    accept(0, 5);
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
    accept(5, 6);
    restart();
    remembered(0, 6);
    close(ends[0]);
    close(ends[1]);
}

/* A disk that takes no byte, before the first code: a directory is opened, or a failed one again. */
static void full_disk(void) {
    fail_disk(DISK_WRITE, 1, 1, ENOSPC);
    CHECK_INT(SYSTEM_ERROR, set_directory());
    heal_disk();
    start();
    fail_disk(DISK_WRITE, 1, 1, ENOSPC);
    CHECK_INT(SYSTEM_ERROR, present(0));
    for (int i = 0; i < 3; i++) {
        CHECK_INT(SYSTEM_ERROR, set_directory());
        CHECK_INT(SYSTEM_ERROR, initialize());
    }
    heal_disk();
    CHECK_INT(SUCCESS, initialize());
    accept(0, 1);
}

/* Other paths to the directory that is set. */
static void other_spellings(void) {
    char slash[300], link[300];
    start();
    accept(0, 5);
    snprintf(slash, sizeof slash, "%s/.//", directory);
    snprintf(link, sizeof link, "%s link", directory);
    CHECK_INT(0, symlink(directory, link));
    int files = open_files();
    CHECK_INT(SUCCESS, posoffline_set_state_dir(slash));
    accept(5, 6);
    CHECK_INT(SUCCESS, posoffline_set_state_dir(link));
    accept(6, 7);
    CHECK_INT(files, open_files());
    restart();
    remembered(0, 7);
    /* The last one counts. */
    CHECK_INT(0, unlink(link));
    CHECK_INT(ILLEGAL_PARAM, initialize());
    accept(7, 8);
}

/* What the library has open keeps a file system from being unmounted, and so from being repaired. */
static void nothing_is_held(void) {
    start();
    accept(0, 5);
    int files = open_files();
    fail_rides(5);
    CHECK_INT(files - 2, open_files());
    accept(5, 6);
    CHECK_INT(files, open_files());
}

/* What another process accepts meanwhile is known afterwards. */
static int take_over(void) {
    if (posoffline_set_state_dir(directory) != SUCCESS || init(KEY_LIST, CARD_TYPES) != SUCCESS) return 50;
    return present(7);
}

static void another_process_meanwhile(void) {
    start();
    accept(0, 5);
    fail_rides(5);
    CHECK_INT(SUCCESS, in_child(take_over));
    CHECK_INT(QRCODE_DUPLICATED, present(7));
    accept(5, 7);
    restart();
    remembered(0, 8);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Files that are none
 * ------------------------------------------------------------------------------------------------------------------ */

static void make_entry(const char *path, int kind) {
    if (kind == 0) CHECK_INT(0, mkdir(path, 0700));
    if (kind == 1) CHECK_INT(0, mkfifo(path, 0600));
    if (kind == 2) CHECK_INT(0, symlink("elsewhere", path));
    if (kind == 3) CHECK_INT(0, mknod(path, S_IFCHR | 0600, makedev(1, 3))); /* as /dev/null */
    if (kind == 4) CHECK_INT(0, mknod(path, S_IFCHR | 0600, makedev(1, 5))); /* as /dev/zero */
    if (kind == 5) CHECK_INT(0, mknod(path, S_IFSOCK | 0600, 0));
}

/* With each kind of thing in the place of the journal, and a directory in that of the file that a rewriting makes. */
static void with_each(void (*body)(void)) {
    /* Root alone can make devices. */
    int kinds = geteuid() == 0 ? 6 : 3;
    hangs_after(300);
    for (int kind = 0; kind < kinds; kind++) {
        for (int is_temporary = 0; is_temporary < (kind == 0 ? 2 : 1); is_temporary++) {
            about("kind %d, in the place of the %s", kind, is_temporary ? "temporary file" : "journal");
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
    struct code code = long_code(0);
    setenv("POSOFFLINE_STATE_DIR", directory, 1);
    CHECK_INT(ILLEGAL_PARAM, initialize());
    CHECK_INT(SYSTEM_ERROR, legacy(&code));
    unsetenv("POSOFFLINE_STATE_DIR");
}

static void from_call(void) { CHECK_INT(ILLEGAL_PARAM, set_directory()); }

/* First, while no call has named a directory. */
static void no_files_from_environment(void) { with_each(from_environment); }

static void no_files_from_call(void) { with_each(from_call); }

/* Whatever else has the temporary file's name is removed, and nothing behind it is touched. */
static void temporary_is_replaced(void) {
    int kinds = geteuid() == 0 ? 6 : 3;
    char elsewhere[300];
    for (int kind = 1; kind < kinds; kind++) {
        about("kind %d", kind);
        prepare();
        make_entry(temporary, kind);
        start();
        accept(0, 2);
        restart();
        remembered(0, 2);
    }
    /* A second name of the journal. */
    free_pos_verify();
    CHECK_INT(0, link(journal, temporary));
    CHECK_INT(SUCCESS, initialize());
    remembered(0, 2);
    snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", directory);
    CHECK_INT(-1, file_size(elsewhere));
    CHECK_INT(-1, file_size(temporary));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Which error is whose fault
 * ------------------------------------------------------------------------------------------------------------------ */

/* What is wrong with the path or with what stands there, and cannot be mended but by another path or other rights: in
 * docs/journal.md, "Errors". All else is the system's. */
static const int argument_errors[] = {
    EACCES, EEXIST, EISDIR, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR, EPERM, EROFS, ETXTBSY};
static const int system_errors[] = {
    EAGAIN, EBADF, EBUSY, EDQUOT, EFBIG, EINVAL, EIO, EMFILE, ENFILE, ENODEV, ENOLCK, ENOMEDIUM, ENOMEM, ENOSPC, ENOSYS, ENXIO,
    EOPNOTSUPP, EOVERFLOW, ESTALE};

static void expect_at_opening(int expected, int call, long number, int and_later, int error) {
    struct code code = long_code(0);
    int (*const calls[])(void) = {set_directory, initialize};
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        about("call %zu, disk call %d number %ld: %s", i, call, number, strerror(error));
        fail_disk(call, number, and_later, error);
        CHECK_INT(expected, calls[i]());
        CHECK(heal_disk() >= number);
    }
    fail_disk(call, number, and_later, error);
    CHECK_INT(SYSTEM_ERROR, legacy(&code));
    heal_disk();
}

/* What is opened, in this order. */
enum { DIRECTORY = 1, PARENT, JOURNAL, TEMPORARY };

/* The directory above is synced where this process may open it. */
static void errors_of_the_directory_above(void) {
    start();
    accept(0, 1);
    for (size_t i = 0; i < COUNT_OF(argument_errors); i++) {
        about("%s", strerror(argument_errors[i]));
        free_pos_verify();
        fail_disk(DISK_OPEN, PARENT, 0, argument_errors[i]);
        CHECK_INT(SUCCESS, set_directory());
        CHECK(heal_disk() > PARENT);
    }
    free_pos_verify();
    for (size_t i = 0; i < COUNT_OF(system_errors); i++)
        expect_at_opening(SYSTEM_ERROR, DISK_OPEN, PARENT, 0, system_errors[i]);
    CHECK_INT(SUCCESS, initialize());
    remembered(0, 1);
}

static void errors_of_opens(void) {
    start();
    accept(0, 1);
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
    remembered(0, 1);
}

/* A device has errors of its own for that it cannot be opened: ENXIO and ENODEV without a driver, EBUSY where another has
 * it, ENOMEDIUM, EIO. What stands there is no regular file all the same. */
static void errors_of_devices(void) {
    int kinds = geteuid() == 0 ? 6 : 3;
    start();
    accept(0, 1);
    free_pos_verify();
    CHECK_INT(0, remove(journal));
    for (int kind = 0; kind < kinds; kind++) {
        make_entry(journal, kind);
        for (size_t i = 0; i < COUNT_OF(system_errors); i++)
            expect_at_opening(ILLEGAL_PARAM, DISK_OPEN, JOURNAL, 0, system_errors[i]);
        CHECK_INT(0, remove(journal));
    }
}

/* Why a file is still there says more than that it is. */
static void errors_of_removals(void) {
    static const int in_the_way[] = {EACCES, EBUSY, EISDIR, EPERM, EROFS}, of_the_disk[] = {EDQUOT, EIO, ENOMEM, ENOSPC, ESTALE};
    start();
    accept(0, 1);
    free_pos_verify();
    make_entry(temporary, 1);
    for (size_t i = 0; i < COUNT_OF(in_the_way); i++)
        expect_at_opening(ILLEGAL_PARAM, DISK_REMOVE, 1, 1, in_the_way[i]);
    for (size_t i = 0; i < COUNT_OF(of_the_disk); i++)
        expect_at_opening(SYSTEM_ERROR, DISK_REMOVE, 1, 1, of_the_disk[i]);
    CHECK_INT(SUCCESS, initialize());
    remembered(0, 1);
}

/* A file that runs as a program or is swapped to, one that may only be appended to; locks that there are none of. */
static void errors_of_other_calls(void) {
    static const struct {
        int call, error, expected;
    } cases[] = {
        {DISK_TRUNCATE, ETXTBSY, ILLEGAL_PARAM}, {DISK_TRUNCATE, EPERM, ILLEGAL_PARAM}, {DISK_TRUNCATE, EROFS, ILLEGAL_PARAM},
        {DISK_TRUNCATE, EINVAL, ILLEGAL_PARAM}, {DISK_TRUNCATE, EIO, SYSTEM_ERROR}, {DISK_TRUNCATE, ENOSPC, SYSTEM_ERROR},
        {DISK_LOCK, EWOULDBLOCK, SYSTEM_ERROR}, {DISK_LOCK, ENOLCK, SYSTEM_ERROR}, {DISK_LOCK, EOPNOTSUPP, SYSTEM_ERROR},
        {DISK_LOCK, EINVAL, SYSTEM_ERROR},
        {DISK_READ, EIO, SYSTEM_ERROR}, {DISK_WRITE, ENOSPC, SYSTEM_ERROR}, {DISK_WRITE, EPERM, SYSTEM_ERROR},
        {DISK_SYNC, EIO, SYSTEM_ERROR}};
    start();
    accept(0, 1);
    free_pos_verify();
    for (size_t i = 0; i < COUNT_OF(cases); i++) expect_at_opening(cases[i].expected, cases[i].call, 1, 1, cases[i].error);
    CHECK_INT(SUCCESS, initialize());
    remembered(0, 1);
}

/* EINVAL is no failure where a directory is synced, which some file systems cannot do. Of a file it is one. */
static void sync_says_invalid(void) {
    start();
    accept(0, 1);
    fail_disk(DISK_SYNC, 1, 1, EINVAL);
    CHECK_INT(SYSTEM_ERROR, present(1));
    heal_disk();
    accept(1, 2);
}

int main(int argc, char **argv) {
    static const struct test tests[] = {
        {"verify_qrcode makes no journal on a bare mount point that the environment names", bare_mount_point_from_environment},
        {"what is in the place of a file is refused, from the environment", no_files_from_environment},
        {"and from a call", no_files_from_call},
        {"rides go on by themselves where the path leads after a repair", rides_go_on},
        {"after a repair SUCCESS means that it works", success_means_that_it_works},
        {"two directories are told apart by inodes of 64 bits", long_numbers},
        {"while the disk fails both calls say so", failure_is_told},
        {"what has the temporary file's name is replaced", temporary_is_replaced},
        {"a path that is gone is said to be, and harms no ride", path_is_gone},
        {"a path to another's directory is no success", path_is_anothers},
        {"a ride makes no journal on a bare mount point", bare_mount_point},
        {"nor does one of verify_qrcode", bare_mount_point_from_call},
        {"a full disk that comes free needs no rewriting", full_disk_comes_free},
        {"a card type is refused before the directory is asked", card_type_first},
        {"a disk that takes nothing is no success", full_disk},
        {"another path to the same directory is the same directory", other_spellings},
        {"after a failure nothing is held open", nothing_is_held},
        {"what another process accepted after a failure is refused", another_process_meanwhile},
        {"a file that cannot be synced refuses the ride", sync_says_invalid},
        {"nor is what the directory above answers, where it may not be opened", errors_of_the_directory_above},
        {"an open that fails is the argument's fault or the system's, as documented", errors_of_opens},
        {"what is no regular file is the argument's fault, whatever its open says", errors_of_devices},
        {"a file that cannot be removed is judged by the reason", errors_of_removals},
        {"other calls of an opening that fail are judged as documented", errors_of_other_calls},
        {0}};
    return run_state_tests(argc, argv, tests);
}
