/* state.h: a terminal with a state directory (state.c). */
#ifndef STATE_H
#define STATE_H

#include <stddef.h>
#include <stdint.h>

#include "harness.h"

enum { ENTRY = 32 };

/* The parent of all directories of a run; the current test's state directory, and the files in it. */
extern char base_directory[150], directory[200], journal[300], temporary[300];

/* Makes a directory in `base_directory` and stores its path in `path`. */
void make_directory(char *path, const char *name);
/* Makes a new, empty state directory, with a path that the library has not seen. */
void fresh_directory(void);

/* Before each test: frees the library's state, and makes a new state directory that it does not know yet. */
void prepare(void);
/* The results of posoffline_set_state_dir with `directory`, and of init_pos_verify with the lists of fixtures.h. */
int set_directory(void);
int initialize(void);
/* Sets `directory` and initialises. */
void start(void);
/* Frees everything in memory, and initialises again. */
void restart(void);

long file_size(const char *path);
size_t read_journal(unsigned char *bytes, size_t capacity);
void write_journal(const unsigned char *bytes, size_t count);

/* A code by number, in its window during the whole test, and verify_qrcode_v2's answer. */
struct code numbered_code(uint32_t number);
int verify_number(uint32_t number);
/* The same with plain buffers and without checks, for processes that cannot print. */
int verify_number_unguarded(uint32_t number);
/* Check that each code in [from, to) is accepted; is refused as used. */
void expect_accepted(uint32_t from, uint32_t to);
void expect_refused(uint32_t from, uint32_t to);

/* The result of `body` in a child of fork(); 100 when the child died. */
int in_child(int (*body)(void));

/* Ends the program after so many seconds, unless called again before. */
void set_hang_timeout(int seconds);

/* Runs tests by the program's arguments, `prepare` before each, and removes `base_directory`. Returns the exit
 * status. */
int run_state_tests(int argc, char **argv, const struct test *tests);
int run_state_test_lists(int argc, char **argv, const struct test *const lists[]);

#endif
