/* Replaces the clock, the allocator and the lock for the library under test: the program's symbols come before libc's.
 * Counts what the process has open and allocated. */
#define _GNU_SOURCE
#include "harness.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Set only while no other thread runs: not every target has 64-bit atomics. */
static long long clock_now;

void set_clock(long long now) { clock_now = now; }

time_t time(time_t *out) {
    time_t now = (time_t)clock_now;
    if (out) *out = now;
    return now;
}

/* The real allocator: a sanitizer's if one is linked, else the C library's. glibc exports it under names of its own;
 * elsewhere dlsym(RTLD_NEXT) finds it. */
#ifdef __GLIBC__
#define BELOW(result, name, arguments)                                                                                 \
    extern result __libc_##name arguments;                                                                             \
    extern result __interceptor_##name arguments __attribute__((weak));                                                \
    static inline result(*below_##name(void)) arguments {                                                              \
        return __interceptor_##name ? __interceptor_##name : __libc_##name;                                            \
    }
#else
#define BELOW(result, name, arguments)                                                                                 \
    static result(*below_##name(void)) arguments {                                                                     \
        static result(*below) arguments;                                                                               \
        if (!below) *(void **)&below = dlsym(RTLD_NEXT, #name);                                                        \
        return below;                                                                                                  \
    }
#endif
BELOW(void *, malloc, (size_t))
BELOW(void *, realloc, (void *, size_t))
BELOW(void, free, (void *))
#ifdef __GLIBC__
BELOW(void *, calloc, (size_t, size_t))
BELOW(void *, memalign, (size_t, size_t))
static void *zeroed(size_t count, size_t size, size_t total) {
    (void)total;
    return below_calloc()(count, size);
}
#else
/* musl's calloc calls malloc, and its memalign calls aligned_alloc: it gets the functions of this file. */
BELOW(void *, aligned_alloc, (size_t, size_t))
static void *(*below_memalign(void))(size_t, size_t) { return below_aligned_alloc(); }
static void *zeroed(size_t count, size_t size, size_t total) {
    (void)count, (void)size;
    void *memory = below_malloc()(total);
    return memory ? memset(memory, 0, total) : NULL;
}
#endif

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

/* A sanitizer allocates while it initialises, and does not know the size of a block yet. Those blocks are not
 * counted. */
static volatile int begun;

static void __attribute__((constructor)) begin(void) {
    while (dlerror()) continue;
    begun = 1;
}

static int may_allocate(size_t size) {
    long number = ++made;
    if (slow_size && size >= slow_size) nanosleep(&(struct timespec){0, 10 * 1000 * 1000}, NULL);
    long first = failing;
    int fails =
        (first && (number == first || (failing_all_later && number > first))) || (failing_size && size >= failing_size);
    if (fails) errno = ENOMEM;
    return !fails;
}

static void *counted(void *memory) {
    if (memory && begun) {
        blocks++;
        bytes += (long)malloc_usable_size(memory);
    }
    return memory;
}

static void uncount(void *memory) {
    if (!memory || !begun) return;
    blocks--;
    bytes -= (long)malloc_usable_size(memory);
}

void *malloc(size_t size) { return may_allocate(size) ? counted(below_malloc()(size)) : NULL; }

void *calloc(size_t count, size_t size) {
    size_t total = size && count > (size_t)-1 / size ? (size_t)-1 : count * size;
    return may_allocate(total) ? counted(zeroed(count, size, total)) : NULL;
}

void *realloc(void *memory, size_t size) {
    if (!may_allocate(size)) return NULL;
    long before = memory && begun ? (long)malloc_usable_size(memory) : 0;
    void *moved = below_realloc()(memory, size);
    if (moved || size == 0) {
        bytes -= before;
        if (memory && begun) blocks--;
        counted(moved);
    }
    return moved;
}

void *memalign(size_t alignment, size_t size) {
    return may_allocate(size) ? counted(below_memalign()(alignment, size)) : NULL;
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
    below_free()(memory);
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

static _Atomic int pages_fail;
static _Atomic long pages;

void fail_pages(int fail) { pages_fail = fail; }

long pages_asked_for(void) { return atomic_exchange(&pages, 0); }

#ifdef SYS_mmap2
#define SYS_MAP SYS_mmap2
enum { MAP_UNIT = 4096 };
#else
#define SYS_MAP SYS_mmap
enum { MAP_UNIT = 1 };
#endif

/* Sanitizers call it before dlsym works. */
void *mmap(void *at, size_t count, int protection, int flags, int file, off_t offset) {
    int is_librarys = count == sizeof(long);
    if (is_librarys) pages++;
    if (is_librarys && pages_fail) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    return (void *)syscall(SYS_MAP, at, count, (long)protection, (long)flags, (long)file, (long)(offset / MAP_UNIT));
}

#ifdef SYS_fstat64
#define SYS_STATUS SYS_fstat64
#else
#define SYS_STATUS SYS_fstat
#endif

static _Atomic int inodes_are_long;

void long_inodes(int are_long) { inodes_are_long = are_long; }

/* The inode number's offset in struct stat, and that of its 32-bit copy. */
static void lengthen_inode(unsigned char *status) {
    uint32_t low;
#if defined __i386__ || defined __arm__
    static const size_t whole = sizeof(struct {
        unsigned long long a;
        unsigned char b[80];
        unsigned long long c;
    }) - 8;
    memcpy(&low, status + 12, 4);
    memset(status + 12, 0x77, 4);
#else
    static const size_t whole = 8;
    memcpy(&low, status + whole, 4);
#endif
    memset(status + whole, 0x77, 4);
    memcpy(status + whole + 4, &low, 4);
}

long syscall(long number, ...) {
    static long (*real)(long, ...);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "syscall");
    long arguments[6];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++) arguments[i] = va_arg(list, long);
    va_end(list);
    long result = real(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
    if (number == SYS_STATUS && result == 0 && inodes_are_long) lengthen_inode((unsigned char *)arguments[1]);
    return result;
}

extern int __interceptor_pthread_mutex_lock(pthread_mutex_t *) __attribute__((weak));

int pthread_mutex_lock(pthread_mutex_t *mutex) {
    static int (*real)(pthread_mutex_t *);
    if (!real) real = __interceptor_pthread_mutex_lock;
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "pthread_mutex_lock");
    if (lock_number && ++locks == lock_number) {
        lock_number = 0;
        lock_action();
    }
    return real(mutex);
}

int open_files(void) {
    int count = 0;
    DIR *files = opendir("/proc/self/fd");
    while (files && readdir(files)) count++;
    if (files) closedir(files);
    return count;
}

long resident_kilobytes(void) {
    char text[4096];
    int file = open("/proc/self/status", O_RDONLY);
    ssize_t count = file < 0 ? -1 : read(file, text, sizeof text - 1);
    if (file >= 0) close(file);
    text[count < 0 ? 0 : count] = '\0';
    const char *line = strstr(text, "VmRSS:");
    return line ? atol(line + 6) : 0;
}
