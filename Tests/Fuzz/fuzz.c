#include "fuzz.h"

#include <time.h>

long long clock_now = NOW;
int allocations_fail;

/* Called by platform.c in place of time(), calloc() and fsync(). */
time_t fuzz_time(time_t *out);
time_t fuzz_time(time_t *out) {
    if (out) *out = (time_t)clock_now;
    return (time_t)clock_now;
}

void *fuzz_calloc(size_t count, size_t size);
void *fuzz_calloc(size_t count, size_t size) { return allocations_fail ? NULL : calloc(count, size); }

int fuzz_sync(int file);
int fuzz_sync(int file) {
    (void)file;
    return 0;
}

unsigned char *output_of(struct output *output, int capacity) {
    output->capacity = capacity < 0 ? 0 : capacity > LARGEST_CAPACITY ? LARGEST_CAPACITY : (size_t)capacity;
    memset(output->area, PATTERN, MARGIN + output->capacity + MARGIN);
    return output->area + MARGIN;
}

int is_untouched_from(const struct output *output, size_t count) {
    for (size_t i = 0; i < MARGIN; i++)
        if (output->area[i] != PATTERN) return 0;
    for (size_t i = MARGIN + count; i < MARGIN + output->capacity + MARGIN; i++)
        if (output->area[i] != PATTERN) return 0;
    return 1;
}

int holds(const struct output *output, const void *bytes, size_t count, int is_text) {
    size_t all = count + (is_text ? 1 : 0);
    if (all > output->capacity || memcmp(output->area + MARGIN, bytes, count) != 0) return 0;
    if (is_text && output->area[MARGIN + count] != 0) return 0;
    return is_untouched_from(output, all);
}
