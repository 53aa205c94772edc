/* The system as glibc 2.4 and later, musl and their likes present it. No symbol newer than that is used, and nothing
 * that prints. */
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE /* flock */

#include "platform.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h> /* renameat */
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* pthread_atfork lives in glibc's static part, which binds programs to new symbols. What it calls is older and is in
 * every glibc; musl has the plain function. Either is found when the library is loaded, or neither. */
extern int __register_atfork(void (*)(void), void (*)(void), void (*)(void), void *) __attribute__((weak));
extern int pthread_atfork(void (*)(void), void (*)(void), void (*)(void)) __attribute__((weak));

/* What this library's fork handlers are registered under. */
static char identity;

/* Read without the lock, at the end of the process. Relaxed: nothing is read on its word. */
static int is_held;

static void mark_held(int value) { __atomic_store_n(&is_held, value, __ATOMIC_RELAXED); }

/* Of the thread that has the lock: it is not to be cancelled in the middle of a write, and leave the lock taken. */
static int cancel_state;

static void take(void) {
    int state = PTHREAD_CANCEL_ENABLE;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    pthread_mutex_lock(&lock);
    cancel_state = state;
    mark_held(1);
}

static void give(void) {
    int state = cancel_state;
    mark_held(0);
    pthread_mutex_unlock(&lock);
    pthread_setcancelstate(state, &state);
}

static void (*unload_action)(void), (*fork_action)(void);

static void give_to_child(void) {
    if (fork_action) fork_action();
    give();
}

static void watch_forks(void) {
    static int watching;
    if (watching) return;
    watching = 1;
    if (__register_atfork) __register_atfork(take, give, give_to_child, &identity);
    else if (pthread_atfork) pthread_atfork(take, give, give_to_child);
}

void posoffline_platform_lock(void) {
    take();
    watch_forks();
}

void posoffline_platform_unlock(void) { give(); }

void posoffline_platform_watch(void (*unload)(void), void (*forked)(void)) {
    unload_action = unload;
    fork_action = forked;
}

/* Runs at dlclose() and at exit(). The lock is held here only if a signal handler calls exit() in the middle of a call,
 * or a thread is inside the library while the process ends: then there is nothing worth waiting for. */
extern void __cxa_finalize(void *);

static void __attribute__((destructor)) unload(void) {
    __cxa_finalize(&identity); /* takes the fork handlers back */
    if (__atomic_load_n(&is_held, __ATOMIC_RELAXED)) return;
    take();
    if (unload_action) unload_action();
    give();
}

long posoffline_platform_process(void) { return (long)getpid(); }

long long posoffline_platform_now(void) {
    time_t now = time(NULL);
    /* Where time_t has 32 bits it turns negative in 2038; codes count on, without a sign. */
    if (sizeof now == sizeof(unsigned int) && now != (time_t)-1) return (unsigned int)now;
    return now < 0 ? -1 : (long long)now;
}

void *posoffline_platform_allocate(unsigned long count, unsigned long size) { return calloc(count, size); }

void posoffline_platform_release(void *memory) { free(memory); }

unsigned long posoffline_platform_length(const char *text, unsigned long limit) {
    unsigned long length = 0;
    while (length < limit && text[length] != '\0') length++;
    return length;
}

void posoffline_platform_wipe(void *memory, unsigned long count) {
    volatile unsigned char *byte = memory;
    while (count-- > 0) *byte++ = 0;
}

/* Of the registers that functions need not restore: the wide ones only where Swift or libcrypto uses them. */
#if defined __x86_64__ || defined __aarch64__
#define CLOBBERED "all"
#else
#define CLOBBERED "all-gpr"
#endif

__attribute__((noinline, zero_call_used_regs(CLOBBERED))) void posoffline_platform_wipe_calls(void) {
    unsigned char room[4096];
    memset(room, 0, sizeof room);
    __asm__ volatile("" : : "r"(room) : "memory"); /* so that the compiler believes in a reader */
}

#ifdef __x86_64__
/* Stands in for memcpy where scripts/build-library.sh says so. */
void *__wrap_memcpy(void *to, const void *from, size_t count);
void *__wrap_memcpy(void *to, const void *from, size_t count) { return memmove(to, from, count); }
#endif

static int is_privileged(void) { return getuid() != geteuid() || getgid() != getegid(); }

const char *posoffline_platform_environment(const char *variable) {
    return is_privileged() ? NULL : getenv(variable);
}

/* Reads until the buffer is full or the file ends; offset is -1 for a file that cannot be read anywhere else. */
static long read_all(int file, off_t offset, unsigned char *bytes, unsigned long count) {
    unsigned long total = 0;
    while (total < count) {
        ssize_t got = offset < 0 ? read(file, bytes + total, count - total)
                                 : pread(file, bytes + total, count - total, offset + (off_t)total);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return POSOFFLINE_PLATFORM_FAULT;
        if (got == 0) break;
        total += (unsigned long)got;
    }
    return (long)total;
}

long posoffline_platform_read_file(const char *path, unsigned char *buffer, unsigned long capacity) {
    /* O_NONBLOCK: a path that names a pipe must not hold the gate up. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file < 0) return POSOFFLINE_PLATFORM_UNFIT;
    long result = read_all(file, -1, buffer, capacity);
    close(file);
    return result < 0 ? POSOFFLINE_PLATFORM_UNFIT : result;
}

/* Whether a call failed by what its caller asked for, rather than by the state of the system. */
static int what_failed(void) {
    switch (errno) {
    case EACCES: case EISDIR: case ELOOP: case ENAMETOOLONG: case ENOENT: case ENOTDIR: case ENXIO: case EPERM:
    case EROFS:
        return POSOFFLINE_PLATFORM_UNFIT;
    default:
        return POSOFFLINE_PLATFORM_FAULT;
    }
}

int posoffline_platform_take_directory(const char *path) {
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return what_failed();
    while (flock(directory, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR) continue;
        int failure = errno == EWOULDBLOCK ? POSOFFLINE_PLATFORM_IN_USE : POSOFFLINE_PLATFORM_FAULT;
        close(directory);
        return failure;
    }
    return directory;
}

int posoffline_platform_open(int directory, const char *name, int empty) {
    int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | (empty ? O_TRUNC : 0);
    int file = openat(directory, name, flags, 0600);
    return file < 0 ? what_failed() : file;
}

long posoffline_platform_read(int file, unsigned long offset, unsigned char *bytes, unsigned long count) {
    return read_all(file, (off_t)offset, bytes, count);
}

int posoffline_platform_write(int file, unsigned long offset, const unsigned char *bytes, unsigned long count) {
    unsigned long total = 0;
    while (total < count) {
        ssize_t put = pwrite(file, bytes + total, count - total, (off_t)(offset + total));
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return POSOFFLINE_PLATFORM_FAULT;
        total += (unsigned long)put;
    }
    return 0;
}

int posoffline_platform_truncate(int file, unsigned long length) {
    int result;
    do result = ftruncate(file, (off_t)length);
    while (result != 0 && errno == EINTR);
    return result == 0 ? 0 : POSOFFLINE_PLATFORM_FAULT;
}

int posoffline_platform_sync(int handle) {
    int result;
    do result = fsync(handle);
    while (result != 0 && errno == EINTR);
    /* EINVAL: a directory, on a file system that does not know of such a thing. */
    return result == 0 || errno == EINVAL ? 0 : POSOFFLINE_PLATFORM_FAULT;
}

int posoffline_platform_rename(int directory, const char *from, const char *to) {
    return renameat(directory, from, directory, to) == 0 ? 0 : POSOFFLINE_PLATFORM_FAULT;
}

int posoffline_platform_remove(int directory, const char *name) {
    return unlinkat(directory, name, 0) == 0 ? 0 : POSOFFLINE_PLATFORM_FAULT;
}

void posoffline_platform_close(int handle) { close(handle); }
