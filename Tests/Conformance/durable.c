/* durable [COUNT]: accepted codes that outlive the power. A restart is free_pos_verify, which forgets everything that is
 * in memory, and init_pos_verify. */
#define _GNU_SOURCE
#include "harness.h"
#include "disk.h"
#include "fixtures.h"
#include "state.h"

#include <errno.h>
#include <limits.h>
#include <link.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SLACK = 2048 };

static uint32_t total = 100000;
static char other_directory[200];

/* Fills the journal up with entries of codes that are long past their window, by the clock that a test begins with. */
static void age_journal(uint32_t entries) {
    static unsigned char bytes[2 * SLACK * ENTRY];
    static uint32_t serial;
    free_pos_verify();
    size_t count = read_journal(bytes, sizeof bytes);
    while (count < entries * ENTRY) {
        unsigned char *entry = bytes + count;
        memset(entry, 0, ENTRY);
        memcpy(entry, "PJ\1A", 4);
        put32(entry + 4, ++serial);
        put32(entry + 8, serial * 2654435761u);
        put32(entry + 16, serial * 2246822519u | 1);
        put32(entry + 20, NOW - 200000 + serial);
        put32(entry + 24, NOW - 199000 + serial);
        put32(entry + 28, crc32(entry, 28));
        count += ENTRY;
    }
    write_journal(bytes, count);
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
    disk_counts();
}

/* ------------------------------------------------------------------------------------------------------------------
 * These come first, while no call has named a directory.
 * ------------------------------------------------------------------------------------------------------------------ */

static void no_directory(void) {
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
    accept(0, 10);
    restart();
    accept(0, 10);
    struct disk_counts none = disk_counts();
    CHECK_INT(0, none.opens + none.reads + none.writes + none.syncs);
}

static void environment(void) {
    char first[200];
    strcpy(first, directory);
    setenv("POSOFFLINE_STATE_DIR", first, 1);
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
    accept(0, 10);
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
    remembered(0, 10);
    restart();
    remembered(0, 10);
    /* Another one takes over, with what was accepted. */
    fresh_directory();
    setenv("POSOFFLINE_STATE_DIR", directory, 1);
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
    accept(10, 15);
    restart();
    remembered(0, 15);
    CHECK_INT(15 * ENTRY, file_size(journal));
}

static void environment_is_unfit(void) {
    setenv("POSOFFLINE_STATE_DIR", directory, 1);
    CHECK_INT(SUCCESS, init("[{\"key_id\":7,\"public_key\":\"" ISSUER_7 "\"}]", "[\"CITY0001\"]"));
    CHECK_INT(SUCCESS, verify_named("key-7"));
    static const char *const paths[] = {"", "/nowhere/at/all", "/dev/null", "/proc"};
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        about("path %s", paths[i]);
        setenv("POSOFFLINE_STATE_DIR", paths[i], 1);
        CHECK_INT(ILLEGAL_PARAM, init(KEY_LIST, CARD_TYPES));
        /* Lists and memory are those of before. */
        CHECK_INT(CARDTYPE_UNSUPPORTED, verify_named("plain"));
        CHECK_INT(QRCODE_DUPLICATED, verify_named("key-7"));
    }
}

/* verify_qrcode needs no init_pos_verify, but the directory all the same. */
static void environment_without_init(void) {
    struct code first = long_code(0), second = long_code(1);
    char moved[300];
    setenv("POSOFFLINE_STATE_DIR", directory, 1);
    CHECK_INT(SUCCESS, legacy(&first));
    CHECK_INT(ENTRY, file_size(journal));
    free_pos_verify();
    CHECK_INT(QRCODE_DUPLICATED, legacy(&first));
    /* Without it nothing is accepted, not even after an init_pos_verify that has said so. */
    free_pos_verify();
    sprintf(moved, "%s moved", directory);
    CHECK_INT(0, rename(directory, moved));
    for (int i = 0; i < 2; i++) {
        CHECK_INT(SYSTEM_ERROR, legacy(&first));
        CHECK_INT(SYSTEM_ERROR, legacy(&second));
        CHECK_INT(ILLEGAL_PARAM, init(KEY_LIST, CARD_TYPES));
    }
    CHECK_INT(0, rename(moved, directory));
    fail_allocation(1, 1);
    CHECK_INT(NO_ENOUGH_MEMORY, legacy(&second));
    allow_allocations();
    CHECK_INT(QRCODE_DUPLICATED, legacy(&first));
    CHECK_INT(SUCCESS, legacy(&second));
    restart();
    remembered(0, 2);
}

/* ------------------------------------------------------------------------------------------------------------------ */

static void survives(void) {
    start();
    struct code code = fixture_code("good");
    CHECK_INT(SUCCESS, verify(&code));
    for (int i = 0; i < 3; i++) {
        restart();
        CHECK_INT(QRCODE_DUPLICATED, verify(&code));
        CHECK_INT(QRCODE_DUPLICATED, legacy(&code));
        accept(10 * (uint32_t)i, 10 * (uint32_t)i + 10);
    }
    /* verify_qrcode needs no init_pos_verify, and remembers all the same. */
    free_pos_verify();
    CHECK_INT(QRCODE_DUPLICATED, legacy(&code));
    struct code next = long_code(30);
    CHECK_INT(SUCCESS, legacy(&next));
    restart();
    remembered(0, 31);
}

static void one_write_and_one_sync(void) {
    start();
    accept(0, 1);
    struct disk_counts one = disk_counts();
    CHECK_INT(1, one.writes);
    CHECK_INT(ENTRY, one.bytes);
    CHECK_INT(1, one.syncs);
    CHECK_INT(0, one.opens + one.renames + one.reads);
    /* Who is refused costs nothing. */
    CHECK_INT(QRCODE_DUPLICATED, present(0));
    CHECK(verify_named("user-sig-r-1") == MALFORMED_QRCODE);
    struct disk_counts none = disk_counts();
    CHECK_INT(0, none.writes + none.syncs + none.opens);
}

/* Each entry is what docs/journal.md says. */
static void format(void) {
    struct code code = fixture_code("good");
    start();
    CHECK_INT(SUCCESS, verify(&code));
    unsigned char expected[ENTRY], actual[2 * ENTRY];
    journal_entry(&code, expected);
    CHECK_INT(ENTRY, read_journal(actual, sizeof actual));
    CHECK_BYTES(expected, actual, ENTRY);
    CHECK_INT(-1, file_size(temporary));
    struct stat status;
    CHECK(stat(journal, &status) == 0 && (status.st_mode & 0777) == 0600);
}

static void before_the_call(void) {
    start();
    accept(0, 50);
    fresh_directory();
    CHECK_INT(SUCCESS, posoffline_set_state_dir(directory));
    CHECK_INT(50 * ENTRY, file_size(journal));
    accept(50, 60);
    restart();
    remembered(0, 60);
    CHECK_INT(SUCCESS, present(60));
}

static void same_path(void) {
    start();
    accept(0, 5);
    disk_counts();
    CHECK_INT(SUCCESS, posoffline_set_state_dir(directory));
    /* That it works is asked of the disk, and nothing is read or written. */
    struct disk_counts asked = disk_counts();
    CHECK_INT(0, asked.reads + asked.writes + asked.renames);
    CHECK_INT(1, asked.syncs);
    remembered(0, 5);
}

static void another_path(void) {
    start();
    char first[200];
    accept(0, 5);
    strcpy(first, directory);
    fresh_directory();
    CHECK_INT(SUCCESS, posoffline_set_state_dir(directory));
    accept(5, 10);
    /* The first is free, and has what it had. */
    CHECK_INT(SUCCESS, posoffline_set_state_dir(first));
    restart();
    remembered(0, 10);
}

/* Codes that were dropped from memory are in no entry: what is kept of them is kept in the other directory too. */
static void another_path_after_dropping(void) {
    struct code first = milled_code(NOW, 60);
    start();
    for (uint32_t i = 0; i < 1200; i++) {
        struct code code = milled_code(NOW + i, 60);
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

/* verify_qrcode after free_pos_verify opens the journal itself, and says what keeps it from that. */
static void opened_by_a_ride(void) {
    struct code known = long_code(0), fresh = long_code(3);
    char moved[300];
    start();
    accept(0, 3);
    free_pos_verify();
    fail_disk(DISK_ALL, 1, 1, EIO);
    CHECK_INT(SYSTEM_ERROR, legacy(&fresh));
    heal_disk();
    fail_allocation(1, 1);
    CHECK_INT(NO_ENOUGH_MEMORY, legacy(&fresh));
    allow_allocations();
    /* The path was right when it was given: it is the terminal's fault now, and no argument's. */
    sprintf(moved, "%s moved", directory);
    CHECK_INT(0, rename(directory, moved));
    CHECK_INT(SYSTEM_ERROR, legacy(&fresh));
    CHECK_INT(0, rename(moved, directory));
    CHECK_INT(QRCODE_DUPLICATED, legacy(&known));
    CHECK_INT(SUCCESS, legacy(&fresh));
    restart();
    remembered(0, 4);
}

static void bad_paths(void) {
    start();
    char file[300], missing[300], loop[300], deep[8192];
    accept(0, 3);
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
        about("path %zu, %.40s", i, paths[i] ? paths[i] : "NULL");
        CHECK_INT(ILLEGAL_PARAM, posoffline_set_state_dir(paths[i]));
        if (!paths[i]) continue;
        setenv("POSOFFLINE_STATE_DIR", paths[i], 1);
        /* A directory that was set by a call comes first. */
        CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
        unsetenv("POSOFFLINE_STATE_DIR");
    }
    CHECK_INT(files, open_files());
    remembered(0, 3);
    accept(3, 4);
    restart();
    remembered(0, 4);
}

/* What the call answers to an ordinary user: root may write everywhere. */
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
    make_directory(other_directory, "anybody's");
    CHECK_INT(0, chmod(place, 0755));
    CHECK_INT(0, chmod(other_directory, 0777));
    CHECK_INT(SUCCESS, set_without_privileges(other_directory));
    /* It may be read, and the journal in it written: but no file can be made. */
    CHECK_INT(0, chmod(other_directory, 0555));
    CHECK_INT(ILLEGAL_PARAM, set_without_privileges(other_directory));
    CHECK_INT(0, chmod(other_directory, 0));
    CHECK_INT(ILLEGAL_PARAM, set_without_privileges(other_directory));
    CHECK_INT(0, chmod(other_directory, 0700));
    CHECK_INT(0, chmod(place, 0700));
}


/* ------------------------------------------------------------------------------------------------------------------
 * Two processes
 * ------------------------------------------------------------------------------------------------------------------ */

static int take_directory(void) { return posoffline_set_state_dir(directory); }
static int initialize(void) { return init(KEY_LIST, CARD_TYPES); }
static int present_5(void) { return present(5); }
static int present_6(void) { return present(6); }

static void one_process(void) {
    start();
    accept(0, 5);
    CHECK_INT(SYSTEM_ERROR, in_child(take_directory));
    CHECK_INT(SYSTEM_ERROR, in_child(initialize));
    CHECK_INT(SYSTEM_ERROR, in_child(present_5));
    accept(5, 6);
    /* Another process gets it once this one has let go. */
    free_pos_verify();
    CHECK_INT(SUCCESS, in_child(take_directory));
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
    remembered(0, 6);
}

/* The child of a process that has ended goes on where that left off, as a daemon does. */
static void daemon_process(void) {
    start();
    accept(0, 5);
    int ends[2], result = 0;
    CHECK_INT(0, pipe(ends));
    pid_t parent = fork();
    if (parent == 0) {
        posoffline_set_state_dir(directory); /* refused: it must not have it before its own parent lets go */
        _exit(present_6() == SYSTEM_ERROR ? 0 : 1);
    }
    waitpid(parent, &result, 0);
    CHECK_INT(0, result);
    pid_t child = fork();
    if (child == 0) {
        char byte;
        close(ends[1]);
        /* Waits until the parent has closed the directory. */
        if (read(ends[0], &byte, 1) != 1) _exit(1);
        _exit(present_5() == SUCCESS && present_5() == QRCODE_DUPLICATED && present(4) == QRCODE_DUPLICATED ? 0 : 2);
    }
    free_pos_verify();
    CHECK_INT(1, write(ends[1], "x", 1));
    close(ends[0]);
    close(ends[1]);
    waitpid(child, &result, 0);
    CHECK_INT(0, WIFEXITED(result) ? WEXITSTATUS(result) : -1);
    restart();
    remembered(0, 6);
}

/* The child of a fork that no handler has seen, as _Fork() makes one. */
static void unseen_fork(void) {
    start();
    accept(0, 5);
    pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (child == 0) _exit(present(4) == SYSTEM_ERROR && present(5) == SYSTEM_ERROR ? 0 : 1);
    int result = -1;
    CHECK(child > 0 && waitpid(child, &result, 0) == child);
    CHECK_INT(0, result);
    accept(5, 6);
    restart();
    remembered(0, 6);
}

static void *ride_5(void *unused) {
    present(5);
    pthread_testcancel();
    return unused;
}

/* A thread that is cancelled while it waits for the disk ends its ride first, and leaves no lock behind. */
static void cancelled(void) {
    start();
    accept(0, 5);
    slow_disk(200000);
    pthread_t thread;
    void *result;
    CHECK_INT(0, pthread_create(&thread, NULL, ride_5, NULL));
    usleep(50000);
    CHECK_INT(0, pthread_cancel(thread));
    CHECK_INT(0, pthread_join(thread, &result));
    CHECK(result == PTHREAD_CANCELED);
    slow_disk(0);
    remembered(0, 6);
    accept(6, 7);
    restart();
    remembered(0, 7);
}

/* Each of these is an exit status. */
enum { NOT_ENDED = 2, STILL_SET, NO_STREAM, NO_START, NO_RIDE, KEY_MISSING, RIDE_ENDED, WRONG_RIDE,
       LATER_RIDE, STILL_OPEN, KEY_LEFT };

static void expect_end(void) {
    struct code known = long_code(0), fresh = long_code(1);
    unsigned char key[POSOFFLINE_RECORD_KEY_MIN] = {0};
    for (int i = 0; i < 2; i++) {
        if (legacy(&known) != SYSTEM_ERROR || legacy(&fresh) != SYSTEM_ERROR || verify(&known) != SYSTEM_ERROR) _exit(NOT_ENDED);
        if (info(&known) != SYSTEM_ERROR) _exit(NOT_ENDED);
        if (init(KEY_LIST, CARD_TYPES) != SYSTEM_ERROR || posoffline_set_state_dir(directory) != SYSTEM_ERROR) _exit(STILL_SET);
        if (posoffline_set_record_key(key, sizeof key) != SYSTEM_ERROR) _exit(STILL_SET);
        free_pos_verify();
    }
}

/* Streams are flushed when exit() has ended the libraries. */
static void flush_by(ssize_t (*last_words)(void *, const char *, size_t)) {
    FILE *file = fopencookie(NULL, "w", (cookie_io_functions_t){.write = last_words});
    if (!file || fputs("goodbye", file) == EOF) _exit(NO_STREAM);
}

static ssize_t last_words(void *cookie, const char *bytes, size_t count) {
    (void)cookie, (void)bytes, (void)count;
    expect_end();
    _exit(0);
}

static void exit_in_child(void) {
    flush_by(last_words);
    if (posoffline_set_state_dir(directory) != SUCCESS || init(KEY_LIST, CARD_TYPES) != SUCCESS) _exit(NO_START);
    if (present(0) != SUCCESS) _exit(NO_RIDE);
    exit(1);
}

/* The library has left a process before its last thread has: it accepts nothing that it would not remember. */
static void end_of_process(void) {
    int result = -1;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) exit_in_child();
    CHECK(child > 0 && waitpid(child, &result, 0) == child);
    CHECK_INT(0, WIFEXITED(result) ? WEXITSTATUS(result) : -1);
    start();
    remembered(0, 1);
    accept(1, 2);
}

/* The record key of the next test, inverted, and how often the library's data have it. */
static const unsigned char inverted_key[] = {
    0x1F, 0x8A, 0x63, 0xC4, 0x2E, 0x97, 0x50, 0xBD, 0x0C, 0xE1, 0x76, 0x3B, 0xA8, 0x45, 0xF2, 0x99, 0x07, 0xDE, 0x6A, 0xB3};
static int keys_found;

static int count_keys(struct dl_phdr_info *object, size_t size, void *unused) {
    (void)size, (void)unused;
    if (!strstr(object->dlpi_name, "libposoffline")) return 0;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        if (object->dlpi_phdr[i].p_type != PT_LOAD || !(object->dlpi_phdr[i].p_flags & PF_W)) continue;
        const volatile unsigned char *bytes = (const unsigned char *)(object->dlpi_addr + object->dlpi_phdr[i].p_vaddr);
        for (size_t at = 0; at + sizeof inverted_key <= object->dlpi_phdr[i].p_memsz; at++) {
            size_t same = 0;
            while (same < sizeof inverted_key && (bytes[at + same] ^ inverted_key[same]) == 0xFF) same++;
            keys_found += same == sizeof inverted_key;
        }
    }
    return 0;
}

static int keys_in_library(void) {
    keys_found = 0;
    dl_iterate_phdr(count_keys, NULL);
    return keys_found;
}

/* One thread rides and another ends the process, whose last words are said before the ride goes on. */
static sem_t ride_waits, ride_goes_on, ride_ended;
static int files_before;
static long exit_at_lock; /* 0: while the ride is written down */

static void wait_for_exit(void) {
    sem_post(&ride_waits);
    sem_wait(&ride_goes_on);
}

static void *ride_through_exit(void *unused) {
    if (exit_at_lock) at_lock(exit_at_lock, wait_for_exit);
    else at_sync(wait_for_exit);
    int result = present_plainly(0);
    /* Written down already, and told of; or not begun to be. */
    if (result != (exit_at_lock ? SYSTEM_ERROR : SUCCESS)) _exit(WRONG_RIDE);
    if (present_plainly(1) != SYSTEM_ERROR) _exit(LATER_RIDE);
    sem_post(&ride_ended);
    return unused;
}

static ssize_t words_during_ride(void *cookie, const char *bytes, size_t count) {
    (void)cookie, (void)bytes, (void)count;
    /* None of these waits for the disk. */
    expect_end();
    if (sem_trywait(&ride_ended) == 0) _exit(RIDE_ENDED);
    sem_post(&ride_goes_on);
    sem_wait(&ride_ended);
    expect_end();
    if (open_files() != files_before) _exit(STILL_OPEN);
    if (keys_in_library() != 0) _exit(KEY_LEFT);
    _exit(0);
}

static void exit_during_ride(void) {
    unsigned char key[sizeof inverted_key];
    pthread_t thread;
    for (size_t i = 0; i < sizeof key; i++) key[i] = (unsigned char)~inverted_key[i];
    flush_by(words_during_ride);
    files_before = open_files();
    if (posoffline_set_record_key(key, sizeof key) != SUCCESS) _exit(NO_START);
    if (posoffline_set_state_dir(directory) != SUCCESS || init(KEY_LIST, CARD_TYPES) != SUCCESS) _exit(NO_START);
    if (keys_in_library() != 1) _exit(KEY_MISSING);
    sem_init(&ride_waits, 0, 0);
    sem_init(&ride_goes_on, 0, 0);
    sem_init(&ride_ended, 0, 0);
    if (pthread_create(&thread, NULL, ride_through_exit, NULL) != 0 || pthread_detach(thread) != 0) _exit(NO_START);
    sem_wait(&ride_waits);
    exit(1);
}

/* While another thread is in a ride, before each time that it takes the lock and while it has it. */
static void end_during_a_ride(void) {
    enum { LOCKS = 4 };
    for (exit_at_lock = 0; exit_at_lock <= LOCKS; exit_at_lock++) {
        int result = -1;
        fresh_directory();
        about("before the lock is taken for the time %ld", exit_at_lock);
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) exit_during_ride();
        for (int i = 0; i < 6000 && waitpid(child, &result, WNOHANG) == 0; i++) usleep(10000);
        if (result == -1) {
            kill(child, SIGKILL);
            waitpid(child, NULL, 0);
        }
        CHECK_INT(0, WIFEXITED(result) ? WEXITSTATUS(result) : -1);
        /* What the ride was told is what the disk has. */
        start();
        CHECK_INT(exit_at_lock ? SUCCESS : QRCODE_DUPLICATED, present(0));
        free_pos_verify();
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * A disk that fails
 * ------------------------------------------------------------------------------------------------------------------ */

static const struct fault {
    const char *name;
    int call, error;
} faults[] = {
    {"the disk is full", DISK_WRITE, ENOSPC},
    {"a write fails", DISK_WRITE, EIO},
    {"a sync fails", DISK_SYNC, EIO},
    {"the disk is full at a sync", DISK_SYNC, ENOSPC},
    {"everything fails", DISK_ALL, EIO},
};

static void failing_rides(void) {
    static struct answer answer;
    start();
    accept(0, 3);
    uint32_t next = 3;
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        struct code code = long_code(next);
        struct call call = call_with(&code);
        about("%s", faults[i].name);
        fail_disk(faults[i].call, 1, 1, faults[i].error);
        for (int again = 0; again < 3; again++) CHECK_INT(SYSTEM_ERROR, call_verify(&call, &answer));
        CHECK_INT(SYSTEM_ERROR, call_legacy(&call, &answer));
        remembered(0, next);
        heal_disk();
        CHECK_INT(SUCCESS, call_verify(&call, &answer));
        CHECK_INT(QRCODE_DUPLICATED, call_verify(&call, &answer));
        next++;
        restart();
        remembered(0, next);
    }
    /* A code that was refused is not in the journal either. */
    fail_disk(DISK_SYNC | DISK_WRITE, 1, 1, EIO);
    CHECK_INT(SYSTEM_ERROR, present(next));
    heal_disk();
    restart();
    remembered(0, next);
    CHECK_INT(SUCCESS, present(next));
}

/* What ext4 does after an error: nothing can be written there, until somebody sees to it. */
static void turned_read_only(void) {
    start();
    accept(0, 2);
    fail_disk(DISK_SYNC, 1, 0, EIO);
    CHECK_INT(SYSTEM_ERROR, present(2));
    fail_disk(DISK_OPEN, 1, 1, EROFS);
    struct code code = long_code(3);
    CHECK_INT(SYSTEM_ERROR, present(2));
    CHECK_INT(SYSTEM_ERROR, legacy(&code));
    heal_disk();
    accept(2, 4);
    restart();
    remembered(0, 4);
}

/* Each call to the disk fails in turn while a failed sync is made good, which rewrites the journal. */
static void failing_repair(void) {
    static const int errors[] = {EIO, ENOSPC};
    start();
    accept(0, 3);
    uint32_t next = 3;
    for (int and_later = 0; and_later < 2; and_later++) {
        for (size_t error = 0; error < COUNT_OF(errors); error++) {
            for (long number = 1; number < 50; number++) {
                about("call %ld fails with %d, later ones too: %d", number, errors[error], and_later);
                fail_disk(DISK_SYNC, 1, 0, EIO);
                CHECK_INT(SYSTEM_ERROR, present(next));
                fail_disk(DISK_ALL, number, and_later, errors[error]);
                int result = present(next);
                long made = heal_disk();
                if (made < number) {
                    CHECK_INT(SUCCESS, result);
                    next++;
                    CHECK(number > 4);
                    break;
                }
                CHECK_INT(SYSTEM_ERROR, result);
                remembered(0, next);
                CHECK_INT(SUCCESS, present(next));
                next++;
                if (number % 3 == 0) restart();
                remembered(0, next);
            }
        }
    }
    restart();
    remembered(0, next);
}

/* After a failed sync nobody knows what the disk holds: a restart writes it anew. */
static void failing_sync_and_restart(void) {
    start();
    accept(0, 3);
    fail_disk(DISK_SYNC, 1, 0, EIO);
    CHECK_INT(SYSTEM_ERROR, present(3));
    heal_disk();
    disk_counts();
    restart();
    CHECK_INT(1, disk_counts().renames);
    CHECK_INT(SUCCESS, present(3));
    restart();
    CHECK_INT(0, disk_counts().renames);
    remembered(0, 4);
}

static void failing_start(void) {
    start();
    accept(0, 300);
    for (int and_later = 0; and_later < 2; and_later++) {
        for (long number = 1; number < 50; number++) {
            about("call %ld fails, later ones too: %d", number, and_later);
            free_pos_verify();
            int files = open_files();
            fail_disk(DISK_ALL & ~DISK_TRUNCATE, number, and_later, EIO);
            int result = init(KEY_LIST, CARD_TYPES);
            long made = heal_disk();
            if (made < number) {
                CHECK_INT(SUCCESS, result);
                CHECK(number > 4);
                break;
            }
            CHECK_INT(SYSTEM_ERROR, result);
            CHECK_INT(files, open_files());
            CHECK_INT(NOT_INITIALIZED, present(300));
            CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
            remembered(290, 300);
        }
    }
}

static void failing_memory(void) {
    char before[200];
    start();
    accept(0, 10);
    strcpy(before, directory);
    /* Another directory has so much in it that reading it takes more memory more than once. */
    fresh_directory();
    CHECK_INT(SUCCESS, posoffline_set_state_dir(directory));
    accept(10, 2500);
    free_pos_verify();
    CHECK_INT(SUCCESS, posoffline_set_state_dir(before));
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
    for (int and_later = 0; and_later < 2; and_later++) {
        long blocks = live_blocks(), bytes = live_bytes();
        int files = open_files();
        for (long number = 1; number < 100; number++) {
            about("allocation %ld fails, later ones too: %d", number, and_later);
            fail_allocation(number, and_later);
            int result = posoffline_set_state_dir(directory);
            long made = allow_allocations();
            if (made < number) {
                CHECK_INT(SUCCESS, result);
                CHECK(number > 3);
                break;
            }
            CHECK_INT(NO_ENOUGH_MEMORY, result);
            CHECK_INT(blocks, live_blocks());
            CHECK_INT(bytes, live_bytes());
            CHECK_INT(files, open_files());
            remembered(0, 10);
            struct code code = long_code(20 + (uint32_t)number);
            CHECK_INT(SUCCESS, info(&code));
        }
        remembered(0, 2500);
        CHECK_INT(SUCCESS, posoffline_set_state_dir(before));
    }
    free_pos_verify();
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
    remembered(0, 2500);
}

static void nothing_is_left_open(void) {
    start();
    accept(0, 5);
    restart();
    long blocks = live_blocks(), bytes = live_bytes();
    int files = open_files();
    for (int i = 0; i < 20; i++) {
        restart();
        CHECK_INT(SUCCESS, posoffline_set_state_dir(directory));
    }
    CHECK_INT(blocks, live_blocks());
    CHECK_INT(bytes, live_bytes());
    CHECK_INT(files, open_files());
    free_pos_verify();
    CHECK_INT(files - 2, open_files());
}

/* ------------------------------------------------------------------------------------------------------------------
 * A journal that is damaged
 * ------------------------------------------------------------------------------------------------------------------ */

enum { ENTRIES = 140 }; /* more than a page of them */

static void torn_tail(void) {
    static unsigned char whole[ENTRIES * ENTRY + 4096];
    start();
    accept(0, ENTRIES);
    size_t count = read_journal(whole, sizeof whole);
    CHECK_INT(ENTRIES * ENTRY, count);
    for (size_t cut = 1; cut <= 2 * ENTRY; cut++) {
        uint32_t left = (uint32_t)((count - cut) / ENTRY);
        about("cut by %zu", cut);
        free_pos_verify();
        write_journal(whole, count - cut);
        CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
        remembered(left - 5, left);
        accept(left, ENTRIES);
        restart();
        remembered(ENTRIES - 5, ENTRIES);
        CHECK_INT(ENTRIES * ENTRY, file_size(journal));
    }
    remembered(0, ENTRIES);
    /* A tail of what never was an entry. */
    for (size_t more = 1; more <= 4096; more += more < 70 ? 1 : 500) {
        about("%zu more bytes", more);
        free_pos_verify();
        memset(whole + count, more % 2 ? 0 : 0xFF, more);
        write_journal(whole, count + more);
        CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
        CHECK_INT(count, file_size(journal));
        remembered(ENTRIES - 5, ENTRIES);
    }
    remembered(0, ENTRIES);
}

static void damaged_entries(void) {
    static unsigned char whole[ENTRIES * ENTRY];
    start();
    accept(0, ENTRIES);
    size_t count = read_journal(whole, sizeof whole);
    for (uint32_t bit = 0; bit < 8 * ENTRY; bit += 3) {
        uint32_t entry = bit % ENTRIES;
        about("bit %u of entry %u", (unsigned)bit, (unsigned)entry);
        free_pos_verify();
        whole[entry * ENTRY + bit / 8] ^= (unsigned char)(1u << bit % 8);
        write_journal(whole, count);
        CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
        if (entry > 0) CHECK_INT(QRCODE_DUPLICATED, present(entry - 1));
        if (entry < ENTRIES - 1) CHECK_INT(QRCODE_DUPLICATED, present(entry + 1));
        CHECK_INT(SUCCESS, present(entry));
        restart();
        CHECK_INT(QRCODE_DUPLICATED, present(entry));
        whole[entry * ENTRY + bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    /* An entry with a digest that no code has, though its checksum is right, would end the search for others. */
    unsigned char wrong[ENTRY] = {'P', 'J', 1, 'A'};
    put32(wrong + 28, crc32(wrong, 28));
    free_pos_verify();
    memcpy(whole + 3 * ENTRY, wrong, ENTRY);
    write_journal(whole, count);
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
    CHECK_INT(SUCCESS, present(3));
    remembered(0, ENTRIES);
}

static void leftovers(void) {
    start();
    accept(0, 5);
    for (int i = 0; i < 3; i++) {
        free_pos_verify();
        FILE *file = fopen(temporary, "wb");
        for (int j = 0; j < i * 1000; j++) fputc(j, file);
        CHECK_INT(0, fclose(file));
        CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
        CHECK_INT(-1, file_size(temporary));
        remembered(0, 5);
    }
    /* A journal that was removed by hand is an empty one. */
    free_pos_verify();
    remove(journal);
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
    accept(0, 5);
    /* One that is no file is refused. */
    free_pos_verify();
    remove(journal);
    CHECK_INT(0, mkdir(journal, 0700));
    CHECK_INT(ILLEGAL_PARAM, init(KEY_LIST, CARD_TYPES));
    CHECK_INT(0, rmdir(journal));
    CHECK_INT(0, symlink("/dev/null", journal));
    CHECK_INT(ILLEGAL_PARAM, init(KEY_LIST, CARD_TYPES));
    remove(journal);
    CHECK_INT(0, mkfifo(journal, 0600));
    alarm(30); /* it must not wait for a writer */
    CHECK_INT(ILLEGAL_PARAM, init(KEY_LIST, CARD_TYPES));
    remove(journal);
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Long use, and clocks
 * ------------------------------------------------------------------------------------------------------------------ */

/* Riders whose codes are good for a minute, one each second, with a restart now and then. */
static void stays_small(void) {
    enum { RIDES = 4500 };
    start();
    long longest = 0, rewritten = 0, synced = 0;
    for (uint32_t i = 0; i < RIDES; i++) {
        set_clock((long long)NOW + i);
        struct code code = milled_code(NOW + i, 60);
        about("ride %u", (unsigned)i);
        CHECK_INT(SUCCESS, verify(&code));
        struct disk_counts ride = disk_counts();
        rewritten += ride.renames;
        synced += ride.syncs;
        if (ride.renames == 0) CHECK(ride.writes == 1 && ride.syncs == 1);
        if (file_size(journal) > longest) longest = file_size(journal);
        if (i % 700 == 699) {
            restart();
            CHECK_INT(QRCODE_DUPLICATED, verify(&code));
            disk_counts();
        }
    }
    about("%ld bytes at most, rewritten %ld times", longest, rewritten);
    CHECK(longest <= (SLACK + 4 * 60 + 2) * ENTRY);
    CHECK(rewritten >= 2 && rewritten <= RIDES / SLACK + 1);
    CHECK_INT(RIDES + 3 * rewritten, synced); /* the file under either name, and the directory */
    /* The last minute is remembered. */
    restart();
    for (uint32_t i = RIDES - 60; i < RIDES; i++) {
        struct code code = milled_code(NOW + i, 60);
        CHECK_INT(QRCODE_DUPLICATED, verify(&code));
    }
}

/* A rewriting that fails does no harm to the ride that it comes with, and is tried again. */
static void tidying_fails(void) {
    /* How many of such calls the ride itself makes before. */
    static const struct {
        int call, before;
    } cases[] = {{DISK_OPEN, 0}, {DISK_WRITE, 1}, {DISK_SYNC, 1}, {DISK_RENAME, 0}, {DISK_SYNC, 2}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        about("case %zu", i);
        prepare();
        start();
        accept(0, 10);
        age_journal(SLACK + 100);
        fail_disk(cases[i].call, cases[i].before + 1, 1, ENOSPC);
        CHECK_INT(SUCCESS, present(10));
        CHECK(heal_disk() > cases[i].before);
        accept(11, 20);
        remembered(0, 20);
        restart();
        remembered(0, 20);
        accept(20, 22);
        CHECK(file_size(journal) < 40 * ENTRY);
        CHECK_INT(-1, file_size(temporary));
        restart();
        remembered(0, 22);
    }
}

static void clock_jumps(void) {
    static const long long jumps[] = {0, 1, 1000, 315532800, NOW - 86400LL * 365, NOW - 200, NOW + 200, NOW + 70000,
                                      NOW + 86400LL * 365, 2147483647, 4294967295};
    struct code first = milled_code(NOW, 60);
    start();
    CHECK_INT(SUCCESS, verify(&first));
    uint32_t filler = 0;
    for (size_t i = 0; i < COUNT_OF(jumps); i++) {
        if (jumps[i] > 2147483647 && !WIDE_CLOCK) continue;
        about("the clock jumps to %lld", jumps[i]);
        set_clock(jumps[i]);
        /* Started with this clock, and so full that old codes are dropped and the journal is rewritten. */
        age_journal(SLACK + 200);
        CHECK(verify(&first) != SUCCESS);
        long rewritten = 0;
        for (int j = 0; j < 40; j++, filler++) {
            struct code other = milled_code((uint32_t)jumps[i] + filler, 65535);
            verify(&other);
            rewritten += disk_counts().renames;
        }
        if (jumps[i] > NOW - 1000 && jumps[i] < NOW + 100000) CHECK(rewritten > 0);
        for (int back = -60; back <= 60; back += 30) {
            set_clock((long long)NOW + back);
            if (back == 0) restart();
            CHECK_INT(QRCODE_DUPLICATED, verify(&first));
        }
    }
    /* A code that is later than those that were dropped is still taken. */
    struct code fresh = milled_code(NOW + 5000, 60);
    set_clock(NOW + 5000);
    CHECK_INT(SUCCESS, verify(&fresh));
}

/* What was dropped while the clock was a year ahead stays refused after a restart. */
static void a_year_ahead(void) {
    struct code code = milled_code(NOW, 65535), late = milled_code(NOW + 500, 60);
    start();
    CHECK_INT(SUCCESS, verify(&code));
    set_clock(NOW + 500);
    CHECK_INT(SUCCESS, verify(&late));
    long rewritten = 0;
    uint32_t ahead = 6 * 86400;
    age_journal(SLACK + 100);
    for (uint32_t i = 0; i < 200; i++) {
        set_clock(NOW + ahead + i);
        struct code other = milled_code(NOW + ahead + i, 60);
        CHECK_INT(SUCCESS, verify(&other));
        rewritten += disk_counts().renames;
    }
    CHECK(rewritten > 0);
    for (int round = 0; round < 2; round++) {
        for (int second = -600; second <= 600; second += 100) {
            set_clock((long long)NOW + second);
            about("round %d, second %d", round, second);
            CHECK_INT(QRCODE_DUPLICATED, verify(&code));
        }
        set_clock(NOW + 560);
        CHECK_INT(QRCODE_DUPLICATED, verify(&late));
        restart();
    }
}

static void many(void) {
    start();
    for (uint32_t i = 0; i < total; i++) {
        struct code code = milled_code(NOW - 65535 + i, 65535);
        about("code %u", (unsigned)i);
        CHECK_INT(SUCCESS, verify(&code));
    }
    CHECK_INT(total * ENTRY, file_size(journal));
    restart();
    for (uint32_t i = 0; i < total; i++) {
        struct code code = milled_code(NOW - 65535 + i, 65535);
        about("code %u", (unsigned)i);
        CHECK_INT(QRCODE_DUPLICATED, verify(&code));
    }
}

int main(int argc, char **argv) {
    static const struct test tests[] = {
        {"without a directory the disk is left alone", no_directory},
        {"the environment names a directory for init_pos_verify", environment},
        {"a directory from the environment that is none is refused whole", environment_is_unfit},
        {"verify_qrcode takes the directory from the environment without init_pos_verify", environment_without_init},
        {"an accepted code is refused after a restart", survives},
        {"a ride costs one write and one sync, a refusal nothing", one_write_and_one_sync},
        {"an entry is as documented", format},
        {"what was accepted before the call is kept too", before_the_call},
        {"the same directory again changes nothing", same_path},
        {"another directory takes over with all that was accepted", another_path},
        {"another directory takes over what is kept of codes that were dropped", another_path_after_dropping},
        {"verify_qrcode opens the journal, and says what keeps it from that", opened_by_a_ride},
        {"a path that is no directory is refused and changes nothing", bad_paths},
        {"a directory in which nothing can be made is refused", unwritable},
        {"a second process is refused", one_process},
        {"a child goes on when its parent lets go", daemon_process},
        {"a child that no handler has seen leaves the parent's journal alone", unseen_fork},
        {"a thread that is cancelled ends its ride first", cancelled},
        {"after the library's end nothing is accepted", end_of_process},
        {"the library ends during another thread's ride", end_during_a_ride},
        {"a disk that fails refuses the ride and marks nothing", failing_rides},
        {"a disk that turns read-only is no fault of an argument", turned_read_only},
        {"a failed sync is made good, whatever fails meanwhile", failing_repair},
        {"a failed sync is made good after a restart too", failing_sync_and_restart},
        {"a start on a failing disk says so and can be repeated", failing_start},
        {"a start without memory says so and changes nothing", failing_memory},
        {"no file is left open", nothing_is_left_open},
        {"a torn tail is dropped and nothing before it", torn_tail},
        {"a damaged entry is forgotten alone", damaged_entries},
        {"what a power cut leaves in the directory is harmless", leftovers},
        {"the journal stays small, across restarts", stays_small},
        {"a rewriting that fails harms no ride", tidying_fails},
        {"a jumping clock accepts nothing again, across restarts", clock_jumps},
        {"a clock ahead for a while accepts nothing again, across restarts", a_year_ahead},
        {"many live codes are remembered", many},
        {0}};
    if (argc > 1) total = (uint32_t)strtoul(argv[1], NULL, 10);
    return run_state_tests(argc > 2 ? argc - 1 : 1, argc > 2 ? argv + 1 : argv, tests);
}
