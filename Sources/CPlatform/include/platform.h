/*
 * platform.h: all that the library asks of the system it runs on
 *
 * The Swift side is built for targets without a C library's headers, so this file includes none, and platform.c is
 * compiled by each target's own C compiler. Porting the library to another system is porting platform.c.
 */
#ifndef POSOFFLINE_PLATFORM_H
#define POSOFFLINE_PLATFORM_H

/*
 * A call of the library by one of its callers. Between begin and end the thread cannot be cancelled: it would leave
 * memory, descriptors and copies of keys behind. An end restores what its begin found. Asynchronous cancellation is not
 * held off: C libraries before glibc 2.41 end a thread that is inside a call to the disk all the same.
 */
struct posoffline_platform_call {
    int cancel_state;
};
void posoffline_platform_begin(struct posoffline_platform_call *call);
void posoffline_platform_end(const struct posoffline_platform_call *call);

/* The one lock of the library. It is not recursive. fork() waits for it, so that a child finds it free. No signal handler
 * runs in the thread that has it. Returns 0, and the lock is not taken, once the library has begun to leave the process. */
int posoffline_platform_lock(void);
void posoffline_platform_unlock(void);

/* Between hold and deliver no signal handler runs in this thread: the kernel stores a thread's registers in the frame of a
 * handler, and nothing overwrites that. Signals of the thread's own faults are not held. */
struct posoffline_platform_signals {
    unsigned long long mask;
};
void posoffline_platform_hold_signals(struct posoffline_platform_signals *held);
void posoffline_platform_deliver_signals(const struct posoffline_platform_signals *held);

/*
 * Has actions run under the lock: one when the library leaves the process, by the thread that has the lock then, before it
 * unlocks, and perhaps twice; one in a child right after fork(), which is to do no more than a signal handler may. Call it
 * with the lock held.
 */
void posoffline_platform_watch(void (*unload)(void), void (*forked)(void));

/* What tells this process from its parent; never 0. Call it with the lock held. It misses one case: before Linux 4.14 a
 * parent and a child that have the same number, each in a namespace of its own. */
long posoffline_platform_process(void);

/* The system's clock in Unix seconds, or -1 when it cannot be read or shows a time before 1970. */
long long posoffline_platform_now(void);

/* Zeroed memory for count items of size bytes, or NULL. */
void *posoffline_platform_allocate(unsigned long count, unsigned long size);

/* Gives back what posoffline_platform_allocate returned; NULL is allowed. */
void posoffline_platform_release(void *memory);

/* How many bytes come before the NUL of text, at most limit. No byte past the NUL or the limit is read. */
unsigned long posoffline_platform_length(const char *text, unsigned long limit);

/* Overwrites bytes in a way that the compiler keeps. */
void posoffline_platform_wipe(void *memory, unsigned long count);

/* Overwrites what the functions that the caller has called have left behind: in registers, and in 4 KiB of stack. */
void posoffline_platform_wipe_calls(void);

/* The value of an environment variable, or NULL: also when this process runs with raised privileges. */
const char *posoffline_platform_environment(const char *variable);

/* What a function below returns in place of a count or a handle. */
enum {
    POSOFFLINE_PLATFORM_FAULT = -1,  /* the system says no: the disk fails or is full */
    POSOFFLINE_PLATFORM_UNFIT = -2,  /* no such directory or regular file, or this process may not write there */
    POSOFFLINE_PLATFORM_IN_USE = -3  /* another process has the directory */
};

/* Reads a file. Returns the number of bytes, at most capacity: a longer file fills the buffer; or
 * POSOFFLINE_PLATFORM_UNFIT. */
long posoffline_platform_read_file(const char *path, unsigned char *buffer, unsigned long capacity);

/*
 * Files that outlive the power. All return 0 or what is said, or one of the values above.
 *
 * What was written is on the disk once a sync of the file has succeeded; a file that was made or renamed is found after
 * a power cut once a sync of its directory has succeeded.
 */

/* Opens a directory and locks it: nobody else can before it is given back, in this process or another. Returns a
 * handle. */
int posoffline_platform_take_directory(const char *path);

/* Whether a path leads to a directory that is open: 1 or 0, or one of the values above. */
int posoffline_platform_leads_to(const char *path, int directory);

/* Unlocks a directory and closes it, also where a child still has a copy of the handle. */
void posoffline_platform_give_directory(int directory);

/* Opens a regular file in a directory to read and write it; if asked for, makes it where it is not there. Returns a handle,
 * or POSOFFLINE_PLATFORM_UNFIT when the name is that of anything else, or of nothing. */
int posoffline_platform_open(int directory, const char *name, int create);

/* Makes an empty file in a directory, in the place of what has the name. Returns a handle, or POSOFFLINE_PLATFORM_UNFIT
 * when that cannot be removed. */
int posoffline_platform_make(int directory, const char *name);

/* How many bytes a file has. */
long posoffline_platform_file_length(int file);

/* Reads from an offset. Returns the number of bytes, less than count only at the file's end. */
long posoffline_platform_read(int file, unsigned long offset, unsigned char *bytes, unsigned long count);

/* Writes all of the bytes at an offset. When it fails, any of them may have been written. */
int posoffline_platform_write(int file, unsigned long offset, const unsigned char *bytes, unsigned long count);

int posoffline_platform_truncate(int file, unsigned long length);

/* Waits until a file is on the disk. */
int posoffline_platform_sync(int file);

/* Waits until the names in a directory are on the disk. */
int posoffline_platform_sync_directory(int directory);

/* Waits until the names in the directory above are on the disk, where that is on the same file system and this process may
 * open it. */
int posoffline_platform_sync_parent(int directory);

/* Renames a file in a directory, over the one that had the name before. */
int posoffline_platform_rename(int directory, const char *from, const char *to);

int posoffline_platform_remove(int directory, const char *name);

/* Closes a file or a directory in this process alone. */
void posoffline_platform_close(int handle);

#endif
