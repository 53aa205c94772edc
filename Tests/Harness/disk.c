/* Replaces the C library's file functions for the library under test: the program's symbols come before libc's. fsync
 * does not wait for a real disk. */
#define _GNU_SOURCE
#include "disk.h"
#include "interpose.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/file.h>
#include <sys/types.h>
#include <unistd.h>

static struct disk_counts counts;
static int failing_call, failing_error;
static long failing_number, failing_calls;
static int failing_later;

struct disk_counts disk_counts(void) {
    struct disk_counts now = counts;
    memset(&counts, 0, sizeof counts);
    return now;
}

void fail_disk(int call, long number, int and_later, int error) {
    failing_call = call;
    failing_number = number;
    failing_later = and_later;
    failing_error = error;
    failing_calls = 0;
}

long restore_disk(void) {
    failing_call = 0;
    return failing_calls;
}

/* Whether this call fails; sets errno. */
static int fails(int call) {
    if (!(failing_call & call)) return 0;
    failing_calls++;
    if (failing_calls != failing_number && !(failing_later && failing_calls > failing_number)) return 0;
    errno = failing_error;
    return 1;
}

int openat(int directory, const char *path, int flags, ...) {
    REAL(int, openat, int, const char *, int, ...);
    OPEN_MODE(mode, flags);
    counts.opens++;
    return fails(DISK_OPEN) ? -1 : real(directory, path, flags, mode);
}

int flock(int file, int operation) {
    REAL(int, flock, int, int);
    return fails(DISK_LOCK) ? -1 : real(file, operation);
}

ssize_t pread(int file, void *bytes, size_t count, off_t offset) {
    REAL(ssize_t, pread, int, void *, size_t, off_t);
    counts.reads++;
    return fails(DISK_READ) ? -1 : real(file, bytes, count, offset);
}

/* A failed write has written a part. */
ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
    REAL(ssize_t, pwrite, int, const void *, size_t, off_t);
    counts.writes++;
    counts.bytes += (long)count;
    if (!fails(DISK_WRITE)) return real(file, bytes, count, offset);
    int error = errno;
    ssize_t part = count > 1 ? real(file, bytes, count / 2, offset) : -1;
    errno = error;
    /* Sometimes the first call reports the part, and the call for the rest fails. */
    if (part > 0 && count > 16) {
        failing_number++;
        return part;
    }
    return -1;
}

int ftruncate(int file, off_t length) {
    REAL(int, ftruncate, int, off_t);
    return fails(DISK_TRUNCATE) ? -1 : real(file, length);
}

int renameat(int from_directory, const char *from, int to_directory, const char *to) {
    REAL(int, renameat, int, const char *, int, const char *);
    counts.renames++;
    return fails(DISK_RENAME) ? -1 : real(from_directory, from, to_directory, to);
}

int unlinkat(int directory, const char *name, int flags) {
    REAL(int, unlinkat, int, const char *, int);
    return fails(DISK_REMOVE) ? -1 : real(directory, name, flags);
}

static unsigned sync_time;

void slow_disk(unsigned microseconds) { sync_time = microseconds; }

static void (*sync_action)(void);

void at_sync(void (*action)(void)) { sync_action = action; }

int fsync(int file) {
    (void)file;
    counts.syncs++;
    if (sync_action) {
        void (*action)(void) = sync_action;
        sync_action = NULL;
        action();
    }
    if (sync_time) usleep(sync_time);
    return fails(DISK_SYNC) ? -1 : 0;
}
