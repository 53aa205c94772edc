#include "simulated-disk.h"

#include <stdlib.h>
#include <string.h>

enum { SECTOR = 512, MAX_SECTORS = 2048, MAX_NAMES = 8 };

uint32_t roll(struct dice *dice, uint32_t sides) {
    uint64_t z = dice->state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return (uint32_t)(((z ^ z >> 31) >> 32) * sides >> 32);
}

struct bytes {
    unsigned char *at;
    size_t count, capacity;
};

/* The changes of a file since its last sync, and its size after each. */
struct pending {
    const struct change *change;
    size_t size;
};

struct file {
    struct bytes seen, kept; /* what a read returns; what is safe without power */
    struct pending *pending;
    size_t pending_count, pending_room;
};

struct names {
    int count;
    struct name {
        int directory, file;
        char name[MAX_NAME];
    } at[MAX_NAMES];
};

struct disk {
    struct file *files;
    int file_count;
    struct names seen, kept;
    int is_hurt;
    /* The changes of a directory since its last sync. After a failed sync the system treats it as clean until it
     * changes again: is_dirty. */
    struct {
        const struct change *pending[256];
        int count, is_dirty;
    } directories[DIRECTORIES];
};

static void *need(void *memory) {
    if (!memory) abort();
    return memory;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Bytes
 * ------------------------------------------------------------------------------------------------------------------ */

static void resize(struct bytes *bytes, size_t count) {
    if (count > bytes->capacity) bytes->at = need(realloc(bytes->at, bytes->capacity = 2 * count + SECTOR));
    if (count > bytes->count) memset(bytes->at + bytes->count, 0, count - bytes->count);
    bytes->count = count;
}

static void copy_bytes(struct bytes *to, const struct bytes *from) {
    resize(to, from->count);
    if (from->count) memcpy(to->at, from->at, from->count);
}

static size_t end_of(const struct change *change) { return change->offset + change->count; }

/* A WRITE or a TRUNCATE, up to the allocated bytes: the caller grows the file if it has to grow. */
static void alter(struct bytes *bytes, const struct change *change, size_t from, size_t to) {
    if (from < change->offset) from = change->offset;
    if (to > bytes->count) to = bytes->count;
    if (change->kind == WRITE && to > end_of(change)) to = end_of(change);
    if (from >= to) return;
    if (change->kind == WRITE) memcpy(bytes->at + from, change->bytes + (from - change->offset), to - from);
    else memset(bytes->at + from, 0, to - from);
}

static void alter_all(struct bytes *bytes, const struct change *change) {
    if (change->kind == TRUNCATE) resize(bytes, change->offset);
    else if (end_of(change) > bytes->count) resize(bytes, end_of(change));
    alter(bytes, change, 0, SIZE_MAX);
}

/* ------------------------------------------------------------------------------------------------------------------
 * The contents of a file after a power cut
 * ------------------------------------------------------------------------------------------------------------------ */

/* The contents of blocks that were allocated and not written: zeros, noise, or another file's data. */
static void fill(const struct disk *disk, struct bytes *bytes, size_t from, struct dice *dice) {
    uint32_t kind = roll(dice, 4);
    while (from < bytes->count && kind > 1) {
        size_t end = (from / SECTOR + 1) * SECTOR;
        const struct file *other = &disk->files[roll(dice, (uint32_t)disk->file_count)];
        size_t sectors = other->seen.count / SECTOR;
        size_t offset = sectors ? roll(dice, (uint32_t)sectors) * SECTOR : 0;
        for (; from < end && from < bytes->count; from++)
            bytes->at[from] =
                kind == 2 || !sectors ? (unsigned char)roll(dice, 256) : other->seen.at[offset + from % SECTOR];
    }
}

/* Each sector gets a random number of its changes. */
static void alter_sectors(struct bytes *bytes, const struct file *file, int in_order, struct dice *dice) {
    static uint16_t stop[MAX_SECTORS];
    size_t sectors = (bytes->count + SECTOR - 1) / SECTOR;
    uint32_t choices = (uint32_t)file->pending_count + 1, all = roll(dice, choices);
    if (sectors > MAX_SECTORS) abort();
    for (size_t i = 0; i < sectors; i++) stop[i] = (uint16_t)(in_order ? all : roll(dice, choices));
    for (size_t i = 0; i < file->pending_count; i++) {
        const struct change *change = file->pending[i].change;
        size_t end = change->kind == WRITE ? end_of(change) : bytes->count;
        for (size_t at = change->offset / SECTOR; at * SECTOR < end && at < sectors; at++)
            if (i < stop[at]) alter(bytes, change, at * SECTOR, (at + 1) * SECTOR);
    }
}

/* A sector that was being written is torn: part old, part new. */
static void tear(struct bytes *bytes, const struct bytes *other, struct dice *dice) {
    for (size_t start = 0; start < bytes->count; start += SECTOR) {
        size_t end = start + SECTOR < bytes->count ? start + SECTOR : bytes->count, first = start, last = end;
        if (memcmp(bytes->at + start, other->at + start, end - start) == 0) continue;
        while (bytes->at[first] == other->at[first]) first++;
        while (bytes->at[last - 1] == other->at[last - 1]) last--;
        uint32_t kind = roll(dice, 4);
        size_t border = first + roll(dice, (uint32_t)(last - first) + 1);
        for (size_t i = first; i < last; i++)
            if (kind == 0 ? roll(dice, 2) : kind == 1 ? i < border : kind == 2 ? i >= border : 0)
                bytes->at[i] = other->at[i];
    }
}

static size_t any_size(const struct file *file, struct dice *dice) {
    size_t least = file->kept.count, most = least;
    for (size_t i = 0; i < file->pending_count; i++) {
        if (file->pending[i].size < least) least = file->pending[i].size;
        if (file->pending[i].size > most) most = file->pending[i].size;
    }
    uint32_t kind = roll(dice, 3);
    if (kind == 0) return least + roll(dice, (uint32_t)(most - least) + 1);
    size_t at = roll(dice, (uint32_t)file->pending_count + 1);
    return at == 0 ? file->kept.count : file->pending[at - 1].size;
}

static struct bytes settled(const struct disk *disk, const struct file *file, enum survival how, struct dice *dice) {
    struct bytes bytes = {0}, other = {0};
    copy_bytes(&bytes, &file->kept);
    if (how == NOTHING || file->pending_count == 0) return bytes;
    if (how == ALL) {
        for (size_t i = 0; i < file->pending_count; i++) alter_all(&bytes, file->pending[i].change);
        return bytes;
    }
    size_t longest = bytes.count;
    for (size_t i = 0; i < file->pending_count; i++)
        if (file->pending[i].size > longest) longest = file->pending[i].size;
    size_t size = any_size(file, dice);
    resize(&bytes, longest);
    fill(disk, &bytes, file->kept.count, dice);
    uint32_t style = roll(dice, 3);
    if (style == 2) copy_bytes(&other, &bytes);
    alter_sectors(&bytes, file, style == 0, dice);
    if (style == 2) {
        alter_sectors(&other, file, 0, dice);
        tear(&bytes, &other, dice);
    }
    free(other.at);
    resize(&bytes, size);
    return bytes;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Names
 * ------------------------------------------------------------------------------------------------------------------ */

static struct name *find(struct names *names, int directory, const char *name) {
    for (int i = 0; i < names->count; i++)
        if (names->at[i].directory == directory && strcmp(names->at[i].name, name) == 0) return &names->at[i];
    return NULL;
}

static void drop(struct names *names, struct name *name) {
    if (name) *name = names->at[--names->count];
}

static void set_name(struct names *names, int directory, const char *name, int file) {
    drop(names, find(names, directory, name));
    if (names->count == MAX_NAMES) abort();
    struct name *new = &names->at[names->count++];
    new->directory = directory;
    new->file = file;
    strcpy(new->name, name);
}

static void change_names(struct names *names, const struct change *change) {
    struct name *name = find(names, change->directory, change->name);
    int file = name ? name->file : change->file;
    if (change->kind != CREATE) drop(names, name);
    if (change->kind == CREATE) set_name(names, change->directory, change->name, file);
    if (change->kind == RENAME) set_name(names, change->directory, change->to, file);
}

/* How many of a directory's changes are on the disk. */
static int settled_count(const struct disk *disk, int directory, enum survival how, struct dice *dice) {
    int count = disk->directories[directory].is_dirty ? disk->directories[directory].count : 0;
    return how == NOTHING ? 0 : how == ALL ? count : (int)roll(dice, (uint32_t)count + 1);
}

static void settle_names(struct disk *disk, int directory, int count) {
    const struct change **pending = disk->directories[directory].pending;
    for (int i = 0; i < count; i++) change_names(&disk->kept, pending[i]);
    disk->directories[directory].count -= count;
    memmove(pending, pending + count, (size_t)disk->directories[directory].count * sizeof *pending);
}

/* ------------------------------------------------------------------------------------------------------------------
 * The disk
 * ------------------------------------------------------------------------------------------------------------------ */

struct disk *disk_new(void) { return need(calloc(1, sizeof(struct disk))); }

static struct file *add_file(struct disk *disk) {
    disk->files = need(realloc(disk->files, (size_t)(disk->file_count + 1) * sizeof *disk->files));
    struct file *file = &disk->files[disk->file_count++];
    memset(file, 0, sizeof *file);
    return file;
}

static void add_pending(struct file *file, const struct change *change) {
    if (file->pending_count == file->pending_room) {
        file->pending_room = 2 * file->pending_room + 4;
        file->pending = need(realloc(file->pending, file->pending_room * sizeof *file->pending));
    }
    file->pending[file->pending_count++] = (struct pending){change, file->seen.count};
}

struct disk *disk_copy(const struct disk *disk) {
    struct disk *copy = disk_new();
    *copy = *disk;
    copy->files = NULL;
    copy->file_count = 0;
    for (int i = 0; i < disk->file_count; i++) {
        const struct file *from = &disk->files[i];
        struct file *to = add_file(copy);
        copy_bytes(&to->seen, &from->seen);
        copy_bytes(&to->kept, &from->kept);
        for (size_t j = 0; j < from->pending_count; j++) {
            add_pending(to, from->pending[j].change);
            to->pending[j].size = from->pending[j].size;
        }
    }
    return copy;
}

void disk_free(struct disk *disk) {
    for (int i = 0; i < disk->file_count; i++) {
        free(disk->files[i].seen.at);
        free(disk->files[i].kept.at);
        free(disk->files[i].pending);
    }
    free(disk->files);
    free(disk);
}

/* A sector whose write failed may hold anything, also where it held synced data before. */
static void destroy(struct disk *disk, struct file *file, size_t safe, struct dice *dice) {
    size_t at = file->pending[roll(dice, (uint32_t)file->pending_count)].change->offset / SECTOR * SECTOR;
    for (size_t i = at; i < at + SECTOR && i < file->kept.count; i++) file->kept.at[i] = (unsigned char)roll(dice, 256);
    if (at < safe) disk->is_hurt = 1;
}

static void sync_file(struct disk *disk, struct file *file, const struct change *change) {
    if (!change->fails) {
        for (size_t i = 0; i < file->pending_count; i++) alter_all(&file->kept, file->pending[i].change);
        resize(&file->kept, file->seen.count);
    } else {
        /* The failed write is not repeated. A read may or may not return its data. */
        struct dice dice = change->chance;
        struct bytes bytes = settled(disk, file, ANY, &dice);
        size_t safe = file->kept.count;
        free(file->kept.at);
        file->kept = bytes;
        if (file->pending_count && roll(&dice, 3) == 0) destroy(disk, file, safe, &dice);
        if (roll(&dice, 2)) {
            size_t size = file->seen.count;
            copy_bytes(&file->seen, &file->kept);
            resize(&file->seen, size);
        }
    }
    file->pending_count = 0;
}

static void sync_directory(struct disk *disk, const struct change *change) {
    struct dice dice = change->chance;
    int directory = change->directory;
    settle_names(disk, directory, settled_count(disk, directory, change->fails ? ANY : ALL, &dice));
    disk->directories[directory].is_dirty = change->fails && roll(&dice, 2);
}

void disk_do(struct disk *disk, const struct change *change) {
    struct file *file = NULL;
    if (change->kind == CREATE) file = add_file(disk);
    else if (change->file >= 0 && change->file < disk->file_count) file = &disk->files[change->file];
    switch (change->kind) {
    case CREATE:
    case RENAME:
    case REMOVE:
        change_names(&disk->seen, change);
        if (disk->directories[change->directory].count == 256) abort();
        disk->directories[change->directory].pending[disk->directories[change->directory].count++] = change;
        disk->directories[change->directory].is_dirty = 1;
        break;
    case WRITE:
    case TRUNCATE:
        alter_all(&file->seen, change);
        add_pending(file, change);
        break;
    case SYNC: sync_file(disk, file, change); break;
    default: sync_directory(disk, change); break;
    }
}

int disk_find(const struct disk *disk, int directory, const char *name) {
    struct name *found = find((struct names *)&disk->seen, directory, name);
    return found ? found->file : -1;
}

int disk_next_file(const struct disk *disk) { return disk->file_count; }

size_t disk_size(const struct disk *disk, int file) { return disk->files[file].seen.count; }

size_t disk_read(const struct disk *disk, int file, size_t offset, void *bytes, size_t count) {
    const struct bytes *seen = &disk->files[file].seen;
    if (offset >= seen->count) return 0;
    if (count > seen->count - offset) count = seen->count - offset;
    memcpy(bytes, seen->at + offset, count);
    return count;
}

const char *disk_name(const struct disk *disk, int file) {
    for (int i = 0; i < disk->seen.count; i++)
        if (disk->seen.at[i].file == file) return disk->seen.at[i].name;
    return NULL;
}

int disk_is_hurt(const struct disk *disk) { return disk->is_hurt; }
void disk_is_helped(struct disk *disk) { disk->is_hurt = 0; }

void disk_damage(struct disk *disk, int file, size_t offset, const void *bytes, size_t count) {
    memcpy(disk->files[file].seen.at + offset, bytes, count);
    memcpy(disk->files[file].kept.at + offset, bytes, count);
}

struct disk *disk_after_cut(const struct disk *disk, enum survival names, enum survival contents, struct dice *dice) {
    struct disk *after = disk_new();
    after->kept = disk->kept;
    for (int i = 0; i < DIRECTORIES; i++) {
        int count = settled_count(disk, i, names, dice);
        for (int j = 0; j < count; j++) change_names(&after->kept, disk->directories[i].pending[j]);
    }
    for (int i = 0; i < after->kept.count; i++) {
        struct file *file = add_file(after);
        file->kept = settled(disk, &disk->files[after->kept.at[i].file], contents, dice);
        copy_bytes(&file->seen, &file->kept);
        after->kept.at[i].file = i;
    }
    after->seen = after->kept;
    return after;
}
