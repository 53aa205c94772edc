/* exploration.h: cuts the power at the places of a session, starts the library on what is left, and does the same in that
 * start (exploration.c). */
#ifndef EXPLORATION_H
#define EXPLORATION_H

#include "session.h"

/* Replays a session and cuts it at every place from entry `from` on, `often` times each; or, if `chances` is not 0, at
 * about so many places in all, and every other time at a rare one. */
void explore(const struct session *session, size_t from, int often, uint32_t chances, int depth, struct dice *dice);

/* Days in which a fault was injected. */
extern long fault_count;

/* A test, run last: every kind of cut was made often enough. Prints how often. */
void the_cuts_were_everywhere(void);

#endif
