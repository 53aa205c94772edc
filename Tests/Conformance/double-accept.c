/* double-accept [SHOWINGS [SEED]]: tries to have one code accepted twice.
 *
 * Codes are presented in every variant that verifies, through both entry points, from one thread and from two at once.
 * Meanwhile the clock jumps, the disk fails, memory runs out, and the terminal is freed, initialised and moved to
 * another directory. The process forks, exits during a call, or is killed at any moment. The only check is that no code
 * gets SUCCESS twice. */
#define _GNU_SOURCE
#include "harness.h"
#include "disk.h"
#include "fixtures.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    CODES = 48,     /* of a round, which has directories of its own */
    LIFETIMES = 40, /* of processes in a round, one after the other */
    SHOWINGS = 60,  /* of a lifetime */
    DIRECTORIES = 2
};

static long total = 20000;
static uint64_t seed = 1;

/* Shared memory: survives a process. */
static struct {
    _Atomic int accepted[CODES];
    _Atomic long showings, late, successes, duplicates, others, twice;
    _Atomic int directory; /* the one in use */
} *shared;

static char base_directory[] = "/tmp/posoffline-double-accept-XXXXXX";
static char directories[DIRECTORIES][200];
static struct code codes[CODES];
static uint32_t generated[CODES], window[CODES];
static uint64_t state;

static uint32_t pick(uint32_t below) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 20) % below);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Variants of a code
 * ------------------------------------------------------------------------------------------------------------------ */

/* Replaces s of a DER signature by order - s: the same key verifies it. Returns the new length. */
static size_t twin_signature(unsigned char *signature, const char *order_hex) {
    unsigned char order[32], difference[33] = {0};
    size_t width = bytes_of_hex(order_hex, order, sizeof order);
    unsigned char *s = signature + 4 + signature[3];
    size_t length = s[1];
    int borrow = 0;
    for (size_t i = 0; i < width; i++) {
        int digit = order[width - 1 - i] - borrow - (i < length ? s[2 + length - 1 - i] : 0);
        borrow = digit < 0;
        difference[width - i] = (unsigned char)digit;
    }
    size_t skip = 0;
    while (skip < width && difference[skip] == 0 && difference[skip + 1] < 0x80) skip++;
    s[1] = (unsigned char)(width + 1 - skip);
    memcpy(s + 2, difference + skip, s[1]);
    signature[1] = (unsigned char)(s + 2 + s[1] - (signature + 2));
    return signature[1] + 2u;
}

/* The user's signature covers everything before it, including the issuer's signature. */
static struct code user_twin(struct code code) {
    struct fields fields;
    if (model_parse(code.bytes, code.count, &fields) != SUCCESS) abort();
    unsigned char *signature = code.bytes + (fields.user_signature - code.bytes);
    size_t count = twin_signature(signature, SIGNER_ORDER);
    signature[-1] = (unsigned char)count;
    code.count = (size_t)(signature - code.bytes) + count;
    return code;
}

static struct code variant(int number) {
    struct code code = codes[number];
    switch (pick(6)) {
    case 0: return user_twin(code);
    case 1: code.bytes[code.count - 1 - pick(40)] ^= (unsigned char)(1 << pick(8)); return code;
    case 2: code.bytes[code.count++] = 0; return code;
    case 3: code.bytes[2] ^= 1; return code; /* the id of another issuer's key, perhaps of the same point */
    default: return code;
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * What is done to the terminal
 * ------------------------------------------------------------------------------------------------------------------ */

struct showing {
    int number, door;
    struct code code;
    int is_late;
};

static void *show(void *argument) {
    struct showing *showing = argument;
    char uid[17], record[4096], card_no[64], card_type[9];
    unsigned char card_data[128];
    const struct code *code = &showing->code;
    VERIFY_REQUEST_V2 request = {code->bytes, (int)code->count, GOOD_POS_PARAM, 200};
    VERIFY_RESPONSE_V2 response = {uid, 17, record, 4096, card_no, 64, card_data, 128, card_type, 9};
    VERIFY_REQUEST old_request = {code->bytes, (int)code->count, ISSUER_1, GOOD_POS_PARAM, 200};
    VERIFY_RESPONSE old_response = {uid, 17, record, 4096};
    int result = showing->door ? verify_qrcode(&old_request, &old_response) : verify_qrcode_v2(&request, &response);
    /* While its process exits, a thread is mostly refused: those attempts are not counted. */
    if (showing->is_late) shared->late++;
    else shared->showings++;
    if (result == QRCODE_DUPLICATED) shared->duplicates++;
    else if (result != SUCCESS) shared->others++;
    else {
        shared->successes++;
        if (shared->accepted[showing->number]++) shared->twice++;
    }
    return NULL;
}

static void show_some(void) {
    int number = (int)pick(CODES);
    struct showing one = {number, (int)pick(2), variant(number), 0}, other = {number, (int)pick(2), variant(number), 0};
    if (pick(4)) {
        show(&one);
        return;
    }
    /* pthread_create needs memory. */
    allow_allocations();
    pthread_t id;
    if (pthread_create(&id, NULL, show, &other) != 0) abort();
    show(&one);
    if (pick(4) == 0) pthread_cancel(id);
    pthread_join(id, NULL);
}

/* Mostly in a code's window or at its edges, sometimes years away. */
static void change_clock(void) {
    int number = (int)pick(CODES);
    long long width = window[number], time = generated[number];
    switch (pick(10)) {
    case 0: time = pick(100000); break;
    case 1: time += 31536000; break;
    case 2: time -= width + pick(3); break;
    case 3: time += width + pick(3); break;
    default: time += (long long)pick((uint32_t)width * 2 + 1) - width;
    }
    set_clock(time);
}

static void fail_something(void) {
    static const int errors[] = {EIO, ENOSPC, EROFS, EINTR};
    int error = errors[pick(4)];
    /* An interrupted call is made again; it is not interrupted forever. */
    if (pick(2)) fail_disk(1 << pick(7), 1 + (long)pick(4), error != EINTR && pick(2), error);
    else fail_allocation(1 + (long)pick(4), (int)pick(2));
}

/* A child of fork presents codes too, while its parent waits and after. So does a child that bypassed the fork
 * handlers; its C library cannot create threads. */
static void fork_and_show(void) {
    int is_seen = (int)pick(2);
    pid_t child = is_seen ? fork() : (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (child == 0) {
        for (int i = 0; i < 5; i++) {
            int number = (int)pick(CODES);
            struct showing one = {number, (int)pick(2), variant(number), 0};
            if (is_seen) show_some();
            else show(&one);
        }
        _exit(0);
    }
    if (pick(2)) show_some();
    if (child > 0) waitpid(child, NULL, 0);
}

static int use_directory(int number) {
    if (posoffline_set_state_dir(directories[number]) != SUCCESS) return 0;
    shared->directory = number;
    return 1;
}

static void administer(void) {
    switch (pick(12)) {
    case 0: free_pos_verify(); break;
    case 1: free_pos_verify(), init_pos_verify(KEY_LIST, CARD_TYPES); break;
    case 2: init_pos_verify("[{\"key_id\":1}]", CARD_TYPES); break;
    case 3: posoffline_set_state_dir("/dev/null"); break;
    case 4: use_directory(shared->directory); break;
    case 5:
    case 6: fail_something(); break;
    case 7: fork_and_show(); break;
    case 8:
    case 9: change_clock(); break;
    default: restore_disk(), allow_allocations(), init_pos_verify(KEY_LIST, CARD_TYPES);
    }
}

static void *show_until_the_end(void *argument) {
    struct showing *showings = argument;
    for (int i = 0;; i++) show(&showings[i % CODES]);
    return NULL;
}

/* Exits while a thread is still verifying. */
static void leave(void) {
    static struct showing showings[CODES];
    pthread_t id;
    for (int i = 0; i < CODES; i++) showings[i] = (struct showing){i, (int)pick(2), variant(i), 1};
    if (pthread_create(&id, NULL, show_until_the_end, showings) != 0) abort();
    usleep(pick(2000));
    exit(0);
}

/* One process. It is killed if it does not exit in time. */
static void live(void) {
    /* Wait for the directory: a child of the previous process may still hold it. */
    if (!use_directory(shared->directory)) return;
    init_pos_verify(KEY_LIST, CARD_TYPES);
    change_clock();
    for (int i = 0; i < SHOWINGS; i++) {
        show_some();
        if (pick(3) == 0) administer();
    }
    restore_disk();
    allow_allocations();
    /* Codes that are not in memory are not moved to the new directory. */
    if (init_pos_verify(KEY_LIST, CARD_TYPES) == SUCCESS) use_directory((shared->directory + 1) % DIRECTORIES);
    for (int i = 0; i < 5; i++) show_some();
    if (pick(4) == 0) leave();
}

/* ------------------------------------------------------------------------------------------------------------------
 * Rounds
 * ------------------------------------------------------------------------------------------------------------------ */

static void empty_directory(const char *path) {
    static const char *const names[] = {"replay.journal", "replay.temporary"};
    char file[300];
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        sprintf(file, "%s/%s", path, names[i]);
        unlink(file);
    }
}

static void begin_round(void) {
    for (int i = 0; i < CODES; i++) {
        window[i] = i % 3 ? 65535 : 60;
        generated[i] = NOW - 30000 + pick(60000) * (i % 3 != 0) + (uint32_t)i;
        for (int j = 0; j < i; j++)
            if (generated[j] == generated[i]) generated[i]++, j = -1;
        codes[i] = sign_code(generated[i], (int)window[i]);
        shared->accepted[i] = 0;
    }
    for (int i = 0; i < DIRECTORIES; i++) empty_directory(directories[i]);
}

static void attempts(void) {
    long lifetimes = 0, kills = 0;
    set_context("seed %llu", (unsigned long long)seed);
    while (shared->showings < total) {
        /* The limit is for one round, not for the run. */
        alarm(900);
        begin_round();
        for (int lifetime = 0; lifetime < LIFETIMES; lifetime++, lifetimes++) {
            int is_killed = pick(2) == 0;
            useconds_t delay = pick(20000);
            fflush(stdout);
            pid_t process = fork();
            CHECK(process >= 0);
            if (process == 0) {
                setpgid(0, 0);
                live();
                _exit(0);
            }
            setpgid(process, process);
            if (is_killed) {
                usleep(delay);
                kill(-process, SIGKILL);
            }
            int status;
            CHECK_INT(process, waitpid(process, &status, 0));
            CHECK(WIFSIGNALED(status) ? is_killed && WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
            kills += WIFSIGNALED(status);
            state += (uint64_t)shared->showings;
        }
        CHECK_INT(0, shared->twice);
    }
    printf(
        "%ld showings and %ld at the end of a process, in %ld processes, of which %ld were killed: %ld accepted, %ld "
        "refused as duplicates, %ld for other reasons\n",
        (long)shared->showings, (long)shared->late, lifetimes, kills, (long)shared->successes, (long)shared->duplicates,
        (long)shared->others);
    CHECK(shared->successes > total / 500 && shared->duplicates > total / 20);
}

int main(int argc, char **argv) {
    static const struct test tests[] = {{"no code is accepted twice, whatever happens", attempts}, {0}};
    static const struct test *const lists[] = {tests, NULL};
    if (argc > 1) total = atol(argv[1]);
    if (argc > 2) seed = strtoull(argv[2], NULL, 10);
    state = seed * 0x9E3779B97F4A7C15 | 1;
    unsetenv("POSOFFLINE_RECORD_KEY_FILE");
    unsetenv("POSOFFLINE_STATE_DIR");
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED || !mkdtemp(base_directory)) return 2;
    for (int i = 0; i < DIRECTORIES; i++) {
        sprintf(directories[i], "%s/state %d", base_directory, i);
        if (mkdir(directories[i], 0700) != 0) return 2;
    }
    char *only_name[] = {argv[0], NULL};
    int result = run_tests(1, only_name, lists, NULL);
    for (int i = 0; i < DIRECTORIES; i++) {
        empty_directory(directories[i]);
        rmdir(directories[i]);
    }
    rmdir(base_directory);
    return result;
}
