/* For Linux with glibc 2.4 or later, musl or a similar C library. It uses no newer symbol, and nothing that prints. */
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE /* flock, syscall, MAP_ANONYMOUS */

#include "platform.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h> /* renameat */
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h> /* S_ISREG */
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

/* ------------------------------------------------------------------------------------------------------------------
 * Calls and the lock
 * ------------------------------------------------------------------------------------------------------------------ */

void posoffline_platform_begin(struct posoffline_platform_call *call) {
    call->cancel_state = PTHREAD_CANCEL_ENABLE;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &call->cancel_state);
}

void posoffline_platform_end(const struct posoffline_platform_call *call) {
    int ignored;
    pthread_setcancelstate(call->cancel_state, &ignored);
}

/* The kernel's set of signals: on little-endian machines bit n - 1 is signal n. */
typedef unsigned long long signal_set;

static signal_set change_mask(int how, signal_set set) {
    signal_set before = 0;
    syscall(SYS_rt_sigprocmask, how, &set, &before, sizeof set);
    return before;
}

/* Unblocks the signals that were not blocked before, and blocks none: a fork handler of the program may have changed the
 * mask since. */
static void restore_signals(signal_set before) { change_mask(SIG_UNBLOCK, ~before); }

/* Does not block a thread's own faults, because a blocked fault ends the process without the program's handler, nor the C
 * library's internal signals, which its sigfillset() leaves out. */
static signal_set block_signals(void) {
    static const int faults[] = {SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP};
    sigset_t all;
    signal_set set;
    sigfillset(&all);
    memcpy(&set, &all, sizeof set);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) set &= ~(1ull << (faults[i] - 1));
    return change_mask(SIG_BLOCK, set);
}

void posoffline_platform_block_signals(struct posoffline_platform_signals *held) { held->mask = block_signals(); }

void posoffline_platform_restore_signals(const struct posoffline_platform_signals *held) {
    restore_signals(held->mask);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Also used without the lock, at the end of the process. A thread that sets one of them reads the other afterwards, so that
 * of two threads at least one sees both. */
static int is_held, is_ending;

#if defined __arm__ && __ARM_ARCH < 6
/* These machines have one processor and no barriers. The compiler would call a function that is built for newer ones. */
#define ORDER __ATOMIC_RELAXED
#else
#define ORDER __ATOMIC_SEQ_CST
#endif

static int is_set(const int *flag) {
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    return __atomic_load_n(flag, ORDER);
}

static void set(int *flag, int value) {
    __atomic_store_n(flag, value, ORDER);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* Of the thread that holds the lock. Signals are blocked in it: a handler that forks would deadlock, and its child would go
 * on in the middle of a change. */
static signal_set signal_mask;

static void acquire(void) {
    signal_set mask = block_signals();
    pthread_mutex_lock(&lock);
    signal_mask = mask;
    set(&is_held, 1);
}

static void end(void);

static void release(void) {
    signal_set mask = signal_mask;
    set(&is_held, 0);
    if (is_set(&is_ending)) end();
    pthread_mutex_unlock(&lock);
    restore_signals(mask);
}

/* glibc has pthread_atfork in its static part, which needs new symbols. The function that it calls is older and is in every
 * glibc; musl has the plain function. Weak: one of them is found when the library is loaded, or none. */
extern int __register_atfork(void (*)(void), void (*)(void), void (*)(void), void *) __attribute__((weak));
extern int pthread_atfork(void (*)(void), void (*)(void), void (*)(void)) __attribute__((weak));

/* The key under which the fork handlers are registered. */
static char identity;

static void (*exit_handler)(void), (*fork_handler)(void);

/* The call of the thread that forks. Used under the lock. */
static struct posoffline_platform_call fork_call;

/* The thread that forks, by the address of its errno; NULL when none does. Also read without the lock. */
static int *forking_thread;

static int is_forking(void) { return __atomic_load_n(&forking_thread, ORDER) == &errno; }

static void before_fork(void) {
    struct posoffline_platform_call call;
    /* After the end, after_fork() is not called. */
    if (is_set(&is_ending)) return;
    posoffline_platform_begin(&call);
    acquire();
    if (is_set(&is_ending)) {
        release();
        posoffline_platform_end(&call);
        return;
    }
    fork_call = call;
    __atomic_store_n(&forking_thread, &errno, ORDER);
}

static void after_fork(void) {
    if (!is_forking()) return;
    struct posoffline_platform_call call = fork_call;
    __atomic_store_n(&forking_thread, NULL, ORDER);
    release();
    posoffline_platform_end(&call);
}

static void after_fork_in_child(void) {
    if (fork_handler && is_forking()) fork_handler();
    after_fork();
}

static void register_fork_handlers(void) {
    static int is_registered;
    if (is_registered) return;
    /* The registration fails when memory is out. The next call tries again. */
    if (__register_atfork)
        is_registered = __register_atfork(before_fork, after_fork, after_fork_in_child, &identity) == 0;
    else if (pthread_atfork) is_registered = pthread_atfork(before_fork, after_fork, after_fork_in_child) == 0;
}

int posoffline_platform_lock(void) {
    if (is_set(&is_ending)) return 0;
    acquire();
    if (is_set(&is_ending)) {
        release();
        return 0;
    }
    register_fork_handlers();
    return 1;
}

void posoffline_platform_unlock(void) { release(); }

void posoffline_platform_set_exit_and_fork_handlers(void (*at_exit)(void), void (*in_child)(void)) {
    exit_handler = at_exit;
    fork_handler = in_child;
}

static void unmap_fork_marker(void);

/* Runs under the lock, and twice if two threads see that the library must end. */
static void end(void) {
    if (exit_handler) exit_handler();
    unmap_fork_marker();
}

/* Runs at dlclose() and at exit(). It does not wait for the lock: the disk may be slow, and the thread that ends the process
 * may hold the lock itself. The thread that releases the lock then ends the library. */
extern void __cxa_finalize(void *);

static void __attribute__((destructor)) unload(void) {
    struct posoffline_platform_call call;
    set(&is_ending, 1);
    /* A fork in another thread first gets its signals and the lock back. It takes microseconds, unless a handler of the
     * program waits for this thread: hence the limit. */
    for (long tries = 0; tries < 100000000; tries++)
        if (__atomic_load_n(&forking_thread, ORDER) == NULL || is_forking()) break;
    __cxa_finalize(&identity); /* unregisters the fork handlers */
    if (is_set(&is_held)) return;
    posoffline_platform_begin(&call);
    acquire();
    release();
    posoffline_platform_end(&call);
}

/* ------------------------------------------------------------------------------------------------------------------
 * The process
 * ------------------------------------------------------------------------------------------------------------------ */

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

/* A page that the kernel zeroes in every child (Linux 4.14), however the child was made. */
static volatile long *fork_marker;

/* The number of processes in the line of forks since the library was loaded, this one included. */
static long generation;

/* When memory is out, the next call tries again. */
static void map_fork_marker(void) {
    static int is_unknown;
    if (fork_marker || is_unknown) return;
    void *page = mmap(NULL, sizeof *fork_marker, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return;
    if (madvise(page, sizeof *fork_marker, MADV_WIPEONFORK) == 0) {
        fork_marker = page;
        *fork_marker = generation;
    } else {
        is_unknown = errno != ENOMEM && errno != EAGAIN;
        munmap(page, sizeof *fork_marker);
    }
}

static void unmap_fork_marker(void) {
    if (fork_marker) munmap((void *)fork_marker, sizeof *fork_marker);
    fork_marker = NULL;
}

/* Checks two signs, because neither is enough: older kernels do not zero the page, emulators claim to, and two processes in
 * different pid namespaces may have the same number. Not getpid(), because old C libraries cache its result. */
long posoffline_platform_process(void) {
    static long number;
    long now = syscall(SYS_getpid);
    map_fork_marker();
    if (now != number || (fork_marker && *fork_marker != generation)) {
        number = now;
        generation++;
        if (fork_marker) *fork_marker = generation;
    }
    return generation;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Clock, memory, environment
 * ------------------------------------------------------------------------------------------------------------------ */

#ifndef SYS_clock_gettime64
#define SYS_clock_gettime64 403 /* on every architecture with a 32-bit time_t */
#endif

long long posoffline_platform_now(void) {
    errno = 0;
    time_t now = time(NULL);
    if (sizeof now > sizeof(int)) return now < 0 ? -1 : (long long)now;
    /* In older C libraries it becomes negative in 2038. Codes count in unsigned seconds. */
    if (now != (time_t)-1) return (unsigned int)now;
    /* In newer ones time() fails then. */
    struct {
        long long seconds, nanoseconds;
    } wide;
    if (errno != EOVERFLOW || syscall(SYS_clock_gettime64, CLOCK_REALTIME, &wide) != 0) return -1;
    return wide.seconds < 0 ? -1 : wide.seconds;
}

/* Signals are blocked inside the allocator: a handler that forks would wait for the allocator's own lock. */
void *posoffline_platform_allocate(unsigned long count, unsigned long size) {
    signal_set mask = block_signals();
    void *memory = calloc(count, size);
    restore_signals(mask);
    return memory;
}

void posoffline_platform_release(void *memory) {
    if (!memory) return;
    signal_set mask = block_signals();
    free(memory);
    restore_signals(mask);
}

unsigned long posoffline_platform_length(const char *text, unsigned long limit) {
    unsigned long length = 0;
    while (length < limit && text[length] != '\0') length++;
    return length;
}

/* The call-clobbered registers: the vector registers only where Swift or libcrypto uses them. */
#if defined __x86_64__ || defined __aarch64__
#define CLOBBERED "all"
#else
#define CLOBBERED "all-gpr"
#endif

__attribute__((noinline, zero_call_used_regs(CLOBBERED))) void posoffline_platform_wipe_stack_and_registers(void) {
    unsigned char room[4096];
    memset(room, 0, sizeof room);
    __asm__ volatile("" : : "r"(room) : "memory"); /* keeps the stores */
}

#ifdef __x86_64__
/* The x86_64 firmware file calls this in place of memcpy (scripts/build-library.sh). */
void *__wrap_memcpy(void *to, const void *from, size_t count);
void *__wrap_memcpy(void *to, const void *from, size_t count) { return memmove(to, from, count); }
#endif

static int is_privileged(void) { return getuid() != geteuid() || getgid() != getegid(); }

const char *posoffline_platform_environment(const char *variable) { return is_privileged() ? NULL : getenv(variable); }

/* ------------------------------------------------------------------------------------------------------------------
 * Files
 * ------------------------------------------------------------------------------------------------------------------ */

#ifndef O_PATH
#define O_PATH 010000000 /* older kernels ignore it */
#endif

static int open_at(int directory, const char *path, int flags) {
    int file;
    do file = openat(directory, path, flags | O_CLOEXEC | O_NOCTTY, 0600);
    while (file < 0 && errno == EINTR);
    return file;
}

/* Maps errno to BAD_PATH for a bad path or missing rights, and to FAULT for everything else. */
static int classify_error(void) {
    switch (errno) {
    case EACCES:
    case EEXIST:
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
    case ENOENT:
    case ENOTDIR:
    case EPERM:
    case EROFS:
    case ETXTBSY: return POSOFFLINE_PLATFORM_BAD_PATH;
    default: return POSOFFLINE_PLATFORM_FAULT;
    }
}

static int is_closed(int descriptor) { return lseek(descriptor, 0, SEEK_CUR) < 0 && errno == EBADF; }

/* Never returns 0, 1 or 2. In a process without standard input, output and error, the next opened file gets one of these
 * numbers, and the program's output goes there. So directories occupy the numbers meanwhile: nothing can be written to a
 * directory. O_PATH needs no rights on the root. */
static int open_above_standard(int directory, const char *path, int flags) {
    int held[3], count = 0;
    for (int place = 0; place <= 2; place++) {
        if (!is_closed(place)) continue;
        int descriptor = open_at(directory, directory == AT_FDCWD ? path : ".", O_RDONLY | O_DIRECTORY);
        if (descriptor < 0 && classify_error() == POSOFFLINE_PLATFORM_BAD_PATH)
            descriptor = open_at(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY | O_PATH);
        if (descriptor >= 0) held[count++] = descriptor;
    }
    int file = open_at(directory, path, flags), failure = errno;
    while (count > 0) close(held[--count]);
    if (file >= 0 && file <= 2) {
        close(file);
        file = -1;
        failure = EBADF;
    }
    errno = failure;
    return file;
}

/* Reads until the buffer is full or the file ends. An offset of -1 is for a file without positions. */
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
    /* O_NONBLOCK: opening a pipe must not block. */
    int file = open_above_standard(AT_FDCWD, path, O_RDONLY | O_NONBLOCK);
    if (file < 0) return POSOFFLINE_PLATFORM_BAD_PATH;
    long result = read_all(file, -1, buffer, capacity);
    close(file);
    return result < 0 ? POSOFFLINE_PLATFORM_BAD_PATH : result;
}

int posoffline_platform_open_and_lock_directory(const char *path) {
    int directory = open_above_standard(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
    if (directory < 0) return classify_error();
    while (flock(directory, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR) continue;
        int failure = errno == EWOULDBLOCK ? POSOFFLINE_PLATFORM_IN_USE : POSOFFLINE_PLATFORM_FAULT;
        close(directory);
        return failure;
    }
    return directory;
}

/* The kernel's struct stat, as far as it is used here. Not fstat(): C libraries have had several versions of it. */
union status {
    struct {
#if defined __i386__ || defined __arm__
        unsigned long long device;
        unsigned char padding[4];
        unsigned long short_inode; /* the lower half */
        unsigned int mode, links;
        unsigned long user, group;
        unsigned long long special_device;
        unsigned char more_padding[4];
        long long size;
        unsigned long block;
        unsigned long long blocks;
        unsigned long times[6];
        unsigned long long inode;
#elif defined __x86_64__
        unsigned long device, inode, links;
        unsigned int mode;
#else
        unsigned long long device, inode;
        unsigned int mode;
#endif
    } file;
    unsigned long long room[32];
};

#ifdef SYS_fstat64
#define SYS_STATUS SYS_fstat64
#else
#define SYS_STATUS SYS_fstat
#endif

static int get_status(int descriptor, union status *status) {
    memset(status, 0, sizeof *status);
    return (int)syscall(SYS_STATUS, descriptor, status);
}

int posoffline_platform_is_path_of(const char *path, int directory) {
    union status found, expected;
    int descriptor = open_above_standard(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
    if (descriptor < 0) return classify_error();
    int failure = get_status(descriptor, &found) != 0 || get_status(directory, &expected) != 0;
    close(descriptor);
    if (failure) return POSOFFLINE_PLATFORM_FAULT;
    return found.file.device == expected.file.device && found.file.inode == expected.file.inode;
}

void posoffline_platform_unlock_and_close_directory(int directory) {
    while (flock(directory, LOCK_UN) != 0 && errno == EINTR) continue;
    close(directory);
}

/* Whether a name exists and is not a regular file. Opening a device can fail with many errors, some of which also mean
 * a failing disk. When the kernel cannot report the type, the caller's errno decides. */
static int is_irregular(int directory, const char *name) {
    union status status;
    int descriptor = open_above_standard(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_PATH);
    if (descriptor < 0) return 0;
    int is_known = get_status(descriptor, &status) == 0;
    close(descriptor);
    return is_known && !S_ISREG(status.file.mode);
}

int posoffline_platform_open(int directory, const char *name, int create) {
    int file = open_above_standard(directory, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | (create ? O_CREAT : 0));
    if (file < 0) {
        int failure = classify_error();
        if (failure == POSOFFLINE_PLATFORM_FAULT && is_irregular(directory, name))
            failure = POSOFFLINE_PLATFORM_BAD_PATH;
        return failure;
    }
    /* Only a regular file can be truncated. So this fails for other files. */
    long length = posoffline_platform_file_length(file);
    if (length >= 0 && posoffline_platform_truncate(file, (unsigned long)length) == 0) return file;
    int failure = errno == EINVAL || errno == ESPIPE ? POSOFFLINE_PLATFORM_BAD_PATH : classify_error();
    close(file);
    return failure;
}

int posoffline_platform_create(int directory, const char *name) {
    /* Removed, not truncated: the name may be a hard link to another file. */
    int refusal = posoffline_platform_remove(directory, name) == 0 ? 0 : errno;
    int file = open_above_standard(directory, name, O_RDWR | O_CREAT | O_EXCL);
    if (file >= 0) return file;
    /* The error of the removal is more specific than EEXIST. EBUSY means a mount point, which is treated like a
     * directory. */
    if (errno == EEXIST && refusal != 0 && refusal != EBUSY) errno = refusal;
    return classify_error();
}

long posoffline_platform_file_length(int file) {
    off_t length = lseek(file, 0, SEEK_END);
    return length < 0 ? POSOFFLINE_PLATFORM_FAULT : (long)length;
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

static int sync_now(int descriptor) {
    int result;
    do result = fsync(descriptor);
    while (result != 0 && errno == EINTR);
    return result;
}

int posoffline_platform_sync(int file) { return sync_now(file) == 0 ? 0 : POSOFFLINE_PLATFORM_FAULT; }

int posoffline_platform_sync_directory(int directory) {
    /* EINVAL: the file system cannot sync a directory. */
    return sync_now(directory) == 0 || errno == EINVAL ? 0 : POSOFFLINE_PLATFORM_FAULT;
}

int posoffline_platform_sync_parent(int directory) {
    union status above, here;
    int parent = open_above_standard(directory, "..", O_RDONLY | O_DIRECTORY);
    if (parent < 0) return classify_error() == POSOFFLINE_PLATFORM_BAD_PATH ? 0 : POSOFFLINE_PLATFORM_FAULT;
    int result = get_status(parent, &above) != 0 || get_status(directory, &here) != 0 ? POSOFFLINE_PLATFORM_FAULT : 0;
    /* Above a mount point is another file system, which does not matter here. */
    if (result == 0 && above.file.device == here.file.device) result = posoffline_platform_sync_directory(parent);
    close(parent);
    return result;
}

int posoffline_platform_rename(int directory, const char *from, const char *to) {
    int result;
    do result = renameat(directory, from, directory, to);
    while (result != 0 && errno == EINTR);
    return result == 0 ? 0 : POSOFFLINE_PLATFORM_FAULT;
}

int posoffline_platform_remove(int directory, const char *name) {
    int result;
    do result = unlinkat(directory, name, 0);
    while (result != 0 && errno == EINTR);
    return result == 0 ? 0 : POSOFFLINE_PLATFORM_FAULT;
}

void posoffline_platform_close(int descriptor) { close(descriptor); }
