/* recorder: preloaded into posgateway, writes down what the process asks of the disk, what it is asked over its
 * connections and what it answers, in the order in which these things happen (docs/gateway.md, "How it is tested").
 * recording.py reads what it writes.
 *
 *   RECORDER_LOG        the file to append to
 *   RECORDER_ROOT       the directory whose files are looked at
 *   RECORDER_SLOW       milliseconds that a sync of a write-ahead log takes longer
 *   RECORDER_FAULT      a file that, while it is there, says what goes wrong: "full" (a file that should grow does not),
 *                       "no-sync" (a sync fails), "death" (SIGKILL in place of a sync of a write-ahead log)
 *   RECORDER_SETTING    SQL in whose place SQLite is given RECORDER_INSTEAD
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum kind {
    PROCESS = 1,
    OPEN,
    CLOSE,
    WRITE,
    TRUNCATE,
    SYNC_BEGINS,
    SYNC_ENDS,
    RENAME,
    UNLINK,
    MKDIR,
    RMDIR,
    REQUEST,
    REPLY
};

/* Little-endian, followed by `count` bytes. */
struct head {
    uint32_t kind;
    int32_t file;
    uint64_t value;
    uint64_t count;
};

enum { FILES = 65536 };
enum use { NOTHING, FILE_BELOW_ROOT, WRITE_AHEAD_LOG, CONNECTION };
static unsigned char use_of[FILES];

static int log_file = -1;
static const char *root, *fault_path;
static long slow;
static uint64_t syncs;
static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;

#define REAL(result, name, ...)                                                                                        \
    static result (*real)(__VA_ARGS__);                                                                                \
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, #name)

static void give_up(const char *why) {
    fprintf(stderr, "recorder: %s\n", why);
    abort();
}

static void append(enum kind kind, int file, uint64_t value, const struct iovec *parts, int part_count, size_t count) {
    struct head head = {(uint32_t)kind, file, value, count};
    struct iovec all[1 + 64];
    if (part_count > 64) give_up("too many parts");
    all[0] = (struct iovec){&head, sizeof head};
    size_t left = count;
    int used = 1;
    for (int i = 0; i < part_count && left > 0; i++, used++) {
        size_t take = parts[i].iov_len < left ? parts[i].iov_len : left;
        all[used] = (struct iovec){parts[i].iov_base, take};
        left -= take;
    }
    REAL(ssize_t, writev, int, const struct iovec *, int);
    if (left != 0 || real(log_file, all, used) != (ssize_t)(sizeof head + count)) give_up("the log cannot be written");
}

static void note(enum kind kind, int file, uint64_t value, const void *bytes, size_t count) {
    struct iovec part = {(void *)(uintptr_t)bytes, count};
    append(kind, file, value, &part, 1, count);
}

static void note_path(enum kind kind, int file, uint64_t value, const char *path) {
    note(kind, file, value, path, strlen(path));
}

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("RECORDER_LOG");
    root = getenv("RECORDER_ROOT");
    fault_path = getenv("RECORDER_FAULT");
    if (getenv("RECORDER_SLOW")) slow = atol(getenv("RECORDER_SLOW"));
    if (!path || !root) give_up("RECORDER_LOG and RECORDER_ROOT are not set");
    REAL(int, open, const char *, int, ...);
    log_file = real(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log_file < 0) give_up("the log cannot be opened");
    note(PROCESS, -1, (uint64_t)getpid(), NULL, 0);
}

static int is_below_root(const char *path) {
    size_t count = root ? strlen(root) : 0;
    return count > 0 && strncmp(path, root, count) == 0 && (path[count] == '/' || path[count] == 0);
}

static int has_fault(const char *name) {
    char text[32] = "";
    if (!fault_path) return 0;
    REAL(int, open, const char *, int, ...);
    int file = real(fault_path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t count = pread(file, text, sizeof text - 1, 0);
    static int (*real_close)(int);
    if (!real_close) *(void **)&real_close = dlsym(RTLD_NEXT, "close");
    real_close(file);
    return count > 0 && strcmp(text, name) == 0;
}

static int is_use(int file, enum use use) { return file >= 0 && file < FILES && use_of[file] == use; }
static int is_recorded(int file) { return is_use(file, FILE_BELOW_ROOT) || is_use(file, WRITE_AHEAD_LOG); }

/* ---------------------------------------------------------------------------------------------------------------------
 * Names
 * ------------------------------------------------------------------------------------------------------------------ */

static int open_any(int place, const char *path, int flags, mode_t mode) {
    REAL(int, openat, int, const char *, int, ...);
    if (!is_below_root(path)) return real(place, path, flags, mode);
    pthread_mutex_lock(&order);
    int was_there = access(path, F_OK) == 0;
    int file = real(place, path, flags, mode), error = errno;
    if (file >= 0) {
        if (file >= FILES) give_up("too many files");
        size_t count = strlen(path);
        int is_log = count > 4 && strcmp(path + count - 4, "-wal") == 0;
        use_of[file] = is_log ? WRITE_AHEAD_LOG : FILE_BELOW_ROOT;
        note_path(OPEN, file, !was_there, path);
        if (was_there && flags & O_TRUNC) note(TRUNCATE, file, 0, NULL, 0);
    }
    pthread_mutex_unlock(&order);
    errno = error;
    return file;
}

#define MODE(flags, mode)                                                                                              \
    mode_t mode = 0;                                                                                                   \
    if ((flags) & (O_CREAT | __O_TMPFILE)) {                                                                           \
        va_list arguments;                                                                                             \
        va_start(arguments, flags);                                                                                    \
        mode = va_arg(arguments, mode_t);                                                                              \
        va_end(arguments);                                                                                             \
    }

int open(const char *path, int flags, ...) { MODE(flags, mode) return open_any(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags, mode) return open_any(AT_FDCWD, path, flags, mode); }
int openat(int place, const char *path, int flags, ...) { MODE(flags, mode) return open_any(place, path, flags, mode); }
int openat64(int place, const char *path, int flags, ...) {
    MODE(flags, mode)
    return open_any(place, path, flags, mode);
}

int close(int file) {
    REAL(int, close, int);
    pthread_mutex_lock(&order);
    if (is_recorded(file)) note(CLOSE, file, 0, NULL, 0);
    if (file >= 0 && file < FILES) use_of[file] = NOTHING;
    int result = real(file), error = errno;
    pthread_mutex_unlock(&order);
    errno = error;
    return result;
}

#define ON_A_NAME(kind, path, call)                                                                                    \
    if (!is_below_root(path)) return call;                                                                             \
    pthread_mutex_lock(&order);                                                                                        \
    int result = call, error = errno;                                                                                  \
    if (result == 0) note_path(kind, -1, 0, path);                                                                     \
    pthread_mutex_unlock(&order);                                                                                      \
    errno = error;                                                                                                     \
    return result

int unlink(const char *path) {
    REAL(int, unlink, const char *);
    ON_A_NAME(UNLINK, path, real(path));
}

int unlinkat(int place, const char *path, int flags) {
    REAL(int, unlinkat, int, const char *, int);
    ON_A_NAME(flags & AT_REMOVEDIR ? RMDIR : UNLINK, path, real(place, path, flags));
}

int rmdir(const char *path) {
    REAL(int, rmdir, const char *);
    ON_A_NAME(RMDIR, path, real(path));
}

int mkdir(const char *path, mode_t mode) {
    REAL(int, mkdir, const char *, mode_t);
    ON_A_NAME(MKDIR, path, real(path, mode));
}

static int rename_any(const char *from, const char *to, int result) {
    int error = errno;
    if (result == 0) {
        struct iovec parts[2] = {{(void *)(uintptr_t)from, strlen(from) + 1}, {(void *)(uintptr_t)to, strlen(to)}};
        append(RENAME, -1, 0, parts, 2, parts[0].iov_len + parts[1].iov_len);
    }
    pthread_mutex_unlock(&order);
    errno = error;
    return result;
}

int rename(const char *from, const char *to) {
    REAL(int, rename, const char *, const char *);
    if (!is_below_root(from)) return real(from, to);
    pthread_mutex_lock(&order);
    return rename_any(from, to, real(from, to));
}

int renameat(int from_place, const char *from, int to_place, const char *to) {
    REAL(int, renameat, int, const char *, int, const char *);
    if (!is_below_root(from)) return real(from_place, from, to_place, to);
    pthread_mutex_lock(&order);
    return rename_any(from, to, real(from_place, from, to_place, to));
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Contents
 * ------------------------------------------------------------------------------------------------------------------ */

/* A disk without room takes what it has room for already. */
static int is_beyond(int file, uint64_t end) {
    struct stat status;
    return fstat(file, &status) == 0 && end > (uint64_t)status.st_size;
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
    REAL(ssize_t, pwrite64, int, const void *, size_t, off_t);
    if (!is_recorded(file)) return real(file, bytes, count, offset);
    if (is_beyond(file, (uint64_t)offset + count) && has_fault("full")) {
        errno = ENOSPC;
        return -1;
    }
    pthread_mutex_lock(&order);
    ssize_t done = real(file, bytes, count, offset);
    int error = errno;
    if (done > 0) note(WRITE, file, (uint64_t)offset, bytes, (size_t)done);
    pthread_mutex_unlock(&order);
    errno = error;
    return done;
}
ssize_t pwrite64(int file, const void *bytes, size_t count, off_t offset) { return pwrite(file, bytes, count, offset); }

ssize_t write(int file, const void *bytes, size_t count) {
    REAL(ssize_t, write, int, const void *, size_t);
    if (is_recorded(file)) {
        off_t offset = lseek(file, 0, SEEK_CUR);
        ssize_t done = pwrite(file, bytes, count, offset);
        if (done > 0) lseek(file, offset + done, SEEK_SET);
        return done;
    }
    if (is_use(file, CONNECTION)) {
        pthread_mutex_lock(&order);
        note(REPLY, file, 0, bytes, count);
        pthread_mutex_unlock(&order);
    }
    return real(file, bytes, count);
}

static int truncate_any(int file, off_t size) {
    REAL(int, ftruncate64, int, off_t);
    if (!is_recorded(file)) return real(file, size);
    pthread_mutex_lock(&order);
    int result = real(file, size), error = errno;
    if (result == 0) note(TRUNCATE, file, (uint64_t)size, NULL, 0);
    pthread_mutex_unlock(&order);
    errno = error;
    return result;
}
int ftruncate(int file, off_t size) { return truncate_any(file, size); }
int ftruncate64(int file, off_t size) { return truncate_any(file, size); }

/* What was written before a sync begins is on the disk when it ends; what is written meanwhile need not be. */
static int sync_any(int file, int (*real)(int)) {
    if (!is_recorded(file)) return real(file);
    if (has_fault("no-sync")) {
        errno = EIO;
        return -1;
    }
    if (is_use(file, WRITE_AHEAD_LOG)) {
        if (has_fault("death")) raise(SIGKILL);
        struct timespec time = {slow / 1000, slow % 1000 * 1000000};
        if (slow) nanosleep(&time, NULL);
    }
    pthread_mutex_lock(&order);
    uint64_t number = ++syncs;
    note(SYNC_BEGINS, file, number, NULL, 0);
    pthread_mutex_unlock(&order);
    int result = real(file), error = errno;
    pthread_mutex_lock(&order);
    if (result == 0) note(SYNC_ENDS, file, number, NULL, 0);
    pthread_mutex_unlock(&order);
    errno = error;
    return result;
}

int fsync(int file) {
    REAL(int, fsync, int);
    return sync_any(file, real);
}

int fdatasync(int file) {
    REAL(int, fdatasync, int);
    return sync_any(file, real);
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Connections
 * ------------------------------------------------------------------------------------------------------------------ */

int accept4(int file, struct sockaddr *address, socklen_t *length, int flags) {
    REAL(int, accept4, int, struct sockaddr *, socklen_t *, int);
    int connection = real(file, address, length, flags);
    if (connection >= 0 && connection < FILES) use_of[connection] = CONNECTION;
    return connection;
}

int accept(int file, struct sockaddr *address, socklen_t *length) {
    REAL(int, accept, int, struct sockaddr *, socklen_t *);
    int connection = real(file, address, length);
    if (connection >= 0 && connection < FILES) use_of[connection] = CONNECTION;
    return connection;
}

/* An answer is given when it is on its way. */
ssize_t writev(int file, const struct iovec *parts, int count) {
    REAL(ssize_t, writev, int, const struct iovec *, int);
    if (is_recorded(file)) give_up("writev to a file");
    if (is_use(file, CONNECTION)) {
        size_t all = 0;
        for (int i = 0; i < count; i++) all += parts[i].iov_len;
        pthread_mutex_lock(&order);
        append(REPLY, file, 0, parts, count, all);
        pthread_mutex_unlock(&order);
    }
    return real(file, parts, count);
}

static ssize_t heard(int file, const void *bytes, ssize_t count) {
    int error = errno;
    if (count > 0 && is_use(file, CONNECTION)) {
        pthread_mutex_lock(&order);
        note(REQUEST, file, 0, bytes, (size_t)count);
        pthread_mutex_unlock(&order);
    }
    errno = error;
    return count;
}

ssize_t read(int file, void *bytes, size_t count) {
    REAL(ssize_t, read, int, void *, size_t);
    return heard(file, bytes, real(file, bytes, count));
}

ssize_t recv(int file, void *bytes, size_t count, int flags) {
    REAL(ssize_t, recv, int, void *, size_t, int);
    return heard(file, bytes, real(file, bytes, count, flags));
}

/* ---------------------------------------------------------------------------------------------------------------------
 * A SQLite that is told something else
 * ------------------------------------------------------------------------------------------------------------------ */

int sqlite3_prepare_v3(void *db, const char *sql, int count, unsigned flags, void **statement, const char **tail) {
    REAL(int, sqlite3_prepare_v3, void *, const char *, int, unsigned, void **, const char **);
    const char *setting = getenv("RECORDER_SETTING"), *instead = getenv("RECORDER_INSTEAD");
    if (setting && instead && strncmp(sql, setting, strlen(setting)) == 0) {
        int result = real(db, instead, -1, flags, statement, NULL);
        if (tail) *tail = sql + strlen(sql);
        return result;
    }
    return real(db, sql, count, flags, statement, tail);
}
