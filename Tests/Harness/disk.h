/* disk.h: the disk that the library sees (disk.c) */
#ifndef DISK_H
#define DISK_H

struct disk_counts {
    long opens, reads, writes, bytes, syncs, renames;
};

/* What was asked of the disk since the last call. */
struct disk_counts disk_counts(void);

enum {
    DISK_OPEN = 1, DISK_LOCK = 2, DISK_READ = 4, DISK_WRITE = 8, DISK_TRUNCATE = 16, DISK_RENAME = 32, DISK_SYNC = 64,
    DISK_ALL = 127, DISK_REMOVE = 128
};

/* Of the calls that `call` names, the one with this number from now fails with an error, beginning at 1; so do all later
 * ones if asked for. */
void fail_disk(int call, long number, int and_later, int error);
/* All succeed again. Returns how many such calls there were. */
long restore_disk(void);

/* Each sync takes this long from now on. A thread can be cancelled meanwhile. */
void slow_disk(unsigned microseconds);
/* Called at the next sync, in the thread that waits for it. */
void at_sync(void (*action)(void));

#endif
