#include "seam.h"
#include "platform.h"

#include <stdlib.h>
#include <string.h>

const char *const seam_paths[DIRECTORIES] = {"/gate", "/other"};
long long seam_clock;
enum defect seam_defect;

static struct disk *disk;
static struct log *journal;

/* ------------------------------------------------------------------------------------------------------------------
 * The log
 * ------------------------------------------------------------------------------------------------------------------ */

struct entry *log_add(struct log *log, int kind) {
    if (log->count == log->capacity) {
        log->capacity = 2 * log->capacity + 64;
        log->entries = realloc(log->entries, log->capacity * sizeof *log->entries);
        if (!log->entries) abort();
    }
    struct entry *entry = &log->entries[log->count++];
    memset(entry, 0, sizeof *entry);
    entry->kind = kind;
    return entry;
}

void log_free(struct log *log) {
    for (size_t i = 0; i < log->count; i++) {
        if (!log->entries[i].change) continue;
        free(log->entries[i].change->bytes);
        free(log->entries[i].change);
    }
    free(log->entries);
    memset(log, 0, sizeof *log);
}

static struct change *new_change(enum change_kind kind, int directory, int file) {
    struct change *change = calloc(1, sizeof *change);
    if (!change) abort();
    change->kind = kind;
    change->directory = directory;
    change->file = file;
    return change;
}

static void commit(struct change *change) {
    log_add(journal, CHANGED)->change = change;
    disk_do(disk, change);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Faults
 * ------------------------------------------------------------------------------------------------------------------ */

static struct {
    long number, calls;
    enum extent extent;
    struct dice chance;
    int has_failed, memory_has_failed;
    enum service call;
} fault;

void seam_fail(long number, enum extent extent, struct dice chance) {
    fault.number = extent == NEVER ? 0 : number;
    fault.calls = 0;
    fault.extent = extent;
    fault.chance = chance;
    fault.has_failed = fault.memory_has_failed = 0;
}

int seam_has_failed(void) { return fault.has_failed; }
int seam_memory_has_failed(void) { return fault.memory_has_failed; }
long seam_calls(void) { return fault.calls; }
enum service seam_failed_call(void) { return fault.call; }

/* Whether a call has to fail. `grows`: whether it needs more space on the disk. */
static int fails(enum service call, int grows) {
    fault.calls++;
    if (!fault.number || fault.calls < fault.number) return 0;
    int is_first = fault.calls == fault.number;
    if (is_first) fault.call = call;
    if (fault.extent == FULL ? !grows : fault.extent == ONCE ? !is_first : fault.extent == KIND && call != fault.call)
        return 0;
    fault.has_failed = 1;
    fault.memory_has_failed |= call == ALLOCATING;
    return 1;
}

static int chance(uint32_t sides) { return (int)roll(&fault.chance, sides); }

/* ------------------------------------------------------------------------------------------------------------------
 * Handles
 * ------------------------------------------------------------------------------------------------------------------ */

enum { HANDLES = 16, FIRST = 100 };

static struct handle {
    int is_open, is_directory, directory, file, is_temporary;
} handles[HANDLES];

static int open_handles, misuses;

/* The file whose sync RENAME_BEFORE_SYNC delays; whether NO_SYNC_AFTER_RENAME has to skip the next sync. */
static struct handle late;
static int is_renamed;

int seam_open_handles(void) { return open_handles; }
int seam_misuses(void) { return misuses; }

static struct handle *handle(int number, int is_directory) {
    static struct handle none;
    if (number < FIRST || number >= FIRST + HANDLES || !handles[number - FIRST].is_open ||
        (is_directory >= 0 && handles[number - FIRST].is_directory != is_directory)) {
        misuses++;
        none.directory = none.file = -1;
        return &none;
    }
    return &handles[number - FIRST];
}

static int new_handle(int is_directory, int directory, int file) {
    for (int i = 0; i < HANDLES; i++) {
        if (handles[i].is_open) continue;
        handles[i] = (struct handle){1, is_directory, directory, file, 0};
        open_handles++;
        return FIRST + i;
    }
    abort(); /* the library leaks them */
}

void seam_mount(struct disk *new_disk, struct log *log) {
    if (open_handles) misuses++;
    memset(handles, 0, sizeof handles);
    open_handles = 0;
    late.is_open = is_renamed = 0;
    disk = new_disk;
    journal = log;
}

/* ------------------------------------------------------------------------------------------------------------------
 * platform.h: functions without a disk
 * ------------------------------------------------------------------------------------------------------------------ */

static int is_locked;

void posoffline_platform_begin(struct posoffline_platform_call *call) { (void)call; }

void posoffline_platform_end(const struct posoffline_platform_call *call) { (void)call; }

int posoffline_platform_lock(void) {
    if (is_locked) misuses++;
    is_locked = 1;
    return 1;
}

void posoffline_platform_unlock(void) { is_locked = 0; }

void posoffline_platform_set_exit_and_fork_handlers(void (*unload)(void), void (*forked)(void)) {
    (void)unload;
    (void)forked;
}

long posoffline_platform_process(void) { return 1; }

long long posoffline_platform_now(void) { return seam_clock; }

void *posoffline_platform_allocate(unsigned long count, unsigned long size) {
    return fails(ALLOCATING, 0) ? NULL : calloc(count, size);
}

void posoffline_platform_release(void *memory) { free(memory); }

unsigned long posoffline_platform_length(const char *text, unsigned long limit) { return strnlen(text, limit); }

void posoffline_platform_wipe_stack_and_registers(void) {}

void posoffline_platform_block_signals(struct posoffline_platform_signals *held) { held->mask = 0; }

void posoffline_platform_restore_signals(const struct posoffline_platform_signals *held) { (void)held; }

const char *posoffline_platform_environment(const char *variable) {
    (void)variable;
    return NULL;
}

long posoffline_platform_read_file(const char *path, unsigned char *buffer, unsigned long capacity) {
    (void)path;
    (void)buffer;
    (void)capacity;
    return POSOFFLINE_PLATFORM_BAD_PATH;
}

/* ------------------------------------------------------------------------------------------------------------------
 * platform.h: files
 * ------------------------------------------------------------------------------------------------------------------ */

int posoffline_platform_open_and_lock_directory(const char *path) {
    int directory = 0;
    while (directory < DIRECTORIES && strcmp(path, seam_paths[directory]) != 0) directory++;
    if (directory == DIRECTORIES) return POSOFFLINE_PLATFORM_BAD_PATH;
    if (fails(TAKE, 0)) return POSOFFLINE_PLATFORM_FAULT;
    for (int i = 0; i < HANDLES; i++)
        if (handles[i].is_open && handles[i].is_directory && handles[i].directory == directory)
            return POSOFFLINE_PLATFORM_IN_USE;
    return new_handle(1, directory, -1);
}

int posoffline_platform_is_path_of(const char *path, int directory) {
    int place = handle(directory, 1)->directory;
    if (place < 0 || fails(TAKE, 0)) return POSOFFLINE_PLATFORM_FAULT;
    return strcmp(path, seam_paths[place]) == 0;
}

static void change_name(enum change_kind kind, int place, int file, const char *name) {
    struct change *change = new_change(kind, place, file);
    strncpy(change->name, name, MAX_NAME - 1);
    commit(change);
}

int posoffline_platform_open(int directory, const char *name, int create) {
    int place = handle(directory, 1)->directory;
    if (place < 0) return POSOFFLINE_PLATFORM_FAULT;
    int file = disk_find(disk, place, name);
    if (fails(OPEN, file < 0)) return POSOFFLINE_PLATFORM_FAULT;
    if (file < 0 && !create) return POSOFFLINE_PLATFORM_BAD_PATH;
    if (file < 0) change_name(CREATE, place, file = disk_next_file(disk), name);
    return new_handle(0, place, file);
}

int posoffline_platform_create(int directory, const char *name) {
    int place = handle(directory, 1)->directory;
    if (place < 0 || fails(OPEN, 1)) return POSOFFLINE_PLATFORM_FAULT;
    if (disk_find(disk, place, name) >= 0) change_name(REMOVE, place, -1, name);
    int file = disk_next_file(disk);
    change_name(CREATE, place, file, name);
    int number = new_handle(0, place, file);
    handles[number - FIRST].is_temporary = 1;
    return number;
}

long posoffline_platform_file_length(int file) {
    struct handle *at = handle(file, 0);
    return at->file < 0 ? POSOFFLINE_PLATFORM_FAULT : (long)disk_size(disk, at->file);
}

long posoffline_platform_read(int file, unsigned long offset, unsigned char *bytes, unsigned long count) {
    struct handle *from = handle(file, 0);
    if (from->file < 0 || fails(READ, 0)) return POSOFFLINE_PLATFORM_FAULT;
    return (long)disk_read(disk, from->file, offset, bytes, count);
}

static void write_some(struct handle *to, unsigned long offset, const unsigned char *bytes, unsigned long count) {
    if (count == 0) return;
    struct change *change = new_change(WRITE, to->directory, to->file);
    change->offset = offset;
    change->count = count;
    change->bytes = malloc(count);
    if (!change->bytes) abort();
    memcpy(change->bytes, bytes, count);
    commit(change);
}

int posoffline_platform_write(int file, unsigned long offset, const unsigned char *bytes, unsigned long count) {
    struct handle *to = handle(file, 0);
    if (to->file < 0) return POSOFFLINE_PLATFORM_FAULT;
    if (!fails(WRITING, offset + count > disk_size(disk, to->file))) {
        write_some(to, offset, bytes, count);
        return 0;
    }
    write_some(to, offset, bytes, (unsigned long)chance((uint32_t)count + 1));
    return POSOFFLINE_PLATFORM_FAULT;
}

/* A failing call may have had its effect. */
static int has_not_worked(enum service call) { return fails(call, 0) ? 1 + chance(2) : 0; }

int posoffline_platform_truncate(int file, unsigned long length) {
    struct handle *at = handle(file, 0);
    if (at->file < 0) return POSOFFLINE_PLATFORM_FAULT;
    int failure = has_not_worked(TRUNCATING);
    if (failure == 1) return POSOFFLINE_PLATFORM_FAULT;
    struct change *change = new_change(TRUNCATE, at->directory, at->file);
    change->offset = length;
    commit(change);
    return failure ? POSOFFLINE_PLATFORM_FAULT : 0;
}

static int sync_now(const struct handle *what) {
    int failure = fails(what->is_directory ? SYNCING_DIRECTORY : SYNCING, 0);
    struct change *change = new_change(what->is_directory ? SYNC_DIRECTORY : SYNC, what->directory, what->file);
    change->fails = failure;
    change->chance.state = failure ? (uint64_t)chance(1u << 31) : 0;
    commit(change);
    return failure && seam_defect != UNREPORTED_FAULT ? POSOFFLINE_PLATFORM_FAULT : 0;
}

static int sync_handle(int number, int is_directory) {
    struct handle *what = handle(number, is_directory);
    if (what->directory < 0) return POSOFFLINE_PLATFORM_FAULT;
    if (seam_defect == (what->is_directory ? NO_DIRECTORY_SYNC : NO_SYNC)) return 0;
    if (seam_defect == NO_SYNC_AFTER_RENAME && what->is_directory && is_renamed) return is_renamed = 0;
    if (seam_defect == RENAME_BEFORE_SYNC && what->is_temporary) {
        late = *what;
        what->is_temporary = 0;
        return 0;
    }
    return sync_now(what);
}

int posoffline_platform_sync(int file) { return sync_handle(file, 0); }

int posoffline_platform_sync_directory(int directory) { return sync_handle(directory, 1); }

/* The simulated disk has one directory, which is there from the start. */
int posoffline_platform_sync_parent(int directory) {
    (void)directory;
    return 0;
}

int posoffline_platform_rename(int directory, const char *from, const char *to) {
    int place = handle(directory, 1)->directory;
    if (place < 0) return POSOFFLINE_PLATFORM_FAULT;
    int failure = has_not_worked(RENAMING);
    if (failure == 1 || disk_find(disk, place, from) < 0) return POSOFFLINE_PLATFORM_FAULT;
    struct change *change = new_change(RENAME, place, -1);
    strncpy(change->name, from, MAX_NAME - 1);
    strncpy(change->to, to, MAX_NAME - 1);
    commit(change);
    if (late.is_open) sync_now(&late);
    late.is_open = 0;
    is_renamed = 1;
    return failure ? POSOFFLINE_PLATFORM_FAULT : 0;
}

int posoffline_platform_remove(int directory, const char *name) {
    int place = handle(directory, 1)->directory;
    if (place < 0) return POSOFFLINE_PLATFORM_FAULT;
    int failure = has_not_worked(REMOVING);
    if (failure == 1 || disk_find(disk, place, name) < 0) return POSOFFLINE_PLATFORM_FAULT;
    struct change *change = new_change(REMOVE, place, -1);
    strncpy(change->name, name, MAX_NAME - 1);
    commit(change);
    return failure ? POSOFFLINE_PLATFORM_FAULT : 0;
}

void posoffline_platform_unlock_and_close_directory(int directory) { posoffline_platform_close(directory); }

void posoffline_platform_close(int number) {
    struct handle *what = handle(number, -1);
    if (what->is_open) open_handles--;
    what->is_open = 0;
}
