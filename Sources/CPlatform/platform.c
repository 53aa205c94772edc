/* The system as glibc 2.3 and later, musl and their likes present it. No symbol newer than that is used, and nothing
 * that prints. */
#define _POSIX_C_SOURCE 200809L

#include "platform.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
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

static volatile int is_held;

static void take(void) {
    pthread_mutex_lock(&lock);
    is_held = 1;
}

static void give(void) {
    is_held = 0;
    pthread_mutex_unlock(&lock);
}

static void watch_forks(void) {
    static int watching;
    if (watching) return;
    watching = 1;
    if (__register_atfork) __register_atfork(take, give, give, &identity);
    else if (pthread_atfork) pthread_atfork(take, give, give);
}

void posoffline_platform_lock(void) {
    take();
    watch_forks();
}

void posoffline_platform_unlock(void) { give(); }

static void (*unload_action)(void);

void posoffline_platform_at_unload(void (*action)(void)) { unload_action = action; }

/* Runs at dlclose() and at exit(). The lock is held here only if a signal handler calls exit() in the middle of a call,
 * or a thread is inside the library while the process ends: then there is nothing worth waiting for. */
extern void __cxa_finalize(void *);

static void __attribute__((destructor)) unload(void) {
    __cxa_finalize(&identity); /* takes the fork handlers back */
    if (!unload_action || is_held) return;
    take();
    unload_action();
    give();
}

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

#ifdef __x86_64__
/* Stands in for memcpy where scripts/build-library.sh says so. */
void *__wrap_memcpy(void *to, const void *from, size_t count);
void *__wrap_memcpy(void *to, const void *from, size_t count) { return memmove(to, from, count); }
#endif

static int is_privileged(void) { return getuid() != geteuid() || getgid() != getegid(); }

long posoffline_platform_read_named_file(const char *variable, unsigned char *buffer, unsigned long capacity) {
    const char *path = is_privileged() ? NULL : getenv(variable);
    if (!path) return POSOFFLINE_PLATFORM_UNSET;
    /* O_NONBLOCK: a path that names a pipe must not hold the gate up. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file < 0) return POSOFFLINE_PLATFORM_UNREADABLE;
    unsigned long total = 0;
    long result = 0;
    while (total < capacity) {
        ssize_t got = read(file, buffer + total, capacity - total);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) result = POSOFFLINE_PLATFORM_UNREADABLE;
        if (got <= 0) break;
        total += (unsigned long)got;
    }
    close(file);
    return result < 0 ? result : (long)total;
}
