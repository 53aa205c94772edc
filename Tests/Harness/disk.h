/* disk.h: counts the library's calls to the disk and makes them fail (disk.c) */
#ifndef DISK_H
#define DISK_H

struct disk_counts {
    long opens, reads, writes, bytes, syncs, renames;
};

/* The calls since the last disk_counts(). */
struct disk_counts disk_counts(void);

enum {
    DISK_OPEN = 1,
    DISK_LOCK = 2,
    DISK_READ = 4,
    DISK_WRITE = 8,
    DISK_TRUNCATE = 16,
    DISK_RENAME = 32,
    DISK_SYNC = 64,
    DISK_ALL = 127,
    DISK_REMOVE = 128
};

/* The call with this number from now, beginning at 1, of those that the mask `call` names, fails with an error. With
 * `and_later` all later ones fail too. */
void fail_disk(int call, long number, int and_later, int error);
/* All calls succeed again. Returns how many calls the mask named since fail_disk. */
long restore_disk(void);

/* Each sync takes this long from now on; it is a cancellation point. */
void slow_disk(unsigned microseconds);
/* Called in the next sync, in the thread that calls it. */
void at_sync(void (*action)(void));

#endif
