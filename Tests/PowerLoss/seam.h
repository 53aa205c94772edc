/* seam.h: implements the library's platform.h on a simulated disk. Logs every change, and injects faults (seam.c). */
#ifndef SEAM_H
#define SEAM_H

#include "simulated-disk.h"

/* The log: changes of the disk, and the tests' own actions, in order. */
struct entry {
    enum { CHANGED, CLOCK_SET, STARTED, MOVED, BEGUN, ENDED } kind;
    struct change *change;
    long long value;    /* CLOCK_SET: the time; STARTED, MOVED, ENDED: the result */
    uint32_t generated; /* BEGUN, ENDED: which code */
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

/* From now on the library works on this disk and is logged in this log. The library must have nothing open. */
void seam_mount(struct disk *disk, struct log *log);

/* Open files and directories; how often the library misused the platform, for example wrote to a closed file. */
int seam_open_handles(void);
int seam_misuses(void);

/* The library's clock. */
extern long long seam_clock;

/* The calls that may fail: calls to the disk, and allocations. */
enum service {
    TAKE,
    OPEN,
    READ,
    WRITING,
    TRUNCATING,
    SYNCING,
    SYNCING_DIRECTORY,
    RENAMING,
    REMOVING,
    ALLOCATING,
    SERVICES
};

enum extent {
    NEVER,
    ONCE,       /* one call fails */
    KIND,       /* and all later ones of its kind */
    EVERYTHING, /* and all later ones */
    FULL,       /* the disk is full from then on: no file grows, and none is created */
    EXTENTS
};

/* The call with this number from now, beginning at 1, fails to an extent; details are random. */
void seam_fail(long number, enum extent extent, struct dice chance);
/* Whether a call has failed since; whether an allocation has; the number of calls; the call that failed first. */
int seam_has_failed(void);
int seam_memory_has_failed(void);
long seam_calls(void);
enum service seam_failed_call(void);

/* Defects of the disk: the seam does less than the library asks for. The tests must detect each. */
enum defect { NO_DEFECT, NO_SYNC, NO_DIRECTORY_SYNC, NO_SYNC_AFTER_RENAME, RENAME_BEFORE_SYNC, UNREPORTED_FAULT };
extern enum defect seam_defect;

#endif
