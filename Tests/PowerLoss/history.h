/* history.h: the codes presented to a terminal and its answers, from which the expected answers follow (history.c). */
#ifndef HISTORY_H
#define HISTORY_H

#include "harness.h"
#include "seam.h"

struct ride {
    uint32_t generated;
    int window;
    enum {
        REFUSED, /* the disk failed, and the library has not been started since */
        UNSURE,  /* presented, but its acceptance was not reported */
        ACCEPTED
    } state;
};

struct past {
    struct ride *rides;
    int count, capacity;
    uint32_t clock, latest; /* latest: the latest time of the clock */
    int directory;
};

struct past past_copy(const struct past *past);
/* A code that was presented, or NULL. */
struct ride *past_find(const struct past *past, uint32_t generated, int window);
/* Updates the history for a start: a refused code may be in the journal, so it becomes UNSURE. For an entry of the
 * log. */
void past_restart(struct past *past);
void past_note(struct past *past, const struct entry *entry);
int is_in_window(const struct past *past, uint32_t generated, int window);
/* Whether docs/rules.md promises that this code is accepted if it was not accepted before: it is newer than every code
 * that may have been evicted. */
int is_healthy(const struct past *past, uint32_t generated, int window);

#endif
