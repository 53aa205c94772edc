/* resource-limits DIRECTORY: limits on memory, descriptors, file size and a thread's stack. */
#define _GNU_SOURCE
#include "gate.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *base_directory;
static char directory[650];

static void new_directory(void) {
    static int number;
    free_pos_verify();
    snprintf(directory, sizeof directory, "%s/%d", base_directory, number++);
    CHECK_INT(0, mkdir(directory, 0700));
}

static rlim_t limit(int resource, rlim_t value) {
    struct rlimit now, before;
    CHECK_INT(0, getrlimit(resource, &before));
    now = before;
    now.rlim_cur = value;
    CHECK_INT(0, setrlimit(resource, &now));
    return before.rlim_cur;
}

static int descriptors(void) {
    int count = 0;
    for (int file = 0; file < 256; file++) count += fcntl(file, F_GETFD) >= 0;
    return count;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Descriptors
 * ------------------------------------------------------------------------------------------------------------------ */

/* Only `spare` descriptors are free; afterwards all are free again. */
static int held[256], held_count;

static rlim_t files_before;

static void leave(int spare) {
    files_before = limit(RLIMIT_NOFILE, 200);
    for (int file; held_count < 256 && (file = open("/dev/null", O_RDONLY)) >= 0;) held[held_count++] = file;
    CHECK_INT(EMFILE, errno);
    while (spare-- > 0 && held_count > 0) close(held[--held_count]);
}

static void let_go(void) {
    while (held_count > 0) close(held[--held_count]);
    limit(RLIMIT_NOFILE, files_before);
}

static void no_descriptors_at_the_start(void) {
    new_directory();
    int before = descriptors();
    /* A start needs three: directory, journal, and one to check that files can be created. */
    for (int spare = 0; spare < 3; spare++) {
        set_context("%d spare", spare);
        leave(spare);
        int failed = posoffline_set_state_dir(directory);
        let_go();
        CHECK_INT(SYSTEM_ERROR, failed);
        CHECK_INT(before, descriptors());
    }
    leave(3);
    int result = gate_start(directory);
    int ride = gate_ride(0);
    let_go();
    CHECK_INT(SUCCESS, result);
    CHECK_INT(SUCCESS, ride);
    free_pos_verify();
    leave(0);
    int legacy = gate_legacy_ride(1);
    let_go();
    CHECK_INT(SYSTEM_ERROR, legacy);
    CHECK_INT(SUCCESS, gate_legacy_ride(1));
    CHECK_INT(QRCODE_DUPLICATED, gate_legacy_ride(0));
    free_pos_verify();
    CHECK_INT(before, descriptors());
}

static void no_descriptors_for_the_key(void) {
    new_directory();
    FILE *file = fopen(gate_path(directory, "key"), "w");
    CHECK(file && fputs("000102030405060708090a0b0c0d0e0f\n", file) >= 0 && fclose(file) == 0);
    setenv("POSOFFLINE_RECORD_KEY_FILE", gate_path(directory, "key"), 1);
    leave(0);
    int result = init_pos_verify(GATE_KEYS, CARD_TYPES);
    let_go();
    CHECK_INT(ILLEGAL_PARAM, result);
    CHECK_INT(SUCCESS, init_pos_verify(GATE_KEYS, CARD_TYPES));
    unsetenv("POSOFFLINE_RECORD_KEY_FILE");
}

/* A ride needs no new descriptor. A rewriting does, and is postponed. */
static void no_descriptors_in_between(void) {
    int results[60];
    new_directory();
    gate_write_journal(directory, 3000, 20);
    CHECK_INT(SUCCESS, gate_start(directory));
    leave(0);
    for (uint32_t i = 0; i < 60; i++) results[i] = gate_ride(i);
    let_go();
    for (int i = 0; i < 60; i++) CHECK_INT(SUCCESS, results[i]);
    CHECK_INT((3000 + 20 + 60) * 32, gate_journal_size(directory));
    CHECK_INT(SUCCESS, gate_start(directory));
    for (uint32_t i = 0; i < 60; i++) CHECK_INT(QRCODE_DUPLICATED, gate_ride(i));
}

/* ------------------------------------------------------------------------------------------------------------------
 * The size of files
 * ------------------------------------------------------------------------------------------------------------------ */

static void short_files(void) {
    signal(SIGXFSZ, SIG_IGN);
    for (int part = 0; part < 32; part += 13) {
        new_directory();
        CHECK_INT(SUCCESS, gate_start(directory));
        for (uint32_t i = 0; i < 4; i++) CHECK_INT(SUCCESS, gate_ride(i));
        /* Space for one more entry, and for a part of the next. */
        rlim_t before = limit(RLIMIT_FSIZE, (rlim_t)(5 * 32 + part));
        int fits = gate_ride(4), first = gate_ride(5), again = gate_ride(5), other = gate_ride(6), used = gate_ride(0);
        limit(RLIMIT_FSIZE, before);
        set_context("room for a part of %d bytes", part);
        CHECK_INT(SUCCESS, fits);
        CHECK_INT(SYSTEM_ERROR, first);
        CHECK_INT(SYSTEM_ERROR, again);
        CHECK_INT(SYSTEM_ERROR, other);
        CHECK_INT(QRCODE_DUPLICATED, used);
        /* A code whose entry did not fit was not accepted; it is once the entry fits. */
        CHECK_INT(SUCCESS, gate_ride(5));
        free_pos_verify();
        CHECK_INT(SUCCESS, gate_start(directory));
        for (uint32_t i = 0; i < 6; i++) CHECK_INT(QRCODE_DUPLICATED, gate_ride(i));
        CHECK_INT(SUCCESS, gate_ride(6));
    }
    signal(SIGXFSZ, SIG_DFL);
}

/* journal.md: the system kills the process unless SIGXFSZ is ignored. */
static void short_files_kill(void) {
    new_directory();
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        limit(RLIMIT_FSIZE, 16);
        if (gate_start(directory) == SUCCESS) gate_ride(0);
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Memory
 * ------------------------------------------------------------------------------------------------------------------ */

/* The limit is what the process has already, and the free heap is used up. */
static rlim_t memory_before;

static void leave_no_memory(void) {
    memory_before = limit(RLIMIT_AS, 1);
    for (size_t size = 1 << 20; size >= 16; size /= 2)
        while (malloc(size)) continue;
}

static void little_memory(void) {
    /* In a child, because the memory is never freed. */
    new_directory();
    gate_write_journal(directory, 0, 20000);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        int results[6];
        if (gate_start(directory) != SUCCESS || gate_ride(0) != SUCCESS) _exit(1);
        free_pos_verify();
        if (init_pos_verify(GATE_KEYS, CARD_TYPES) != SUCCESS) _exit(2);
        leave_no_memory();
        results[0] = gate_ride(1);
        results[1] = gate_ride(1);
        results[2] = gate_ride(2);
        results[3] = posoffline_set_state_dir(base_directory);
        free_pos_verify();
        results[4] = gate_start(directory);
        results[5] = gate_legacy_ride(3);
        limit(RLIMIT_AS, memory_before);
        static const int wanted[6] = {SUCCESS, QRCODE_DUPLICATED, SUCCESS, NO_ENOUGH_MEMORY};
        for (int i = 0; i < 4; i++)
            if (results[i] != wanted[i]) _exit(10 + i);
        /* With just enough memory it has started. */
        for (int i = 4; i < 6; i++)
            if (results[i] != NO_ENOUGH_MEMORY && results[i] != SUCCESS) _exit(10 + i);
        if (results[4] != NO_ENOUGH_MEMORY) _exit(20);
        if (gate_start(directory) != SUCCESS) _exit(21);
        for (uint32_t i = 0; i < 3; i++)
            if (gate_ride(i) != QRCODE_DUPLICATED) _exit(30 + (int)i);
        if (gate_ride(4) != SUCCESS) _exit(40);
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    set_context("status %x", status);
    CHECK_INT(0, status);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Stack
 * ------------------------------------------------------------------------------------------------------------------ */

/* The header promises 16 KiB, in addition to the C library's minimum. The stack is filled with a pattern, which shows
 * how much a call used; an inaccessible page is below it. */
enum { PROMISED = 16 * 1024 };

static int (*deep_call)(uint32_t);
static int deep_result;
static unsigned char *deep_top;

static void *deep(void *number) {
    deep_top = __builtin_frame_address(0);
    deep_result = deep_call((uint32_t)(uintptr_t)number);
    return NULL;
}

static int ride_on_a_small_stack(int (*call)(uint32_t), uint32_t number) {
    size_t page = 65536, size = ((size_t)PTHREAD_STACK_MIN + PROMISED + page - 1) / page * page, untouched = 0;
    unsigned char *memory = mmap(NULL, page + size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_attr_t attributes;
    pthread_t thread;
    CHECK(memory != MAP_FAILED);
    CHECK_INT(0, mprotect(memory, page, PROT_NONE));
    unsigned char *stack = memory + page + size - PTHREAD_STACK_MIN - PROMISED;
    memset(memory + page, PATTERN, size);
    CHECK_INT(0, pthread_attr_init(&attributes));
    CHECK_INT(0, pthread_attr_setstack(&attributes, stack, (size_t)PTHREAD_STACK_MIN + PROMISED));
    deep_call = call;
    CHECK_INT(0, pthread_create(&thread, &attributes, deep, (void *)(uintptr_t)number));
    CHECK_INT(0, pthread_join(thread, NULL));
    pthread_attr_destroy(&attributes);
    while (untouched < size && memory[page + untouched] == PATTERN) untouched++;
    long used = (long)(deep_top - (memory + page + untouched));
    set_context("%ld bytes of stack", used);
    CHECK(used > 0 && used <= PROMISED);
    munmap(memory, page + size);
    return deep_result;
}

static void small_stacks(void) {
    new_directory();
    gate_write_journal(directory, 3000, 50);
    CHECK_INT(SUCCESS, gate_start(directory));
    CHECK_INT(SUCCESS, ride_on_a_small_stack(gate_ride, 0));
    CHECK(gate_journal_size(directory) < 100 * 32);
    CHECK_INT(QRCODE_DUPLICATED, ride_on_a_small_stack(gate_ride, 0));
    CHECK_INT(SUCCESS, ride_on_a_small_stack(gate_info, 1));
    CHECK_INT(SUCCESS, ride_on_a_small_stack(gate_legacy_ride, 1));
    /* Without init_pos_verify, verify_qrcode opens the journal and reads the key file. */
    FILE *file = fopen(gate_path(directory, "key"), "w");
    CHECK(file && fputs("000102030405060708090a0b0c0d0e0f\n", file) >= 0 && fclose(file) == 0);
    setenv("POSOFFLINE_RECORD_KEY_FILE", gate_path(directory, "key"), 1);
    free_pos_verify();
    CHECK_INT(SUCCESS, ride_on_a_small_stack(gate_legacy_ride, 2));
    unsetenv("POSOFFLINE_RECORD_KEY_FILE");
    free_pos_verify();
}

int main(int argc, char **argv) {
    static const struct test tests[] = {
        {"without descriptors a start says so, and succeeds when there are some", no_descriptors_at_the_start},
        {"without descriptors the key's file cannot be read", no_descriptors_for_the_key},
        {"without descriptors rides go on", no_descriptors_in_between},
        {"a limit on the size of files refuses rides and loses none", short_files},
        {"a limit on the size of files kills who does not ignore the signal", short_files_kill},
        {"a verification needs 16 KiB of stack, whatever the journal does", small_stacks}, {0}};
    /* Emulators do not support this limit. */
    static const struct test native_tests[] = {
        {"without memory there is no start, and what was accepted stays", little_memory}, {0}};
    static const struct test *const all[] = {tests, native_tests, NULL}, *const some[] = {tests, NULL};
    if (argc < 2) return 2;
    base_directory = argv[1];
    gate_begin();
    char *only_name[] = {argv[0], NULL};
    return run_tests(1, only_name, argc > 2 ? some : all, NULL);
}
