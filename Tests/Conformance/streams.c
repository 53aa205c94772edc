/* streams: a process without standard input, output or error, as init scripts and daemons start it. The next files that
 * are opened get descriptors 0 to 2, and what the firmware prints would go into them. */
#define _GNU_SOURCE
#include "disk.h"
#include "fixtures.h"
#include "state.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CODES = 20 };

static const char line[] = "gate 7: the next rider, please; the next rider, please; the next rider, please; the next\n";

/* The lowest descriptor that was read from. */
static int lowest_read;

ssize_t read(int file, void *bytes, size_t count) {
    static ssize_t (*real)(int, void *, size_t);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "read");
    if (file < lowest_read) lowest_read = file;
    return real(file, bytes, count);
}

static void close_streams(unsigned which) {
    for (int i = 0; i < 3; i++)
        if (which & 1u << i) close(i);
}

static int is_open(int file) { return lseek(file, 0, SEEK_CUR) >= 0 || errno != EBADF; }

/* Firmware prints to descriptors 1 and 2. */
static void print(unsigned which) {
    for (int i = 0; i < 3; i++)
        if (which & 1u << i && write(i, line, sizeof line - 1) >= 0) _exit(50 + i);
}

static int streams_are_closed(unsigned which) {
    for (int i = 0; i < 3; i++)
        if (which & 1u << i && is_open(i)) return 0;
    return 1;
}

/* Verifications with log lines between them. The disk fails sometimes, and each failure causes a rewriting. */
static void rides(unsigned which) {
    close_streams(which);
    if (posoffline_set_state_dir(directory) != SUCCESS) _exit(1);
    if (!streams_are_closed(which)) _exit(2);
    print(which);
    if (init_pos_verify(KEY_LIST, CARD_TYPES) != SUCCESS) _exit(3);
    for (uint32_t i = 0; i < CODES; i++) {
        if (i % 5 == 3) {
            fail_disk(DISK_SYNC, 1, 0, EIO);
            if (verify_number_unguarded(i) != SYSTEM_ERROR) _exit(4);
            restore_disk();
        }
        print(which);
        if (verify_number_unguarded(i) != SUCCESS) _exit(5);
        print(which);
        if (!streams_are_closed(which)) _exit(6);
    }
    print(which);
    _exit(0);
}

static int ends_with(void (*body)(unsigned), unsigned which) {
    int status = -1;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) body(which);
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 100;
}

static void no_streams(void) {
    for (unsigned which = 1; which < 8; which++) {
        fresh_directory();
        set_context("closed: %s%s%s", which & 1 ? "0 " : "", which & 2 ? "1 " : "", which & 4 ? "2" : "");
        CHECK_INT(0, ends_with(rides, which));
        start();
        expect_refused(0, CODES);
        CHECK_INT(CODES * ENTRY, file_size(journal));
        free_pos_verify();
    }
}

/* Another thread prints and closes descriptors all the time. */
static atomic_int is_over;

static void *prints(void *unused) {
    while (!is_over)
        for (int i = 0; i < 3; i++) {
            ssize_t ignored = write(i, line, sizeof line - 1);
            (void)ignored;
        }
    return unused;
}

static void rides_beside_a_printer(unsigned which) {
    pthread_t thread;
    close_streams(which);
    if (pthread_create(&thread, NULL, prints, NULL) != 0) _exit(1);
    if (posoffline_set_state_dir(directory) != SUCCESS || init_pos_verify(KEY_LIST, CARD_TYPES) != SUCCESS) _exit(2);
    for (uint32_t i = 0; i < CODES; i++) {
        fail_disk(DISK_SYNC, 1, 0, EIO);
        if (verify_number_unguarded(i) != SYSTEM_ERROR) _exit(4);
        restore_disk();
        if (verify_number_unguarded(i) != SUCCESS) _exit(5);
    }
    is_over = 1;
    pthread_join(thread, NULL);
    _exit(0);
}

static void a_printer_beside(void) {
    CHECK_INT(0, ends_with(rides_beside_a_printer, 7));
    start();
    expect_refused(0, CODES);
    CHECK_INT(CODES * ENTRY, file_size(journal));
}

/* Another thread that reads standard input must not read the record key. */
static void reads_key(unsigned which) {
    char path[300];
    snprintf(path, sizeof path, "%s/key", directory);
    FILE *file = fopen(path, "w");
    if (!file || fputs("000102030405060708090a0b0c0d0e0f\n", file) == EOF || fclose(file) != 0) _exit(1);
    setenv("POSOFFLINE_RECORD_KEY_FILE", path, 1);
    close_streams(which);
    lowest_read = 1000;
    if (init_pos_verify(KEY_LIST, CARD_TYPES) != SUCCESS) _exit(2);
    _exit(lowest_read > 2 && lowest_read < 1000 ? 0 : 3);
}

static void key_file(void) {
    for (unsigned which = 1; which < 8; which++) CHECK_INT(0, ends_with(reads_key, which));
}

/* The process may read its directory and its key file only, not the root directory. */
static void rides_in_a_closed_root(unsigned which) {
    FILE *file = fopen("key", "w");
    if (!file || fputs("000102030405060708090a0b0c0d0e0f\n", file) == EOF || fclose(file) != 0) _exit(10);
    if (chmod("key", 0444) != 0 || mkdir("state", 0700) != 0 || chown("state", 65534, 65534) != 0) _exit(11);
    if (chmod(".", 0711) != 0 || chroot(".") != 0 || setgid(65534) != 0 || setuid(65534) != 0) _exit(12);
    if (open("/", O_RDONLY) >= 0 || errno != EACCES) _exit(13);
    setenv("POSOFFLINE_RECORD_KEY_FILE", "/key", 1);
    strcpy(directory, "/state");
    rides(which);
}

static void closed_root(void) {
    if (geteuid() != 0) return; /* chroot() needs root */
    for (unsigned which = 1; which < 8; which++) {
        set_context("closed: %u", which);
        fresh_directory();
        CHECK_INT(0, chdir(directory));
        CHECK_INT(0, ends_with(rides_in_a_closed_root, which));
        CHECK_INT(0, chdir("/"));
        snprintf(journal, sizeof journal, "%s/state/replay.journal", directory);
        CHECK_INT(CODES * ENTRY, file_size(journal));
    }
}

int main(int argc, char **argv) {
    static const struct test tests[] = {{"without standard streams the journal is not one of them", no_streams},
        {"without standard streams the journal is never one of them, not for a moment", a_printer_beside},
        {"without standard streams the record key file is not one of them", key_file},
        {"nor is the journal where the root directory may not be read", closed_root}, {0}};
    return run_state_tests(argc, argv, tests);
}
