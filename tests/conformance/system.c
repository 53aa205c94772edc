/* The clock, the heap and the lock, as the library sees them: the program's own symbols come before libc's. */
#define _GNU_SOURCE
#include "conformance.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

/* Set only while no other thread runs: 64 atomic bits are not to be had everywhere. */
static long long clock_now;

void set_clock(long long now) { clock_now = now; }

time_t time(time_t *out) {
    time_t now = (time_t)clock_now;
    if (out) *out = now;
    return now;
}

/* glibc's allocator under the names that are its own. */
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

static _Atomic long made, blocks, bytes, failing;
static _Atomic int failing_all_later;
static _Atomic size_t failing_size, slow_size;

void fail_allocation(long number, int and_later) {
    made = 0;
    failing_all_later = and_later;
    failing = number;
}

void fail_allocations_from(size_t size) { failing_size = size; }

void slow_allocations_from(size_t size) { slow_size = size; }

long allow_allocations(void) {
    failing = 0;
    failing_size = 0;
    slow_size = 0;
    return made;
}

long live_blocks(void) { return blocks; }
long live_bytes(void) { return bytes; }

static int may_allocate(size_t size) {
    long number = ++made;
    if (slow_size && size >= slow_size) nanosleep(&(struct timespec){0, 10 * 1000 * 1000}, NULL);
    long first = failing;
    int fails = (first && (number == first || (failing_all_later && number > first))) ||
                (failing_size && size >= failing_size);
    if (fails) errno = ENOMEM;
    return !fails;
}

static void *counted(void *memory) {
    if (memory) {
        blocks++;
        bytes += (long)malloc_usable_size(memory);
    }
    return memory;
}

static void uncount(void *memory) {
    if (!memory) return;
    blocks--;
    bytes -= (long)malloc_usable_size(memory);
}

void *malloc(size_t size) { return may_allocate(size) ? counted(__libc_malloc(size)) : NULL; }

void *calloc(size_t count, size_t size) {
    size_t total = size && count > (size_t)-1 / size ? (size_t)-1 : count * size;
    return may_allocate(total) ? counted(__libc_calloc(count, size)) : NULL;
}

void *realloc(void *memory, size_t size) {
    if (!may_allocate(size)) return NULL;
    long before = memory ? (long)malloc_usable_size(memory) : 0;
    void *moved = __libc_realloc(memory, size);
    if (moved || size == 0) {
        bytes -= before;
        if (memory) blocks--;
        counted(moved);
    }
    return moved;
}

void *memalign(size_t alignment, size_t size) {
    return may_allocate(size) ? counted(__libc_memalign(alignment, size)) : NULL;
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **memory, size_t alignment, size_t size) {
    void *got = memalign(alignment, size);
    if (!got) return ENOMEM;
    *memory = got;
    return 0;
}

void free(void *memory) {
    uncount(memory);
    __libc_free(memory);
}

static _Atomic long locks, lock_number;
static void (*lock_action)(void);

void at_lock(long number, void (*what)(void)) {
    locks = 0;
    lock_action = what;
    lock_number = number;
}

int lock_was_reached(void) {
    int reached = lock_number == 0;
    lock_number = 0;
    return reached;
}

int pthread_mutex_lock(pthread_mutex_t *mutex) {
    static int (*real)(pthread_mutex_t *);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "pthread_mutex_lock");
    if (lock_number && ++locks == lock_number) {
        lock_number = 0;
        lock_action();
    }
    return real(mutex);
}
