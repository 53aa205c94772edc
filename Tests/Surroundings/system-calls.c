/* system-calls: all of the library's functions under a seccomp filter that kills the process at every system call that
 * docs/system-interface.md does not list.
 *
 *   system-calls                      the tests
 *   system-calls trace DIRECTORY      these functions alone, between two calls of getpgid() that mark the trace
 *
 * allowed.h is generated from the document by Tests/Support/system_interface.py. */
#define _GNU_SOURCE
#include "gate.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct allowed {
    const char *name;
    long number;
    int is_shadowed; /* the vDSO answers instead, where there is one */
};

static const struct allowed allowed[] = {
#include "allowed.h"
};

#if defined __x86_64__
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined __i386__
#define ARCHITECTURE AUDIT_ARCH_I386
#elif defined __aarch64__
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined __arm__
#define ARCHITECTURE AUDIT_ARCH_ARM
#endif

/* ------------------------------------------------------------------------------------------------------------------
 * The filter
 * ------------------------------------------------------------------------------------------------------------------ */

enum { NOTHING = -1 };

/* From now on any system call kills this process but the allowed ones, without the one at index `missing`, and those
 * that this program needs: writing to one pipe, and exiting. */
static void confine(int missing, int pipe) {
    struct sock_filter program[8 + 2 * COUNT_OF(allowed) + 8];
    unsigned short count = 0;
    program[count++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
    program[count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
    program[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    program[count++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (int i = 0; i < (int)COUNT_OF(allowed); i++) {
        if (i == missing) continue;
        program[count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)allowed[i].number, 0, 1);
        program[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    }
    program[count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1);
    program[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    program[count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 0, 3);
    program[count++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0]));
    program[count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)pipe, 0, 1);
    program[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    program[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    struct sock_fprog filter = {count, program};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter) != 0)
        _exit(101);
}

/* ------------------------------------------------------------------------------------------------------------------
 * All functions of the library
 * ------------------------------------------------------------------------------------------------------------------ */

static char first_directory[600], second_directory[600];

static int to_rider[2];
static volatile int rider_result, rider_waits;
static _Atomic int rider_rides;

/* A second thread that contends for the lock. It waits in read(), which the filter allows, and presents the next code
 * for each byte. */
static void *ride_along(void *unused) {
    char byte;
    rider_waits = 1;
    /* malloc uses another arena in a second thread. */
    if (read(to_rider[0], &byte, 1) == 1) rider_result = init_pos_verify(KEY_LIST, CARD_TYPES);
    rider_rides++;
    for (uint32_t i = 40; read(to_rider[0], &byte, 1) == 1; i++) {
        int result = gate_ride(i);
        if (result != SUCCESS) rider_result = result;
        rider_rides++;
    }
    return unused;
}

/* The lock is held here. Gives the other thread time to reach the lock. The time is a number of instructions, so that
 * it is long enough on an emulator too. */
static volatile int is_slow;

int fsync(int file) {
    if (is_slow)
        for (volatile long i = 0; i < 3000000; i++) continue;
    return (int)syscall(SYS_fsync, file);
}

static void name_directories(const char *directory) {
    snprintf(first_directory, sizeof first_directory, "%s/first", directory);
    snprintf(second_directory, sizeof second_directory, "%s/second", directory);
}

static void prepare_calls(const char *directory) {
    pthread_t thread;
    gate_begin();
    name_directories(directory);
    mkdir(first_directory, 0700);
    mkdir(second_directory, 0700);
    /* So many that the first ride rewrites the journal, and that the table's memory comes from mmap. */
    gate_write_journal(first_directory, 30000, 9000);
    FILE *journal = fopen(gate_path(first_directory, "replay.journal"), "ab");
    if (!journal || fputs("PJ, and the power went", journal) < 0 || fclose(journal) != 0) abort();
    FILE *key = fopen(gate_path(directory, "key"), "w");
    if (!key || fputs("000102030405060708090a0b0c0d0e0f\n", key) < 0 || fclose(key) != 0) abort();
    setenv("POSOFFLINE_RECORD_KEY_FILE", gate_path(directory, "key"), 1);
    setenv("POSOFFLINE_STATE_DIR", first_directory, 1);
    if (pipe(to_rider) != 0 || pthread_create(&thread, NULL, ride_along, NULL) != 0) abort();
    while (!rider_waits) continue;
}

/* Exits at the first wrong answer; the exit status tells the line. */
#define DEMAND(wanted, call)                                                                                           \
    do {                                                                                                               \
        if ((call) != (wanted)) _exit(__LINE__ % 100);                                                                 \
    } while (0)

static void call_all(void) {
    char version[16];
    DEMAND(NOT_INITIALIZED, gate_info(0));
    DEMAND(7, get_key_id((const unsigned char *)"\2\0\7"));
    DEMAND(SUCCESS, get_libposoffline_version(version, sizeof version));
    DEMAND(NOT_INITIALIZED, gate_ride(0));
    DEMAND(ILLEGAL_PARAM, posoffline_set_state_dir("/nowhere"));
    DEMAND(SUCCESS, init_pos_verify(GATE_KEYS, CARD_TYPES));
    DEMAND(SUCCESS, gate_info(0));
    DEMAND(SUCCESS, gate_ride(0));
    DEMAND(SUCCESS, gate_legacy_ride(1));
    DEMAND(QRCODE_DUPLICATED, gate_ride(1));
    DEMAND(SUCCESS, posoffline_set_record_key((const unsigned char *)"0123456789abcdef", 16));
    for (uint32_t i = 2; i < 12; i++) DEMAND(SUCCESS, gate_ride(i));
    DEMAND(1, strlen(posoffline_strerror(SUCCESS)) > 0 && strlen(posoffline_prompt(SUCCESS)) > 0);
    if (write(to_rider[1], "", 1) != 1) _exit(102);
    while (rider_rides < 1) continue;
    DEMAND(SUCCESS, rider_result);
    /* Both threads contend for the lock. */
    is_slow = 1;
    for (uint32_t i = 12; i < 36; i++) {
        if (write(to_rider[1], "", 1) != 1) _exit(102);
        DEMAND(SUCCESS, gate_ride(i));
    }
    while (rider_rides < 25) continue;
    is_slow = 0;
    DEMAND(SUCCESS, rider_result);
    DEMAND(SUCCESS, posoffline_set_state_dir(second_directory));
    DEMAND(SUCCESS, gate_ride(36));
    DEMAND(SUCCESS, init_pos_verify(KEY_LIST, CARD_TYPES));
    free_pos_verify();
    DEMAND(SUCCESS, gate_legacy_ride(37));
    free_pos_verify();
    DEMAND(SUCCESS, gate_start(second_directory));
    DEMAND(QRCODE_DUPLICATED, gate_ride(36));
    DEMAND(SUCCESS, gate_ride(38));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Tests
 * ------------------------------------------------------------------------------------------------------------------ */

static char base_directory[600];

/* Runs a child and returns its exit status, or the negative number of the signal that killed it. */
static int exit_status_of(void (*body)(int), int argument) {
    static int number;
    char directory[700];
    snprintf(directory, sizeof directory, "%s/%d", base_directory, number++);
    CHECK_INT(0, mkdir(directory, 0700));
    name_directories(directory);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        alarm(120);
        prepare_calls(directory);
        body(argument);
        /* The library's exit handler is included. */
        exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void call_all_confined(int missing) {
    confine(missing, to_rider[1]);
    call_all();
}

static void all_calls_allowed(void) {
    CHECK_INT(0, exit_status_of(call_all_confined, NOTHING));
    /* The journal has been rewritten. */
    long size = gate_journal_size(first_directory);
    CHECK(size >= 9000 * 32 && size < 10000 * 32);
}

static void nothing_superfluous(void) {
    for (int i = 0; i < (int)COUNT_OF(allowed); i++) {
        if (allowed[i].is_shadowed) continue;
        set_context("without %s", allowed[i].name);
        CHECK_INT(-SIGSYS, exit_status_of(call_all_confined, i));
    }
}

/* System calls that a library must not make. */
static void forbidden(int which) {
    confine(NOTHING, to_rider[1]);
    switch (which) {
    case 0: socket(AF_INET, SOCK_STREAM, 0); break;
    case 1:
        if (write(2, "", 0) != 0) _exit(99);
        break;
    case 2: kill(getpid(), 0); break;
    case 3: syscall(SYS_getcwd, base_directory, sizeof base_directory); break;
    case 4: syscall(SYS_execve, "/bin/true", NULL, NULL); break;
    case 5: fork(); break;
    default: prctl(PR_GET_DUMPABLE); break;
    }
    _exit(98);
}

static void the_filter_bites(void) {
    for (int i = 0; i < 7; i++) {
        set_context("call %d", i);
        CHECK_INT(-SIGSYS, exit_status_of(forbidden, i));
    }
}

int main(int argc, char **argv) {
    static const struct test tests[] = {{"the library lives with the documented system calls alone", all_calls_allowed},
        {"no documented system call is superfluous", nothing_superfluous},
        {"a call that is not documented ends the process", the_filter_bites}, {0}};
    static const struct test *const lists[] = {tests, NULL};
    if (argc == 3 && strcmp(argv[1], "trace") == 0) {
        prepare_calls(argv[2]);
        syscall(SYS_getpgid, 0);
        call_all();
        free_pos_verify();
        syscall(SYS_getpgid, 0);
        printf("1 passed, 0 failed\n");
        return 0;
    }
    snprintf(base_directory, sizeof base_directory, "%s", argc > 1 ? argv[1] : ".");
    char *only_name[] = {argv[0], NULL};
    return run_tests(1, only_name, lists, NULL);
}
