/*
 * platform.h: all that the library asks of the system it runs on
 *
 * The Swift side is built for targets without a C library's headers, so this file includes none, and platform.c is
 * compiled by each target's own C compiler. Porting the library to another system is porting platform.c.
 */
#ifndef POSOFFLINE_PLATFORM_H
#define POSOFFLINE_PLATFORM_H

/* The one lock of the library. It is not recursive. fork() waits for it, so that a child finds it free. */
void posoffline_platform_lock(void);
void posoffline_platform_unlock(void);

/* Has an action run under the lock when the library leaves the process. Call it with the lock held. */
void posoffline_platform_at_unload(void (*action)(void));

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

enum {
    POSOFFLINE_PLATFORM_UNSET = -1,
    POSOFFLINE_PLATFORM_UNREADABLE = -2
};

/*
 * Reads the file that an environment variable names.
 *
 * Returns the number of bytes read, at most capacity: a longer file fills the buffer.
 *         POSOFFLINE_PLATFORM_UNSET       the variable is not set, or this process runs with raised privileges
 *         POSOFFLINE_PLATFORM_UNREADABLE  it is set, and the file cannot be read
 */
long posoffline_platform_read_named_file(const char *variable, unsigned char *buffer, unsigned long capacity);

#endif
