/* kill: the shipped file, a real directory, threads under load, and SIGKILL at any moment.
 *
 *   kill DIRECTORY [SEED [KILLS]]
 *
 * What a process reported through a pipe before it was killed, the next process must know. Data that a killed process
 * has written is kept, so this tests interrupted operations; cuts.c tests power cuts. */
#define _XOPEN_SOURCE 700
#define _DEFAULT_SOURCE
#include "harness.h"
#include "fixtures.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KEYS "[{\"key_id\":1,\"public_key\":\"" ISSUER_1 "\"}]"

/* Codes by number. The first OLD codes have expired when the others come; they are so many that the journal is
 * rewritten then. */
enum { OLD = 2100, CODES = 9000, THREADS = 4 };

static uint64_t dice_state;
static uint32_t roll(uint32_t sides) {
    dice_state = dice_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((dice_state >> 33) * sides >> 31);
}

/* The library's clock. The disk does not sync while the journal is filled. */
static long long clock_now = NOW;
time_t time(time_t *out) {
    if (out) *out = (time_t)clock_now;
    return (time_t)clock_now;
}

static int is_filling;

/* The system call with this number from now, beginning at 1, kills the process. */
static _Atomic long last_call;

static int is_last(void) { return last_call > 0 && --last_call == 0; }
static void die_at_last_call(void) {
    if (is_last()) raise(SIGKILL);
}

int fsync(int file) {
    die_at_last_call();
    return is_filling ? 0 : (int)syscall(SYS_fsync, file);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
    if (!is_last()) return syscall(SYS_pwrite64, file, bytes, count, offset);
    syscall(SYS_pwrite64, file, bytes, count / 2, offset);
    raise(SIGKILL);
    return -1;
}

int renameat(int from, const char *old, int to, const char *new) {
    die_at_last_call();
    return (int)syscall(SYS_renameat, from, old, to, new);
}

int unlinkat(int place, const char *name, int flags) {
    die_at_last_call();
    return (int)syscall(SYS_unlinkat, place, name, flags);
}

int ftruncate(int file, off_t length) {
    die_at_last_call();
    return (int)syscall(SYS_ftruncate, file, length);
}

static const long long after_old = NOW + OLD + 100;

static struct code *codes[CODES];

static void sign_codes(void) {
    for (uint32_t i = 0; i < CODES; i++) {
        struct code code = i < OLD ? sign_code(NOW + i, 60) : sign_code(NOW - 40000 + i, 65535);
        size_t size = offsetof(struct code, bytes) + code.count;
        if (!(codes[i] = malloc(size))) abort();
        memcpy(codes[i], &code, size);
    }
}

static int verify_number(uint32_t number) {
    char uid[17], record[3072], card_no[64], card_type[9];
    unsigned char card_data[128];
    VERIFY_REQUEST_V2 request = {codes[number]->bytes, (int)codes[number]->count, GOOD_POS_PARAM, 1};
    VERIFY_RESPONSE_V2 response = {uid, 17, record, 3072, card_no, 64, card_data, 128, card_type, 9};
    return verify_qrcode_v2(&request, &response);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Messages to the process that kills
 * ------------------------------------------------------------------------------------------------------------------ */

struct message {
    enum {
        STARTED,  /* result: of the start */
        CHECKED,  /* all reported codes are known */
        ACCEPTED, /* a number */
        UNSURE,   /* a number that was refused although its acceptance was not reported */
        WRONG,    /* a number and a wrong result */
        PROCESS   /* result: the number of a process */
    } kind;
    uint32_t number;
    int result;
};

static int to_parent;

static void send(int kind, uint32_t number, int result) {
    struct message message = {kind, number, result};
    if (write(to_parent, &message, sizeof message) != sizeof message) _exit(3);
}

/* Of each code; the process that will be killed has a copy. */
static enum { UNKNOWN, ASKED, REPORTED } state_of[CODES];

static void check_reported(void) {
    for (uint32_t i = 0; i < CODES; i++) {
        if (state_of[i] != REPORTED || (i < OLD && i % 16)) continue;
        clock_now = i < OLD ? (long long)NOW + i : after_old;
        int result = verify_number(i);
        if (result != QRCODE_DUPLICATED) send(WRONG, i, result);
    }
    clock_now = after_old;
    send(CHECKED, 0, 0);
}

static _Atomic uint32_t next_number;

static void *ride(void *argument) {
    (void)argument;
    for (uint32_t i; (i = next_number++) < CODES;) {
        if (state_of[i] != UNKNOWN) {
            if (state_of[i] == REPORTED && i % 8 == 0 && verify_number(i) != QRCODE_DUPLICATED) send(WRONG, i, 0);
            continue;
        }
        int result = verify_number(i);
        send(result == SUCCESS ? ACCEPTED : result == QRCODE_DUPLICATED ? UNSURE : WRONG, i, result);
    }
    return NULL;
}

static void ride_in_threads(void) {
    pthread_t threads[THREADS];
    next_number = OLD;
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, ride, NULL) != 0) _exit(3);
}

static int open_terminal(const char *directory) {
    int result = posoffline_set_state_dir(directory);
    return result == SUCCESS ? init_pos_verify(KEYS, CARD_TYPES) : result;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Processes
 * ------------------------------------------------------------------------------------------------------------------ */

struct process {
    pid_t id;
    int pipe;
};

/* A child that runs `body`, which does not return, and sends messages. */
static struct process begin(void (*body)(const char *), const char *directory) {
    int ends[2];
    fflush(stdout);
    if (pipe(ends) != 0) abort();
    struct process process = {fork(), ends[0]};
    if (process.id == 0) {
        close(ends[0]);
        to_parent = ends[1];
        alarm(120);
        body(directory);
        _exit(3);
    }
    close(ends[1]);
    return process;
}

static int receive(const struct process *process, struct message *message) {
    size_t got = 0;
    while (got < sizeof *message) {
        ssize_t more = read(process->pipe, (char *)message + got, sizeof *message - got);
        if (more < 0 && errno == EINTR) continue;
        if (more <= 0) return 0;
        got += (size_t)more;
    }
    return 1;
}

static int receive_result(const struct process *process) {
    struct message message;
    return receive(process, &message) ? message.result : -1000;
}

static void kill_and_wait(const struct process *process) {
    kill(process->id, SIGKILL);
    waitpid(process->id, NULL, 0);
}

static void wait_a_moment(uint32_t microseconds) {
    struct timespec time = {0, (long)microseconds * 1000};
    nanosleep(&time, NULL);
}

static long kills, interrupted, starts, checks, accepted, unsure;

static void count_message(const struct message *message) {
    starts += message->kind == STARTED;
    checks += message->kind == CHECKED;
    accepted += message->kind == ACCEPTED;
    unsure += message->kind == UNSURE;
    if (message->kind == STARTED) CHECK_INT(SUCCESS, message->result);
    if (message->kind == ACCEPTED) state_of[message->number] = REPORTED;
    if (message->kind == UNSURE) state_of[message->number] = ASKED;
    set_context("code %u, %s, is answered with %d", (unsigned)message->number,
        state_of[message->number] == REPORTED ? "reported" : "new", message->result);
    CHECK(message->kind != WRONG);
}

/* The remaining messages of a dead process. */
static void read_remaining(struct process *process) {
    struct message message;
    while (receive(process, &message)) count_message(&message);
    close(process->pipe);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Directories
 * ------------------------------------------------------------------------------------------------------------------ */

static const char *base_directory;
static char directory[600], full_directory[600];

static void new_directory(char *path) {
    static int number;
    snprintf(path, 600, "%s/gate %d", base_directory, number++);
    CHECK_INT(0, mkdir(path, 0700));
    memset(state_of, 0, sizeof state_of);
}

static void copy_journal(const char *from, const char *to) {
    char command[1500];
    snprintf(command, sizeof command, "cp '%s/replay.journal' '%s'", from, to);
    CHECK_INT(0, system(command));
}

static long size_of(const char *name) {
    char path[700];
    struct stat status;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return stat(path, &status) == 0 ? (long)status.st_size : -1;
}

static void fill(const char *path) {
    is_filling = 1;
    send(STARTED, 0, open_terminal(path));
    for (uint32_t i = 0; i < OLD; i++) {
        clock_now = (long long)NOW + i;
        int result = verify_number(i);
        send(result == SUCCESS ? ACCEPTED : WRONG, i, result);
    }
    free_pos_verify();
    _exit(0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Tests
 * ------------------------------------------------------------------------------------------------------------------ */

static void work(const char *path) {
    clock_now = after_old;
    send(STARTED, 0, open_terminal(path));
    check_reported();
    ride_in_threads();
    for (;;) pause();
}

static void only_check(const char *path) {
    clock_now = after_old;
    send(STARTED, 0, open_terminal(path));
    check_reported();
    free_pos_verify();
    _exit(0);
}

/* Kills one process after another on one directory: during the start, soon after it, or after some rides. The last
 * process is not killed and checks everything. */
static void kill_a_series(long count, uint32_t most_rides) {
    while (count-- > 0) {
        struct process process = begin(work, directory);
        struct message message;
        uint32_t messages = roll(3);
        if (messages == 2) messages += roll(most_rides);
        while (messages-- > 0 && receive(&process, &message)) count_message(&message);
        wait_a_moment(roll(3000));
        kill_and_wait(&process);
        kills++;
        interrupted += size_of("replay.temporary") > 0;
        read_remaining(&process);
    }
    struct process process = begin(only_check, directory);
    long before = checks;
    read_remaining(&process);
    waitpid(process.id, NULL, 0);
    CHECK_INT(before + 1, checks);
}

static long total_kills = 600;

static void killed_at_any_moment(void) {
    long series = 10;
    for (long i = 0; i < series; i++) {
        new_directory(directory);
        kill_a_series(total_kills / 2 / series, 30);
    }
    /* At most the codes that were being verified. */
    set_context("%ld kills, %ld unsure", kills, unsure);
    CHECK(unsure <= THREADS * kills);
}

/* Each series begins with a journal that the first ride rewrites. */
static void killed_while_rewriting(void) {
    new_directory(directory);
    new_directory(full_directory);
    struct process process = begin(fill, full_directory);
    read_remaining(&process);
    waitpid(process.id, NULL, 0);
    copy_journal(full_directory, directory);
    CHECK_INT(OLD * 32, size_of("replay.journal"));
    for (long i = 0; i < total_kills / 2 / 4; i++) {
        new_directory(directory);
        copy_journal(full_directory, directory);
        for (uint32_t j = 0; j < OLD; j++) state_of[j] = REPORTED;
        kill_a_series(4, 3);
    }
}

static long call_number;

/* A start on a journal with a torn tail, a rewriting, and two more rides. */
static void work_until_the_last_call(const char *path) {
    clock_now = after_old;
    last_call = call_number;
    send(STARTED, 0, open_terminal(path));
    for (uint32_t i = OLD; i < OLD + 3; i++) {
        int result = verify_number(i);
        send(result == SUCCESS ? ACCEPTED : result == QRCODE_DUPLICATED ? UNSURE : WRONG, i, result);
    }
    _exit(0);
}

static void killed_at_each_call(void) {
    for (call_number = 1;; call_number++) {
        int status = 0;
        new_directory(directory);
        copy_journal(full_directory, directory);
        char command[700];
        snprintf(command, sizeof command, "printf 'PJ and no more' >> '%s/replay.journal'", directory);
        CHECK_INT(0, system(command));
        for (uint32_t j = 0; j < OLD; j++) state_of[j] = REPORTED;
        struct process process = begin(work_until_the_last_call, directory);
        read_remaining(&process);
        waitpid(process.id, &status, 0);
        interrupted += size_of("replay.temporary") > 0;
        struct process check = begin(only_check, directory);
        long before = checks;
        read_remaining(&check);
        waitpid(check.id, NULL, 0);
        set_context("call %ld", call_number);
        CHECK_INT(before + 1, checks);
        if (!WIFSIGNALED(status)) break;
        kills++;
    }
    /* 3 calls of a start, 2 of each ride, and 5 of a rewriting: a write, three syncs, a rename. */
    CHECK(call_number > 3 + 3 * 2 + 5);
}

static void try_to_open(const char *path) {
    send(STARTED, 0, open_terminal(path));
    _exit(0);
}

static int result_of_opening(void) {
    struct process process = begin(try_to_open, directory);
    int result = receive_result(&process);
    close(process.pipe);
    waitpid(process.id, NULL, 0);
    return result;
}

static void one_at_a_time(void) {
    for (int i = 0; i < 20; i++) {
        new_directory(directory);
        struct process first = begin(work, directory);
        CHECK_INT(SUCCESS, receive_result(&first));
        for (int j = 0; j < 3; j++) CHECK_INT(SYSTEM_ERROR, result_of_opening());
        kill_and_wait(&first);
        read_remaining(&first);
        CHECK_INT(SUCCESS, result_of_opening());
        struct process second = begin(only_check, directory);
        read_remaining(&second);
        waitpid(second.id, NULL, 0);
    }
}

/* A program that the process has started does not keep the directory locked. */
static void work_and_spawn(const char *path) {
    extern char **environ;
    pid_t id;
    static char *const arguments[] = {"sleep", "100", NULL};
    clock_now = after_old;
    send(STARTED, 0, open_terminal(path));
    ride_in_threads();
    if (posix_spawnp(&id, "sleep", NULL, NULL, arguments, environ) != 0) _exit(3);
    send(PROCESS, 0, (int)id);
    for (;;) pause();
}

static void programs_do_not_hold_it(void) {
    new_directory(directory);
    struct process process = begin(work_and_spawn, directory);
    struct message message;
    pid_t sleeper = 0;
    while (!sleeper && receive(&process, &message))
        if (message.kind == PROCESS) sleeper = (pid_t)message.result;
    CHECK_INT(SYSTEM_ERROR, result_of_opening());
    kill_and_wait(&process);
    CHECK_INT(SUCCESS, result_of_opening());
    CHECK_INT(0, sleeper ? kill(sleeper, SIGKILL) : 1);
    close(process.pipe); /* the sleeper has the other end */
}

/* Children of fork() while the parent's threads work: a child has no directory as long as the parent has it. The last
 * child stays, and has the directory after the parent was killed. */
static void work_and_fork(const char *path) {
    clock_now = after_old;
    send(STARTED, 0, open_terminal(path));
    ride_in_threads();
    for (int i = 0; i < 20; i++) {
        wait_a_moment(roll(2000));
        pid_t child = fork();
        if (child == 0) {
            alarm(60);
            int result = verify_number(CODES - 1);
            if (result != SYSTEM_ERROR) send(WRONG, CODES - 1, result);
            if (i < 19) _exit(0);
            send(PROCESS, 0, (int)getpid());
            while ((result = verify_number(CODES - 1)) == SYSTEM_ERROR) wait_a_moment(1000);
            send(result == SUCCESS || result == QRCODE_DUPLICATED ? ACCEPTED : WRONG, CODES - 1, result);
            free_pos_verify();
            _exit(0);
        }
        if (i < 19) waitpid(child, NULL, 0);
    }
    for (;;) pause();
}

static void children_go_without(void) {
    for (int i = 0; i < 5; i++) {
        new_directory(directory);
        struct process process = begin(work_and_fork, directory);
        struct message message;
        pid_t child = 0;
        while (!child && receive(&process, &message)) {
            count_message(&message);
            if (message.kind == PROCESS) child = (pid_t)message.result;
        }
        CHECK(child > 0);
        wait_a_moment(5000);
        kill_and_wait(&process);
        /* Until the child has exited. */
        read_remaining(&process);
        CHECK_INT(REPORTED, state_of[CODES - 1]);
        struct process check = begin(only_check, directory);
        read_remaining(&check);
        waitpid(check.id, NULL, 0);
    }
}

static void the_kills_were_everywhere(void) {
    printf("%ld kills, %ld of them while the journal was rewritten; %ld starts, %ld of which looked at everything;\n"
           "%ld rides, and %ld that were cut short\n",
        kills, interrupted, starts, checks, accepted, unsure);
    CHECK(kills > total_kills && checks > total_kills / 5 && accepted > OLD + total_kills);
    CHECK(interrupted > 0 && unsure > 0);
}

int main(int argc, char **argv) {
    static const struct test tests[] = {
        {"a process that is killed at any moment has lost no ride", killed_at_any_moment},
        {"a process that is killed while the journal is rewritten has lost no ride", killed_while_rewriting},
        {"a process that is killed at each call of the system has lost no ride", killed_at_each_call},
        {"a second process is refused until the first is gone", one_at_a_time},
        {"a program that a process has started does not hold its directory", programs_do_not_hold_it},
        {"a child of fork is refused until its parent is gone", children_go_without},
        {"the kills were everywhere", the_kills_were_everywhere}, {0}};
    static const struct test *const lists[] = {tests, NULL};
    if (argc < 2) {
        fprintf(stderr, "usage: %s DIRECTORY [SEED [KILLS]]\n", argv[0]);
        return 2;
    }
    base_directory = argv[1];
    dice_state = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    if (argc > 3) total_kills = atol(argv[3]);
    printf("seed %llu\n", (unsigned long long)dice_state);
    sign_codes();
    char *only_name[] = {argv[0], NULL};
    return run_tests(1, only_name, lists, NULL);
}
