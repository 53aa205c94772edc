/*
 * platform.h: the library's interface to the operating system
 *
 * The Swift side is built for targets without a C library's headers, so this file includes none. Each target's own C
 * compiler compiles platform.c. To port the library to another system, port platform.c.
 */
#ifndef POSOFFLINE_PLATFORM_H
#define POSOFFLINE_PLATFORM_H

/*
 * Begin and end of a call into the library. Between them the thread cannot be cancelled: a cancelled thread would leak
 * memory, descriptors and copies of keys. End restores the state that begin found. Asynchronous cancellation is not
 * prevented: C libraries before glibc 2.41 end a thread inside a system call all the same.
 */
struct posoffline_platform_call {
    int cancel_state;
};
void posoffline_platform_begin(struct posoffline_platform_call *call);
void posoffline_platform_end(const struct posoffline_platform_call *call);

/* The library's only lock. Not recursive. fork() waits for it, so that it is free in a child. Signals are blocked in the
 * thread that holds it. Returns 1; or 0 without the lock once the library has begun to leave the process. */
int posoffline_platform_lock(void);
void posoffline_platform_unlock(void);

/* Block and restore the signals of this thread: the kernel saves a thread's registers in the frame of a signal handler, and
 * nothing overwrites that frame. The signals of the thread's own faults are not blocked. */
struct posoffline_platform_signals {
    unsigned long long mask;
};
void posoffline_platform_block_signals(struct posoffline_platform_signals *held);
void posoffline_platform_restore_signals(const struct posoffline_platform_signals *held);

/*
 * Sets two handlers that run under the lock. The exit handler runs when the library leaves the process, in the thread that
 * holds the lock then, before it unlocks; it may run twice. The fork handler runs in a child right after fork() and must be
 * async-signal-safe. Call this with the lock held.
 */
void posoffline_platform_set_exit_and_fork_handlers(void (*at_exit)(void), void (*in_child)(void));

/* A number that differs between this process and its parent; never 0. Call it with the lock held. One case is missed: before
 * Linux 4.14, a parent and a child with the same process number in different pid namespaces. */
long posoffline_platform_process(void);

/* The system's clock in Unix seconds, or -1 when it cannot be read or shows a time before 1970. */
long long posoffline_platform_now(void);

/* Zeroed memory for count items of size bytes, or NULL. */
void *posoffline_platform_allocate(unsigned long count, unsigned long size);

/* Frees memory of posoffline_platform_allocate; NULL is allowed. */
void posoffline_platform_release(void *memory);

/* The number of bytes before the NUL of text, at most limit. Reads no byte past the NUL or the limit. */
unsigned long posoffline_platform_length(const char *text, unsigned long limit);

/* Clears the call-clobbered registers and 4 KiB of dead stack. */
void posoffline_platform_wipe_stack_and_registers(void);

/* The value of an environment variable; NULL when it is not set or this process runs with raised privileges. */
const char *posoffline_platform_environment(const char *variable);

/* Errors that the functions below return in place of a count or a descriptor. */
enum {
    POSOFFLINE_PLATFORM_FAULT = -1,    /* the system refuses: the disk fails or is full */
    POSOFFLINE_PLATFORM_BAD_PATH = -2, /* not a directory or regular file, or not writable for this process */
    POSOFFLINE_PLATFORM_IN_USE = -3    /* another process has locked the directory */
};

/* Reads a file. Returns the number of bytes, at most capacity, which a longer file fills; or
 * POSOFFLINE_PLATFORM_BAD_PATH. */
long posoffline_platform_read_file(const char *path, unsigned char *buffer, unsigned long capacity);

/*
 * Durable files. The functions return one of the errors above on failure, and 0 on success unless their comment says
 * otherwise.
 *
 * Written bytes are on the disk once a sync of the file has succeeded. A new or renamed file is found after a power cut
 * once a sync of its directory has succeeded.
 */

/* Opens a directory and locks it against this process and others. Returns a descriptor. */
int posoffline_platform_open_and_lock_directory(const char *path);

/* Whether a path leads to an open directory: 1 or 0, or one of the errors above. */
int posoffline_platform_is_path_of(const char *path, int directory);

/* Unlocks a directory, even if a child still has a copy of the descriptor, and closes it. */
void posoffline_platform_unlock_and_close_directory(int directory);

/* Opens a regular file in a directory to read and write it; creates it if asked to. Returns a descriptor, or
 * POSOFFLINE_PLATFORM_BAD_PATH when the name does not exist or is not a regular file. */
int posoffline_platform_open(int directory, const char *name, int create);

/* Creates an empty file in a directory. First removes an existing file with this name. Returns a descriptor, or
 * POSOFFLINE_PLATFORM_BAD_PATH when the existing file cannot be removed. */
int posoffline_platform_create(int directory, const char *name);

/* The size of a file in bytes. */
long posoffline_platform_file_length(int file);

/* Reads from an offset. Returns the number of bytes, which is less than count only at the end of the file. */
long posoffline_platform_read(int file, unsigned long offset, unsigned char *bytes, unsigned long count);

/* Writes all bytes at an offset. After a failure, any of them may have been written. */
int posoffline_platform_write(int file, unsigned long offset, const unsigned char *bytes, unsigned long count);

int posoffline_platform_truncate(int file, unsigned long length);

/* Syncs a file to the disk. */
int posoffline_platform_sync(int file);

/* Syncs the names in a directory to the disk. */
int posoffline_platform_sync_directory(int directory);

/* Syncs the names in the parent directory to the disk, if that is on the same file system and this process may open it. */
int posoffline_platform_sync_parent(int directory);

/* Renames a file in a directory and replaces a file with the new name. */
int posoffline_platform_rename(int directory, const char *from, const char *to);

int posoffline_platform_remove(int directory, const char *name);

/* Closes a file or a directory in this process alone. */
void posoffline_platform_close(int descriptor);

#endif
