/* session.h: the library at work on one simulated disk, and its answers compared with the history (session.c). */
#ifndef SESSION_H
#define SESSION_H

#include <stddef.h>
#include <stdint.h>

#include "history.h"
#include "seam.h"

struct session {
    struct disk *start, *disk; /* at the beginning, and now */
    struct past before, past;
    struct log log;
    int is_running;
    /* The session that this one continues, for the report of a failure. */
    const struct session *parent;
    size_t cut_at;
    char how[64];
};

/* The directory that a call has set, or -1. */
extern int library_directory;

/* Whether so many checks have failed that the run stops. */
int is_hopeless(void);
/* Fails the test with a message and the session's log. */
void demand(int holds, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Begins on a disk, and takes ownership of it. */
struct session *begin(struct disk *disk, const struct past *past, const struct session *parent, size_t cut_at,
    const char *how);
/* Frees the library's state; keeps the session's log for the sessions that continue it. */
void leave(struct session *session);
void end(struct session *session);

/* One action each; every answer is checked. */
void set_time(struct session *session, uint32_t now);
void start(struct session *session);
void restart(struct session *session);
void move(struct session *session);
/* Presents a code and returns the library's answer. */
int ride(struct session *session, uint32_t generated, int window, int old);

#endif
