/* history.h: what a terminal was asked and what it answered, and so what it must know (history.c). */
#ifndef HISTORY_H
#define HISTORY_H

#include "harness.h"
#include "seam.h"

struct ride {
    uint32_t generated;
    int window;
    enum {
        REFUSED, /* the disk failed, and the library has not been started since */
        UNSURE,  /* asked for, and nobody was told that it was accepted */
        ACCEPTED
    } state;
};

struct past {
    struct ride *rides;
    int count, capacity;
    uint32_t clock, latest; /* latest: the most that the clock has been */
    int directory;
};

struct past past_copy(const struct past *past);
/* A code that was presented, or NULL. */
struct ride *past_find(const struct past *past, uint32_t generated, int window);
/* Changes the history as a start of the library does, and as an entry of the log does. */
void past_restart(struct past *past);
void past_note(struct past *past, const struct entry *entry);
int is_in_window(const struct past *past, uint32_t generated, int window);
/* Whether docs/rules.md promises that this code is accepted if it was not accepted before: it is newer than every code
 * that may have been evicted. */
int is_healthy(const struct past *past, uint32_t generated, int window);

#endif
