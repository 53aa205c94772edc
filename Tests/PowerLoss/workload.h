/* workload.h: random days of a terminal. The seed repeats a run (workload.c). */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include "session.h"

extern uint64_t seed;
/* The history of a terminal that was never used. */
extern struct past empty_past;

/* Random numbers that depend on the seed, a name and a number. */
struct dice dice_of(const char *test, uint32_t number);

struct session *begin_on(struct disk *disk, const struct past *past, const char *name, uint32_t number);

/* A code that was never presented. */
void fresh(const struct past *past, struct dice *dice, uint32_t *generated, int *window);
/* A new code, presented again if it is refused. */
void new_ride(struct session *session, struct dice *dice, enum extent extent);
/* A code that was presented before. */
void any_ride(struct session *session, struct dice *dice);
/* A number of random actions. */
void work(struct session *session, struct dice *dice, int actions, enum extent extent);

/* The disk at the end of a session. */
struct disk *replayed(const struct session *session);

/* A journal that is about to be rewritten, after fill_disk. */
extern struct disk *full_disk;
extern struct past full_past;
void fill_disk(void);
/* A few rides; the first one rewrites the journal. */
void work_through_rewriting(struct session *session, struct dice *dice, enum extent extent);
/* The entry of the log that renames the rewritten journal; 0 if there is none. */
size_t find_rename(const struct log *log);

#endif
