/* exploration.h: cuts the power at the steps of a session, starts the library on the remaining data, and does the same
 * in that start (exploration.c). */
#ifndef EXPLORATION_H
#define EXPLORATION_H

#include "session.h"

/* Replays a session and cuts it at every step from entry `from` on, `often` times each. If `chances` is not 0, at about
 * so many random steps in all, and at half of the rare ones. */
void explore(const struct session *session, size_t from, int often, uint32_t chances, int depth, struct dice *dice);

/* Days in which a fault was injected. */
extern long fault_count;

/* A test, run last: every kind of cut was made often enough. Prints how often. */
void the_cuts_were_everywhere(void);

#endif
