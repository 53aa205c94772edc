/* seam.h: the library's platform.h over a disk of disk.h, which writes down what is done to it and fails when asked. */
#ifndef SEAM_H
#define SEAM_H

#include "simulated-disk.h"

/* What happened, in order: changes of the disk, and what the tests put in between. */
struct entry {
    enum { CHANGED, CLOCK_SET, STARTED, MOVED, BEGUN, ENDED } kind;
    struct change *change;
    long long value;         /* CLOCK_SET: the time; STARTED, MOVED, ENDED: the result */
    uint32_t generated;      /* BEGUN, ENDED: which code */
    int window, directory;
};

struct log {
    struct entry *entries;
    size_t count, capacity;
};

struct entry *log_add(struct log *log, int kind);
void log_free(struct log *log);

/* The directories' paths. */
extern const char *const seam_paths[DIRECTORIES];

/* From now on the library works on this disk, and what it does goes into this log. Nothing may be open. */
void seam_mount(struct disk *disk, struct log *log);

/* How many files and directories are open; how often the library did what it must not, such as write to what it has
 * closed. */
int seam_open_handles(void);
int seam_misuses(void);

/* What the library is told that the time is. */
extern long long seam_clock;

/* The calls that may fail: all that is done to a disk, and allocations. */
enum service {
    TAKE, OPEN, READ, WRITING, TRUNCATING, SYNCING, SYNCING_DIRECTORY, RENAMING, REMOVING, ALLOCATING, SERVICES
};

enum extent {
    NEVER,
    ONCE,       /* one call fails */
    KIND,       /* and all later ones of its kind */
    EVERYTHING, /* and all later ones */
    FULL,       /* from then on the disk is full: no file grows, and none is made */
    EXTENTS
};

/* The call with this number from now, beginning at 1, fails to an extent; details are up to chance. */
void seam_fail(long number, enum extent extent, struct dice chance);
/* Whether one has failed since; whether an allocation has; how many calls there were; and which one failed first. */
int seam_has_failed(void);
int seam_memory_has_failed(void);
long seam_calls(void);
enum service seam_failed_call(void);

/* Ways in which the seam does less than the library asks for: the tests must notice. */
enum defect { NO_DEFECT, NO_SYNC, NO_DIRECTORY_SYNC, NO_SYNC_AFTER_RENAME, RENAME_BEFORE_SYNC, UNREPORTED_FAULT };
extern enum defect seam_defect;

#endif
