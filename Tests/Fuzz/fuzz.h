/* fuzz.h: shared by the targets. Each defines LLVMFuzzerTestOneInput and aborts where an answer differs from the
 * reference's; the sanitizer finds the rest. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "fixtures.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)                                                                                             \
    ((condition) ? (void)0 : (fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition), abort()))

/* -------------------------------------------------------------------------------------------------------------
 * Replacements of system functions: platform.c is compiled to call these (fuzz.c)
 * ------------------------------------------------------------------------------------------------------------- */

extern long long clock_now;
extern int allocations_fail;

/* -------------------------------------------------------------------------------------------------------------
 * Output buffers with a pattern that shows what was written (fuzz.c)
 * ------------------------------------------------------------------------------------------------------------- */

enum { MARGIN = 32, LARGEST_CAPACITY = 4096 };

struct output {
    size_t capacity;
    unsigned char area[MARGIN + LARGEST_CAPACITY + MARGIN];
};

/* A buffer of so many bytes, at most LARGEST_CAPACITY; a negative number is 0. */
unsigned char *output_of(struct output *output, int capacity);
/* Whether nothing was written before the buffer or after its first `count` bytes. */
int is_untouched_from(const struct output *output, size_t count);
/* Whether the buffer holds these bytes, then a NUL for a text, and is unchanged after that. */
int holds(const struct output *output, const void *bytes, size_t count, int is_text);

/* -------------------------------------------------------------------------------------------------------------
 * An independent JSON parser: recursive, with values in memory (json.c)
 * ------------------------------------------------------------------------------------------------------------- */

struct key_list {
    size_t count;
    struct {
        unsigned id;
        unsigned char key[33];
    } keys[256];
};

/* init_pos_verify's answer to a list, if the other list is good. */
int model_key_list(const unsigned char *text, size_t count, struct key_list *list);
/* `types` gets the first `capacity` types, eight bytes each; `type_count` gets their number. */
int model_card_types(const unsigned char *text, size_t count, unsigned char *types, size_t capacity,
    size_t *type_count);
/* 1, 2, 3 for SINGLE, IN, OUT, or POS_PARAM_ERROR. */
int model_pos_param(const unsigned char *text, size_t count);

/* -------------------------------------------------------------------------------------------------------------
 * Parts that the C interface does not export (Harness.swift)
 * ------------------------------------------------------------------------------------------------------------- */

long fuzz_rewrite_code(const unsigned char *bytes, long count, unsigned char *out);
long fuzz_pos_param(const unsigned char *bytes, long count);
_Bool fuzz_der(const unsigned char *bytes, long count, unsigned char *out);
long fuzz_rewrite_record(const unsigned char *bytes, long count, unsigned char *out);

#endif
