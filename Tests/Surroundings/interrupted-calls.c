/* interrupted-calls DIRECTORY: every interruptible call fails with EINTR. */
#define _GNU_SOURCE
#include "gate.h"
#include "interpose.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

/* ------------------------------------------------------------------------------------------------------------------
 * Each call fails so many times before it succeeds. The program's own symbols come before libc's.
 * ------------------------------------------------------------------------------------------------------------------ */

enum operation { OPENAT, FLOCK, READ, PREAD, PWRITE, FSYNC, FTRUNCATE, RENAMEAT, UNLINKAT, CLOSE, CALLS };
static const char *const call_names[CALLS] = {"openat", "flock", "read", "pread", "pwrite", "fsync", "ftruncate",
    "renameat", "unlinkat", "close"};
static int times, left[CALLS];
static long interrupted[CALLS];

static int is_interrupted(enum operation call) {
    if (left[call] > 0) {
        left[call]--;
        interrupted[call]++;
        errno = EINTR;
        return 1;
    }
    left[call] = times;
    return 0;
}

int openat(int directory, const char *path, int flags, ...) {
    REAL(int, openat, int, const char *, int, ...);
    OPEN_MODE(mode, flags);
    return is_interrupted(OPENAT) ? -1 : real(directory, path, flags, mode);
}

int flock(int file, int operation) {
    REAL(int, flock, int, int);
    return is_interrupted(FLOCK) ? -1 : real(file, operation);
}

ssize_t read(int file, void *bytes, size_t count) {
    REAL(ssize_t, read, int, void *, size_t);
    return is_interrupted(READ) ? -1 : real(file, bytes, count);
}

ssize_t pread(int file, void *bytes, size_t count, off_t offset) {
    REAL(ssize_t, pread, int, void *, size_t, off_t);
    return is_interrupted(PREAD) ? -1 : real(file, bytes, count, offset);
}

/* An interrupted write has written a part. */
ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
    REAL(ssize_t, pwrite, int, const void *, size_t, off_t);
    if (is_interrupted(PWRITE)) return -1;
    return real(file, bytes, times && count > 1 ? count / 2 : count, offset);
}

int fsync(int file) {
    REAL(int, fsync, int);
    return is_interrupted(FSYNC) ? -1 : real(file);
}

int ftruncate(int file, off_t length) {
    REAL(int, ftruncate, int, off_t);
    return is_interrupted(FTRUNCATE) ? -1 : real(file, length);
}

int renameat(int from, const char *old, int to, const char *new) {
    REAL(int, renameat, int, const char *, int, const char *);
    return is_interrupted(RENAMEAT) ? -1 : real(from, old, to, new);
}

int unlinkat(int directory, const char *name, int flags) {
    REAL(int, unlinkat, int, const char *, int);
    return is_interrupted(UNLINKAT) ? -1 : real(directory, name, flags);
}

/* On EINTR Linux has closed the file nevertheless: closing it again may close another file. */
static long closed_twice;

int close(int file) {
    REAL(int, close, int);
    int interrupts = is_interrupted(CLOSE);
    if (interrupts) left[CLOSE] = 0;
    if (real(file) != 0) closed_twice++;
    if (!interrupts) return 0;
    errno = EINTR;
    return -1;
}

/* ------------------------------------------------------------------------------------------------------------------ */

static const char *base_directory;
static char directory[650];

static void new_directory(void) {
    static int number;
    snprintf(directory, sizeof directory, "%s/%d", base_directory, number++);
    CHECK_INT(0, mkdir(directory, 0700));
}

/* Open descriptors below 64. */
static int descriptors(void) {
    int count = 0;
    for (int file = 0; file < 64; file++) count += fcntl(file, F_GETFD) >= 0;
    return count;
}

/* A start with a key file and a journal with a torn tail, which the first ride rewrites; rides; another directory; a
 * start on that. */
static void live(void) {
    new_directory();
    gate_write_journal(directory, 3000, 50);
    FILE *file = fopen(gate_path(directory, "replay.journal"), "ab");
    CHECK(file && fputs("PJ", file) >= 0 && fclose(file) == 0);
    file = fopen(gate_path(directory, "key"), "w");
    CHECK(file && fputs("000102030405060708090a0b0c0d0e0f\n", file) >= 0 && fclose(file) == 0);
    setenv("POSOFFLINE_RECORD_KEY_FILE", gate_path(directory, "key"), 1);
    int before = descriptors();
    CHECK_INT(SUCCESS, gate_start(directory));
    for (uint32_t i = 0; i < 10; i++) CHECK_INT(SUCCESS, gate_ride(i));
    CHECK(gate_journal_size(directory) < 100 * 32);
    free_pos_verify();
    CHECK_INT(SUCCESS, gate_legacy_ride(10));
    for (uint32_t i = 0; i <= 10; i++) CHECK_INT(QRCODE_DUPLICATED, gate_legacy_ride(i));
    new_directory();
    CHECK_INT(SUCCESS, gate_start(directory));
    CHECK_INT(QRCODE_DUPLICATED, gate_ride(10));
    free_pos_verify();
    CHECK_INT(before, descriptors());
    unsetenv("POSOFFLINE_RECORD_KEY_FILE");
}

static void every_call(void) {
    for (times = 1; times <= 3; times++) {
        set_context("%d times", times);
        for (int i = 0; i < CALLS; i++) left[i] = times;
        live();
    }
    times = 0;
    memset(left, 0, sizeof left);
    for (int i = 0; i < CALLS; i++) {
        set_context("%s was interrupted %ld times", call_names[i], interrupted[i]);
        CHECK(interrupted[i] > 0);
    }
    CHECK_INT(0, closed_twice);
}

static volatile long signals;
static void count(int number) {
    (void)number;
    signals++;
}

/* Without SA_RESTART, so that waiting calls really are interrupted. */
static void real_signals(void) {
    struct sigaction action = {.sa_handler = count};
    struct itimerval often = {{0, 200}, {0, 200}}, never = {{0, 0}, {0, 0}};
    new_directory();
    CHECK_INT(0, sigaction(SIGPROF, &action, NULL));
    CHECK_INT(0, sigaction(SIGUSR1, &action, NULL));
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    struct itimerspec fast = {{0, 100000}, {0, 100000}};
    CHECK_INT(0, timer_create(CLOCK_MONOTONIC, &event, &timer));
    CHECK_INT(0, timer_settime(timer, 0, &fast, NULL));
    CHECK_INT(0, setitimer(ITIMER_PROF, &often, NULL));
    CHECK_INT(SUCCESS, gate_start(directory));
    for (uint32_t i = 0; i < 300 || (signals < 300 && i < GATE_CODES); i++) CHECK_INT(SUCCESS, gate_ride(i));
    free_pos_verify();
    CHECK_INT(SUCCESS, gate_start(directory));
    for (uint32_t i = 0; i < 300; i++) CHECK_INT(QRCODE_DUPLICATED, gate_ride(i));
    free_pos_verify();
    for (int i = 0; i < 5; i++) live();
    CHECK_INT(0, setitimer(ITIMER_PROF, &never, NULL));
    CHECK_INT(0, timer_delete(timer));
    set_context("%ld signals", signals);
    CHECK(signals >= 300);
}

int main(int argc, char **argv) {
    static const struct test tests[] = {{"calls that are interrupted are made again", every_call},
        {"signals at any moment change nothing", real_signals}, {0}};
    static const struct test *const lists[] = {tests, NULL};
    if (argc != 2) return 2;
    base_directory = argv[1];
    gate_begin();
    char *only_name[] = {argv[0], NULL};
    return run_tests(1, only_name, lists, NULL);
}
