#include "session.h"
#include "codes.h"
#include "fixtures.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEYS "[{\"key_id\":1,\"public_key\":\"" ISSUER_1 "\"}]"

static struct session *session_now;
static int failure_count;
int library_directory = -1;

int is_hopeless(void) { return failure_count >= 3; }

static void tell_entry(const struct entry *entry, uint32_t clock) {
    static const char *const kinds[] = {"create", "write", "truncate", "sync", "rename", "remove", "sync directory"};
    const struct change *change = entry->change;
    switch (entry->kind) {
    case CHANGED:
        printf("        %s", kinds[change->kind]);
        if (change->kind == CREATE || change->kind == REMOVE) printf(" %s", change->name);
        if (change->kind == RENAME) printf(" %s to %s", change->name, change->to);
        if (change->kind != SYNC_DIRECTORY && change->file >= 0) printf(" file %d", change->file);
        if (change->kind == WRITE) printf(" at %zu: %zu bytes", change->offset, change->count);
        if (change->kind == TRUNCATE) printf(" to %zu bytes", change->offset);
        printf("%s\n", change->fails ? ", which fails" : "");
        break;
    case CLOCK_SET: printf("      the clock is NOW%+lld\n", entry->value - NOW); break;
    case STARTED: printf("      start: %lld\n", entry->value); break;
    case MOVED: printf("      move to %s: %lld\n", seam_paths[entry->directory], entry->value); break;
    case BEGUN:
        printf("      code of clock%+lld, window %d\n", (long long)entry->generated - clock, entry->window);
        break;
    default: printf("      code of clock%+lld: %lld\n", (long long)entry->generated - clock, entry->value);
    }
}

static void tell(const struct session *session, size_t end) {
    if (session->parent) tell(session->parent, session->cut_at);
    uint32_t clock = session->before.clock;
    printf("    -- %s, with %d codes presented before:\n", session->how, session->before.count);
    for (size_t i = 0; i < end; i++) {
        const struct entry *entry = &session->log.entries[i];
        if (entry->kind == CLOCK_SET) clock = (uint32_t)entry->value;
        if (i + 60 == end) printf("      (%zu lines more before)\n", i);
        if (i + 60 >= end) tell_entry(entry, clock);
    }
}

void demand(int holds, const char *format, ...) {
    if (holds || is_hopeless()) return;
    char what[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    set_context("%s", "");
    check(0, what, session_now->how, (int)session_now->log.count);
    if (failure_count++ == 0) tell(session_now, session_now->log.count);
}

struct entry *note(struct session *session, int kind, long long value, uint32_t generated, int window) {
    struct entry *entry = log_add(&session->log, kind);
    entry->value = value;
    entry->generated = generated;
    entry->window = window;
    past_note(&session->past, entry);
    return entry;
}

void set_time(struct session *session, uint32_t now) {
    seam_clock = now;
    note(session, CLOCK_SET, now, 0, 0);
}

struct session *begin(struct disk *disk, const struct past *past, const struct session *parent, size_t cut_at,
    const char *how) {
    struct session *session = calloc(1, sizeof *session);
    if (!session) abort();
    session->start = disk;
    session->disk = disk_copy(disk);
    session->past = past_copy(past);
    past_restart(&session->past);
    session->before = past_copy(&session->past);
    session->parent = parent;
    session->cut_at = cut_at;
    snprintf(session->how, sizeof session->how, "%s", how);
    session_now = session;
    seam_fail(0, NEVER, (struct dice){0});
    seam_mount(session->disk, &session->log);
    seam_clock = past->clock;
    return session;
}

void leave(struct session *session) {
    if (!session->disk) return;
    free_pos_verify();
    demand(seam_open_handles() == 0, "%d handles are left open", seam_open_handles());
    demand(seam_misuses() == 0, "%d times the library misused the platform", seam_misuses());
    disk_free(session->disk);
    session->disk = NULL;
}

void end(struct session *session) {
    leave(session);
    disk_free(session->start);
    free(session->past.rides);
    free(session->before.rides);
    log_free(&session->log);
    free(session);
}

/* Whether an injected fault explains the result. */
static int is_excused(int result) {
    return seam_has_failed() && (result == SYSTEM_ERROR || (result == NO_ENOUGH_MEMORY && seam_memory_has_failed()));
}

void start(struct session *session) {
    int directory = session->past.directory, result = SUCCESS;
    if (library_directory != directory) {
        result = posoffline_set_state_dir(seam_paths[directory]);
        if (result == SUCCESS) library_directory = directory;
    }
    if (result == SUCCESS) result = init_pos_verify(KEYS, CARD_TYPES);
    note(session, STARTED, result, 0, 0);
    demand(result == SUCCESS || is_excused(result), "the library starts, and not %d", result);
    session->is_running = result == SUCCESS;
}

void restart(struct session *session) {
    free_pos_verify();
    start(session);
    if (!session->is_running) start(session);
}

void move(struct session *session) {
    int directory = !session->past.directory;
    int result = posoffline_set_state_dir(seam_paths[directory]);
    if (result == SUCCESS) library_directory = directory;
    struct entry *entry = log_add(&session->log, MOVED);
    entry->value = result;
    entry->directory = directory;
    past_note(&session->past, entry);
    demand(result == SUCCESS || is_excused(result), "the move succeeds, and not with %d", result);
}

int ride(struct session *session, uint32_t generated, int window, int old) {
    const struct past *past = &session->past;
    const struct ride *known = past_find(past, generated, window);
    int state = known ? (int)known->state : -1;
    int accepts = is_in_window(past, generated, window) && state != ACCEPTED;
    int refuses = state >= UNSURE || !is_healthy(past, generated, window);
    note(session, BEGUN, 0, generated, window);
    int result = verify_code(code_of(generated, window), old);
    note(session, ENDED, result, generated, window);
    if (result == SUCCESS) disk_is_helped(session->disk);
    static const char *const names[] = {"a new", "a refused", "an uncertain", "an accepted"};
    const char *answer = accepts && refuses ? "accepted or refused"
        : accepts                           ? "accepted"
        : refuses                           ? "refused"
                                            : "out of its window";
    demand((result == SUCCESS && accepts) || (result == QRCODE_DUPLICATED && refuses) ||
            (result == QRCODE_INFO_EXPIRED && !is_in_window(past, generated, window)) || is_excused(result),
        "%s code is %s, and not answered with %d", names[state + 1], answer, result);
    return result;
}
