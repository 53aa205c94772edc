/* durable.h: what the files of the program `durable` share. */
#ifndef DURABLE_H
#define DURABLE_H

#include "state.h"

/* Each file's tests, in the order in which they run; the last one has no name. */
extern const struct test environment_tests[], entry_tests[], directory_tests[], child_process_tests[], exit_tests[],
    disk_fault_tests[], resource_tests[], damage_tests[], compaction_tests[], clock_change_tests[], capacity_tests[];

/* A file with fewer entries than this is not rewritten because of expired ones. */
enum { SLACK = 2048 };

/* How many codes the tests of capacity.c accept. */
extern uint32_t capacity;

/* Fills the journal up to a number of entries. Those that are added expired long before the test's first clock. */
void add_expired_entries(uint32_t entries);

#endif
