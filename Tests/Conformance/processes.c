/* processes [old-system]: child processes made in unusual ways, at unusual moments. No child may accept a code that its
 * parent has accepted. No parent may hang or lose its directory.
 *
 * old-system: as on Linux before 4.14, which has no MADV_WIPEONFORK, and with a C library that caches getpid(). */
#define _GNU_SOURCE
#include "disk.h"
#include "fixtures.h"
#include "state.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int is_old;

int madvise(void *memory, size_t count, int advice) {
    if (is_old) {
        errno = EINVAL;
        return -1;
    }
    return (int)syscall(SYS_madvise, memory, count, advice);
}

pid_t getpid(void) {
    static pid_t first;
    if (!is_old || first == 0) first = (pid_t)syscall(SYS_getpid);
    return first;
}

/* How a child ended. After a minute it counts as hung. */
static int end_of(pid_t child) {
    int status = -1;
    for (int i = 0; i < 6000; i++) {
        pid_t ended = waitpid(child, &status, WNOHANG);
        if (ended == child) return WIFEXITED(status) ? WEXITSTATUS(status) : 100;
        if (ended < 0) return 101;
        usleep(10000);
    }
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return 102;
}

/* A child that bypassed the fork handlers. */
static pid_t raw_clone(long flags) { return (pid_t)syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0); }

/* Emulators support plain fork() only. */
static int is_emulated(void) {
    const char *emulator = getenv("EMULATED");
    return emulator && *emulator;
}

static int taken_elsewhere(void) { return posoffline_set_state_dir(directory); }

/* ------------------------------------------------------------------------------------------------------------------
 * fork() in a signal handler
 * ------------------------------------------------------------------------------------------------------------------ */

enum { RIDES = 80 };

static volatile sig_atomic_t forks, is_child, child_goes_on;
static pid_t going_on[RIDES + 1];
static int results[2];

static void fork_in_handler(int signal_number) {
    int error = errno;
    (void)signal_number;
    if (!is_child && forks < (int)COUNT_OF(going_on)) {
        pid_t child = fork();
        if (child == 0) {
            if (!child_goes_on) _exit(0);
            is_child = 1;
        } else if (child > 0) {
            going_on[forks++] = child;
        }
    }
    errno = error;
}

/* Verifications with a timer whose handler forks, once in each. Most of their time they wait for the disk. */
static int timer_signal;

static void rides_with_forks(void) {
    struct sigaction action = {.sa_handler = fork_in_handler, .sa_flags = SA_RESTART};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = timer_signal};
    timer_t timer;
    if (posoffline_set_state_dir(directory) != SUCCESS || init_pos_verify(KEY_LIST, CARD_TYPES) != SUCCESS) _exit(1);
    slow_disk(2000);
    sigaction(timer_signal, &action, NULL);
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0) _exit(6);
    for (uint32_t i = 0; i < RIDES; i++) {
        timer_settime(timer, 0, &(struct itimerspec){{0, 0}, {0, 1000 * (100 + (long)(i * 397 % 3000))}}, NULL);
        int result = verify_number_unguarded(i);
        if (is_child) {
            /* The interrupted ride may have been accepted before the fork, and returns in both. What comes after does
             * not: the parent has the directory. */
            for (uint32_t next = i; next < i + 3; next++)
                if (verify_number_unguarded(next) == SUCCESS && write(results[1], &next, sizeof next) != sizeof next)
                    _exit(2);
            _exit(0);
        }
        if (result != SUCCESS) _exit(3);
    }
    timer_delete(timer);
    for (int i = 0; i < forks; i++) {
        int status = 0;
        if (waitpid(going_on[i], &status, 0) != going_on[i] || status != 0) _exit(4);
    }
    _exit(forks > RIDES / 3 ? 0 : 5);
}

/* The signals include one of real-time timers and one of a watchdog. */
static void forks_in_handlers(void) {
    const int signals[] = {SIGCHLD, SIGRTMIN, SIGRTMIN + 1, SIGABRT};
    for (size_t i = 0; i < 2 * COUNT_OF(signals); i++) {
        uint32_t twice = 0;
        timer_signal = signals[i / 2];
        child_goes_on = i % 2;
        set_context("signal %d, children go on: %d", timer_signal, (int)child_goes_on);
        fresh_directory();
        CHECK_INT(0, pipe(results));
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) rides_with_forks();
        CHECK_INT(0, end_of(child));
        close(results[1]);
        CHECK_INT(0, read(results[0], &twice, sizeof twice));
        close(results[0]);
        start();
        expect_refused(0, RIDES);
        free_pos_verify();
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Children that share more than usual
 * ------------------------------------------------------------------------------------------------------------------ */

/* A child that shares its parent's descriptors, but not its memory (CLONE_FILES). */
static void shared_descriptors(void) {
    if (is_emulated()) return;
    start();
    expect_accepted(0, 5);
    int files = open_files();
    static int (*const ends[])(void) = {NULL, taken_elsewhere};
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        pid_t child = raw_clone(CLONE_FILES);
        if (child == 0) {
            for (uint32_t code = 0; code < 25; code++)
                if (verify_number_unguarded(code) == SUCCESS) _exit(1);
            if (ends[i] && ends[i]() == SUCCESS) _exit(2);
            free_pos_verify();
            if (ends[i]) exit(0); /* runs the library's exit handler */
            _exit(0);
        }
        CHECK_INT(0, end_of(child));
        CHECK_INT(files, open_files());
        /* The parent still has its directory, and no other process can open it. */
        CHECK_INT(SYSTEM_ERROR, in_child(taken_elsewhere));
        expect_accepted(5 + 10 * (uint32_t)i, 15 + 10 * (uint32_t)i);
    }
    restart();
    expect_refused(0, 25);
}

/* Parent and child both have process number 1, in two pid namespaces. */
static void first_in_namespace(void) {
    if (posoffline_set_state_dir(directory) != SUCCESS || init_pos_verify(KEY_LIST, CARD_TYPES) != SUCCESS) _exit(1);
    for (uint32_t i = 0; i < 5; i++)
        if (verify_number_unguarded(i) != SUCCESS) _exit(2);
    pid_t child = raw_clone(CLONE_NEWPID);
    if (child == 0) {
        if (syscall(SYS_getpid) != 1) _exit(3);
        for (uint32_t i = 0; i < 25; i++)
            if (verify_number_unguarded(i) == SUCCESS) _exit(4);
        _exit(0);
    }
    int status = -1;
    if (child < 0) _exit(5);
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status)) _exit(6);
    if (WEXITSTATUS(status)) _exit(10 + WEXITSTATUS(status));
    for (uint32_t i = 5; i < 25; i++)
        if (verify_number_unguarded(i) != SUCCESS) _exit(7);
    _exit(0);
}

/* The page that detects a fork could not be allocated at first. The library asks again later; when it gets the page it
 * does not take the process for a child, and stops asking. This test runs first, while the process has no page. */
static void same_number(void);

static void late_page(void) {
    fail_pages(1);
    start();
    expect_accepted(0, 3);
    CHECK(pages_asked_for() > 1);
    fail_pages(0);
    expect_accepted(3, 5);
    pages_asked_for();
    expect_accepted(5, 8);
    /* The library has the page now, or knows that the system does not support it. */
    CHECK_INT(0, pages_asked_for());
    restart();
    expect_refused(0, 8);
    free_pos_verify();
    fresh_directory();
    same_number();
}

static void same_number(void) {
    if (is_old || is_emulated()) return; /* the documented exception of old systems */
    pid_t child = raw_clone(CLONE_NEWPID);
    if (child < 0 && errno == EPERM) child = raw_clone(CLONE_NEWUSER | CLONE_NEWPID);
    if (child == 0) first_in_namespace();
    CHECK_INT(0, end_of(child));
    start();
    expect_refused(0, 25);
}

/* A child as _Fork() makes it. It may have the directory after its parent has closed it. */
static void unseen(void) {
    int ends[2];
    start();
    expect_accepted(0, 5);
    CHECK_INT(0, pipe(ends));
    pid_t child = raw_clone(0);
    if (child == 0) {
        char byte;
        if (verify_number_unguarded(4) == SUCCESS || verify_number_unguarded(5) == SUCCESS) _exit(1);
        close(ends[1]);
        if (read(ends[0], &byte, 1) != 1) _exit(2);
        if (verify_number_unguarded(5) != QRCODE_DUPLICATED || verify_number_unguarded(6) != SUCCESS ||
            verify_number_unguarded(6) != QRCODE_DUPLICATED)
            _exit(3);
        _exit(0);
    }
    expect_accepted(5, 6);
    free_pos_verify();
    CHECK_INT(1, write(ends[1], "x", 1));
    CHECK_INT(0, end_of(child));
    close(ends[0]);
    close(ends[1]);
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
    expect_refused(0, 7);
}

/* A child of fork() closes the directory at once, even if it then only waits. */
static void child_outlives_parent(void) {
    int ends[2], started[2];
    CHECK_INT(0, pipe(ends));
    CHECK_INT(0, pipe(started));
    fflush(stdout);
    pid_t gate = fork();
    if (gate == 0) {
        if (posoffline_set_state_dir(directory) != SUCCESS || init_pos_verify(KEY_LIST, CARD_TYPES) != SUCCESS)
            _exit(1);
        if (verify_number_unguarded(0) != SUCCESS) _exit(2);
        if (fork() == 0) {
            char byte = 0;
            close(ends[1]);
            if (write(started[1], &byte, 1) != 1) _exit(2);
            _exit(read(ends[0], &byte, 1) == 0 ? 0 : 1);
        }
        /* Until its fork handler has run, the child holds the directory. */
        char byte;
        if (read(started[0], &byte, 1) != 1) _exit(3);
        raise(SIGKILL);
    }
    CHECK_INT(100, end_of(gate));
    start();
    expect_refused(0, 1);
    expect_accepted(1, 2);
    for (int i = 0; i < 2; i++) close(ends[i]), close(started[i]);
}

/* A prepare handler of the program that was registered before the library's runs after it, and takes its time here. */
static atomic_int slows_forks, is_in_fork;

static void slow_fork(void) {
    if (!slows_forks) return;
    is_in_fork = 1;
    usleep(50000);
}

/* Writes whether SIGTERM is blocked in a child. */
static void *fork_slowly(void *descriptor) {
    if (fork() == 0) {
        sigset_t blocked;
        sigprocmask(SIG_SETMASK, NULL, &blocked);
        char is_blocked = (char)sigismember(&blocked, SIGTERM);
        _exit(write(*(int *)descriptor, &is_blocked, 1) == 1 ? 0 : 1);
    }
    for (;;) pause();
}

/* The library ends while another thread is between its fork handlers. */
static void exit_during_fork(void) {
    int ends[2];
    char is_blocked = 2;
    if (is_emulated()) return;
    CHECK_INT(0, pipe(ends));
    fflush(stdout);
    pid_t gate = fork();
    if (gate == 0) {
        pthread_t thread;
        close(ends[0]);
        if (init_pos_verify(KEY_LIST, CARD_TYPES) != SUCCESS) _exit(1);
        slows_forks = 1;
        if (pthread_create(&thread, NULL, fork_slowly, &ends[1]) != 0) _exit(2);
        while (!is_in_fork) usleep(100);
        exit(0);
    }
    close(ends[1]);
    CHECK_INT(0, end_of(gate));
    CHECK_INT(1, read(ends[0], &is_blocked, 1));
    CHECK_INT(0, is_blocked);
    close(ends[0]);
}

/* A fork handler of the program, registered before the library's, unblocks signals in the child. */
static volatile sig_atomic_t opens_signals;

static void open_signals(void) {
    sigset_t none;
    sigemptyset(&none);
    if (opens_signals) sigprocmask(SIG_SETMASK, &none, NULL);
}

static void mask_of_child(void) {
    sigset_t set, before;
    start();
    expect_accepted(0, 1);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    CHECK_INT(0, sigprocmask(SIG_BLOCK, &set, &before));
    for (opens_signals = 0; opens_signals <= 1; opens_signals++) {
        set_context("the program's handler lets signals through: %d", (int)opens_signals);
        pid_t child = fork();
        if (child == 0) {
            sigset_t now;
            sigprocmask(SIG_BLOCK, NULL, &now);
            _exit(sigismember(&now, SIGUSR1) + 2 * sigismember(&now, SIGTERM));
        }
        CHECK_INT(opens_signals ? 0 : 1, end_of(child));
    }
    opens_signals = 0;
    CHECK_INT(0, sigprocmask(SIG_SETMASK, &before, NULL));
}

/* Two fork handlers of the program, registered before and after the library's, take one lock each, as those of
 * allocators and loggers do. A thread takes the same locks between its verifications. */
static pthread_mutex_t programs_lock[2] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER};
static atomic_int handlers_lock, rider_stops, rides_of_rider;

static void lock_first(void) {
    if (handlers_lock) pthread_mutex_lock(&programs_lock[0]);
}
static void unlock_first(void) {
    if (handlers_lock) pthread_mutex_unlock(&programs_lock[0]);
}
static void lock_second(void) {
    if (handlers_lock) pthread_mutex_lock(&programs_lock[1]);
}
static void unlock_second(void) {
    if (handlers_lock) pthread_mutex_unlock(&programs_lock[1]);
}

static void *ride_and_log(void *unused) {
    for (uint32_t i = 0; !rider_stops && i < 50000; i++) {
        if (verify_number_unguarded(i) != SUCCESS) break;
        for (int which = 0; which < 2; which++) {
            pthread_mutex_lock(&programs_lock[which]);
            rides_of_rider += which;
            pthread_mutex_unlock(&programs_lock[which]);
        }
    }
    return unused;
}

static void handlers_of_the_program(void) {
    enum { FORKS = 100 };
    pthread_t rider;
    start();
    CHECK_INT(0, pthread_atfork(lock_second, unlock_second, unlock_second));
    handlers_lock = 1;
    rider_stops = rides_of_rider = 0;
    set_hang_timeout(120);
    slow_disk(200);
    CHECK_INT(0, pthread_create(&rider, NULL, ride_and_log, NULL));
    for (int i = 0; i < FORKS; i++) {
        int rides = rides_of_rider;
        set_context("fork %d", i);
        pid_t child = fork();
        /* The lock is free in the child. The child accepts no code that its parent could accept too. */
        if (child == 0)
            _exit(verify_number_unguarded(0) == SYSTEM_ERROR && verify_number_unguarded(60000) == SYSTEM_ERROR ? 0 : 1);
        CHECK_INT(0, end_of(child));
        while (rides_of_rider == rides) usleep(100);
    }
    rider_stops = 1;
    CHECK_INT(0, pthread_join(rider, NULL));
    set_hang_timeout(0);
    slow_disk(0);
    handlers_lock = 0;
    CHECK(rides_of_rider >= FORKS);
    restart();
    expect_refused(0, (uint32_t)rides_of_rider);
}

int main(int argc, char **argv) {
    static const struct test tests[] = {{"a child is noticed where memory was short at first", late_page},
        {"fork() in a signal handler neither hangs nor accepts a code twice", forks_in_handlers},
        {"a child that shares the descriptors leaves them to its parent", shared_descriptors},
        {"parent and child of the same number are two", same_number},
        {"a child that no handler has seen waits until its parent has let go", unseen},
        {"a child has the signal mask of its parent, or the one that the program gives it", mask_of_child},
        {"fork handlers of the program may take locks that are not held during a call", handlers_of_the_program},
        {"a directory is free when its process was killed, children or not", child_outlives_parent},
        {"a fork that is under way when the library ends gives the child its signals back", exit_during_fork}, {0}};
    pthread_atfork(slow_fork, NULL, open_signals);
    pthread_atfork(lock_first, unlock_first, unlock_first);
    is_old = argc > 1 && strcmp(argv[1], "old-system") == 0;
    return run_state_tests(is_old ? argc - 1 : argc, argv + is_old, tests);
}
