/* state.h: a terminal with a state directory, for the programs that are about one (state.c). */
#ifndef STATE_H
#define STATE_H

#include <stddef.h>
#include <stdint.h>

#include "harness.h"

enum { ENTRY = 32 };

/* Where all directories of a run are; the directory of the test that runs, and the files in it. */
extern char base_directory[150], directory[200], journal[300], temporary[300];

/* Makes a directory in `base_directory`; `path` gets its path. */
void make_directory(char *path, const char *name);
/* `directory` is an empty one from now on, under a new name, so that it is another one to the library. */
void fresh_directory(void);

/* Nothing set, nothing remembered, an empty directory that the library does not know of. */
void prepare(void);
/* The results of posoffline_set_state_dir with `directory`, and of init_pos_verify with the lists of fixtures.h. */
int set_directory(void);
int initialize(void);
/* A terminal with an empty directory that has accepted nothing. */
void start(void);
/* Forgets all that is in memory, and initialises again. */
void restart(void);

long file_size(const char *path);
size_t read_journal(unsigned char *bytes, size_t capacity);
void write_journal(const unsigned char *bytes, size_t count);

/* A code that stays in its window whatever a test does, and what the library says of it. */
struct code numbered_code(uint32_t number);
int verify_number(uint32_t number);
/* The same in plain buffers and without a check, for processes that cannot print. */
int verify_number_unguarded(uint32_t number);
/* Checks that the codes from one number up to another are accepted; that they are refused as used. */
void expect_accepted(uint32_t from, uint32_t to);
void expect_refused(uint32_t from, uint32_t to);

/* A result in the child of a fork(); 100 when the child died. */
int in_child(int (*body)(void));

/* Ends the program if nothing says otherwise for so many seconds. */
void set_hang_timeout(int seconds);

/* Runs tests by the program's arguments, `prepare` before each, and removes `base_directory`. Returns the exit status. */
int run_state_tests(int argc, char **argv, const struct test *tests);
int run_state_test_lists(int argc, char **argv, const struct test *const lists[]);

#endif
