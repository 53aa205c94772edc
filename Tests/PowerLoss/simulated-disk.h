/* disk.h: a disk in memory that may lose its power at any moment. It holds to what its callers were promised, and to
 * nothing more (docs/testing.md, "Power cuts"). */
#ifndef DISK_H
#define DISK_H

#include <stddef.h>
#include <stdint.h>

/* Chance that can be had again: the same state gives the same throws. */
struct dice {
    uint64_t state;
};

/* From 0 to sides - 1. */
uint32_t roll(struct dice *dice, uint32_t sides);

enum { DIRECTORIES = 2, MAX_NAME = 24 };

enum change_kind { CREATE, WRITE, TRUNCATE, SYNC, RENAME, REMOVE, SYNC_DIRECTORY, CHANGE_KINDS };

/* One step that the disk was asked for. Files are numbered in the order of their creation. */
struct change {
    enum change_kind kind;
    int directory, file;
    char name[MAX_NAME], to[MAX_NAME];
    size_t offset, count;
    unsigned char *bytes; /* of a WRITE */
    int fails;            /* a sync that fails: the disk has what `chance` says, and takes all for written */
    struct dice chance;
};

struct disk;

struct disk *disk_new(void);
struct disk *disk_copy(const struct disk *disk);
void disk_free(struct disk *disk);

/* Does a change. The disk keeps a pointer to it until the disk is freed. */
void disk_do(struct disk *disk, const struct change *change);

/* The file that has a name, or -1; the number that the next new file will have; a file's size; a file's bytes from an
 * offset on, as whoever reads now sees them. */
int disk_find(const struct disk *disk, int directory, const char *name);
int disk_next_file(const struct disk *disk);
size_t disk_size(const struct disk *disk, int file);
size_t disk_read(const struct disk *disk, int file, size_t offset, void *bytes, size_t count);
/* The name that a file has now, or NULL. */
const char *disk_name(const struct disk *disk, int file);

/* Whether a sync that failed has destroyed what was safe before: no library can help it if the power goes now. From its
 * next promise on it must have helped itself, which disk_is_helped says. */
int disk_is_hurt(const struct disk *disk);
void disk_is_helped(struct disk *disk);

/* Changes bytes behind everybody's back. */
void disk_damage(struct disk *disk, int file, size_t offset, const void *bytes, size_t count);

/* How much of what no sync has settled outlives a power cut: of the directories, and of the files. */
enum survival { NOTHING, ALL, ANY };

/* The disk as it is found when the power is back. */
struct disk *disk_after_cut(const struct disk *disk, enum survival names, enum survival contents, struct dice *dice);

#endif
