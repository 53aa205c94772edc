/* simulated-disk.h: a disk in memory that may lose its power at any moment. It keeps what POSIX guarantees, and nothing
 * more (docs/testing.md, "Power cuts"). */
#ifndef SIMULATED_DISK_H
#define SIMULATED_DISK_H

#include <stddef.h>
#include <stdint.h>

/* A random number generator: the same state gives the same numbers. */
struct dice {
    uint64_t state;
};

/* From 0 to sides - 1. */
uint32_t roll(struct dice *dice, uint32_t sides);

enum { DIRECTORIES = 2, MAX_NAME = 24 };

enum change_kind { CREATE, WRITE, TRUNCATE, SYNC, RENAME, REMOVE, SYNC_DIRECTORY, CHANGE_KINDS };

/* One change of the disk. Files are numbered in the order of their creation. */
struct change {
    enum change_kind kind;
    int directory, file;
    char name[MAX_NAME], to[MAX_NAME];
    size_t offset, count;
    unsigned char *bytes; /* of a WRITE */
    int fails;            /* a failing sync: `chance` decides what is written; the disk then treats all as written */
    struct dice chance;
};

struct disk;

struct disk *disk_new(void);
struct disk *disk_copy(const struct disk *disk);
void disk_free(struct disk *disk);

/* Does a change. The disk keeps a pointer to it until the disk is freed. */
void disk_do(struct disk *disk, const struct change *change);

/* The file with a name, or -1; the number of the next new file; a file's size; a file's bytes from an offset on, as a
 * read returns them now. */
int disk_find(const struct disk *disk, int directory, const char *name);
int disk_next_file(const struct disk *disk);
size_t disk_size(const struct disk *disk, int file);
size_t disk_read(const struct disk *disk, int file, size_t offset, void *bytes, size_t count);
/* The current name of a file, or NULL. */
const char *disk_name(const struct disk *disk, int file);

/* Whether a failed sync has destroyed synced data: no library can prevent that loss if the power is cut now. The
 * library must have repaired it before its next SUCCESS, after which the test calls disk_is_helped. */
int disk_is_hurt(const struct disk *disk);
void disk_is_helped(struct disk *disk);

/* Corrupts bytes. */
void disk_damage(struct disk *disk, int file, size_t offset, const void *bytes, size_t count);

/* How many of the unsynced changes survive a power cut: of the directories, and of the files. */
enum survival { NOTHING, ALL, ANY };

/* The disk after a power cut. */
struct disk *disk_after_cut(const struct disk *disk, enum survival names, enum survival contents, struct dice *dice);

#endif
