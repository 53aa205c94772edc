/* A thread or the process ends during a verification. */
#define _GNU_SOURCE
#include "durable.h"
#include "disk.h"
#include "fixtures.h"

#include <dirent.h>
#include <link.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static void *verify_5_in_thread(void *unused) {
    verify_number(5);
    pthread_testcancel();
    return unused;
}

/* A thread that is cancelled while it waits for the disk completes its verification first, and holds no lock. */
static void cancelled(void) {
    start();
    expect_accepted(0, 5);
    slow_disk(200000);
    pthread_t thread;
    void *result;
    CHECK_INT(0, pthread_create(&thread, NULL, verify_5_in_thread, NULL));
    usleep(50000);
    CHECK_INT(0, pthread_cancel(thread));
    CHECK_INT(0, pthread_join(thread, &result));
    CHECK(result == PTHREAD_CANCELED);
    slow_disk(0);
    expect_refused(0, 6);
    expect_accepted(6, 7);
    restart();
    expect_refused(0, 7);
}

/* Exit statuses of the children. */
enum {
    NOT_ENDED = 2,
    STILL_SET,
    NO_STREAM,
    NO_START,
    NO_RIDE,
    KEY_MISSING,
    RIDE_ENDED,
    WRONG_RIDE,
    LATER_RIDE,
    STILL_OPEN,
    KEY_LEFT
};

static void expect_end(void) {
    struct code known = numbered_code(0), fresh = numbered_code(1);
    unsigned char key[POSOFFLINE_RECORD_KEY_MIN] = {0};
    for (int i = 0; i < 2; i++) {
        if (legacy(&known) != SYSTEM_ERROR || legacy(&fresh) != SYSTEM_ERROR || verify(&known) != SYSTEM_ERROR)
            _exit(NOT_ENDED);
        if (info(&known) != SYSTEM_ERROR) _exit(NOT_ENDED);
        if (init(KEY_LIST, CARD_TYPES) != SYSTEM_ERROR || posoffline_set_state_dir(directory) != SYSTEM_ERROR)
            _exit(STILL_SET);
        if (posoffline_set_record_key(key, sizeof key) != SYSTEM_ERROR) _exit(STILL_SET);
        free_pos_verify();
    }
}

/* exit() flushes streams after the libraries' exit handlers. */
static void flush_by(ssize_t (*check_at_flush)(void *, const char *, size_t)) {
    FILE *file = fopencookie(NULL, "w", (cookie_io_functions_t){.write = check_at_flush});
    if (!file || fputs("goodbye", file) == EOF) _exit(NO_STREAM);
}

static ssize_t check_at_flush(void *cookie, const char *bytes, size_t count) {
    (void)cookie, (void)bytes, (void)count;
    expect_end();
    _exit(0);
}

static void exit_in_child(void) {
    flush_by(check_at_flush);
    if (posoffline_set_state_dir(directory) != SUCCESS || init(KEY_LIST, CARD_TYPES) != SUCCESS) _exit(NO_START);
    if (verify_number(0) != SUCCESS) _exit(NO_RIDE);
    exit(1);
}

/* After the library's exit handler, other threads may still run: no code is accepted then. */
static void end_of_process(void) {
    int result = -1;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) exit_in_child();
    CHECK(child > 0 && waitpid(child, &result, 0) == child);
    CHECK_INT(0, WIFEXITED(result) ? WEXITSTATUS(result) : -1);
    start();
    expect_refused(0, 1);
    expect_accepted(1, 2);
}

/* The record key of the next test, inverted, and how often it was found in the library's data. */
static const unsigned char inverted_key[] = {0x1F, 0x8A, 0x63, 0xC4, 0x2E, 0x97, 0x50, 0xBD, 0x0C, 0xE1, 0x76, 0x3B,
    0xA8, 0x45, 0xF2, 0x99, 0x07, 0xDE, 0x6A, 0xB3};
static int keys_found;

/* Reads everything, also what sanitizers put between variables. */
__attribute__((no_sanitize_address, no_sanitize_thread)) static int count_keys(struct dl_phdr_info *object, size_t size,
    void *unused) {
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

/* Whether a descriptor of the state directory or of a file in it is open. Not open_files(): at exit a sanitizer can start a
 * process of its own, with pipes. */
static int directory_is_open(void) {
    int found = 0;
    DIR *descriptors = opendir("/proc/self/fd");
    for (struct dirent *entry; descriptors && (entry = readdir(descriptors));) {
        char target[400] = "";
        if (readlinkat(dirfd(descriptors), entry->d_name, target, sizeof target - 1) < 0) continue;
        if (strncmp(target, directory, strlen(directory)) == 0) found = 1;
    }
    if (descriptors) closedir(descriptors);
    return found;
}

/* One thread is in a verification while another calls exit(). The stream is flushed before the verification goes on. */
static sem_t ride_waits, ride_goes_on, ride_ended;
static long exit_at_lock; /* 0: during the write to the journal */

static void wait_for_exit(void) {
    sem_post(&ride_waits);
    sem_wait(&ride_goes_on);
}

static void *ride_through_exit(void *unused) {
    if (exit_at_lock) at_lock(exit_at_lock, wait_for_exit);
    else at_sync(wait_for_exit);
    int result = verify_number_unguarded(0);
    /* SUCCESS if the entry was written, SYSTEM_ERROR if the write had not begun. */
    if (result != (exit_at_lock ? SYSTEM_ERROR : SUCCESS)) _exit(WRONG_RIDE);
    if (verify_number_unguarded(1) != SYSTEM_ERROR) _exit(LATER_RIDE);
    sem_post(&ride_ended);
    return unused;
}

static ssize_t check_at_flush_during_ride(void *cookie, const char *bytes, size_t count) {
    static int was_flushed;
    (void)cookie, (void)bytes;
    /* valgrind flushes all streams once more after _exit(). */
    if (was_flushed++) return (ssize_t)count;
    /* None of these calls waits for the disk. */
    expect_end();
    if (sem_trywait(&ride_ended) == 0) _exit(RIDE_ENDED);
    sem_post(&ride_goes_on);
    sem_wait(&ride_ended);
    expect_end();
    if (directory_is_open()) _exit(STILL_OPEN);
    if (keys_in_library() != 0) _exit(KEY_LEFT);
    _exit(0);
}

static void exit_during_ride(void) {
    unsigned char key[sizeof inverted_key];
    pthread_t thread;
    for (size_t i = 0; i < sizeof key; i++) key[i] = (unsigned char)~inverted_key[i];
    flush_by(check_at_flush_during_ride);
    if (posoffline_set_record_key(key, sizeof key) != SUCCESS) _exit(NO_START);
    if (posoffline_set_state_dir(directory) != SUCCESS || init(KEY_LIST, CARD_TYPES) != SUCCESS) _exit(NO_START);
    if (!directory_is_open()) _exit(NO_START);
    if (keys_in_library() != 1) _exit(KEY_MISSING);
    sem_init(&ride_waits, 0, 0);
    sem_init(&ride_goes_on, 0, 0);
    sem_init(&ride_ended, 0, 0);
    if (pthread_create(&thread, NULL, ride_through_exit, NULL) != 0 || pthread_detach(thread) != 0) _exit(NO_START);
    sem_wait(&ride_waits);
    exit(1);
}

/* exit() while another thread is in a verification: before each time that it takes the lock, and while it holds it. */
static void end_during_a_ride(void) {
    enum { LOCKS = 4 };
    for (exit_at_lock = 0; exit_at_lock <= LOCKS; exit_at_lock++) {
        int result = -1;
        fresh_directory();
        set_context("before the lock is taken for the time %ld", exit_at_lock);
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) exit_during_ride();
        for (int i = 0; i < 6000 && waitpid(child, &result, WNOHANG) == 0; i++) usleep(10000);
        if (result == -1) {
            kill(child, SIGKILL);
            waitpid(child, NULL, 0);
        }
        CHECK_INT(0, WIFEXITED(result) ? WEXITSTATUS(result) : -1);
        /* The journal agrees with the answer of the verification. */
        start();
        CHECK_INT(exit_at_lock ? SUCCESS : QRCODE_DUPLICATED, verify_number(0));
        free_pos_verify();
    }
}

const struct test exit_tests[] = {{"a thread that is cancelled ends its ride first", cancelled},
    {"after the library's end nothing is accepted", end_of_process},
    {"the library ends during another thread's ride", end_during_a_ride}, {0}};
