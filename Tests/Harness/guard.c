/* Buffers that end at an inaccessible page: reading or writing one byte too many crashes. */
#define _DEFAULT_SOURCE
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void reserve(struct guard *guard, size_t count) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t size = (count / page + 1) * page;
    if (size <= guard->size) return;
    if (guard->base) munmap(guard->base, guard->size + page);
    void *memory = mmap(NULL, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || mprotect((char *)memory + size, page, PROT_NONE) != 0) {
        perror("conformance: no guarded memory");
        exit(2);
    }
    guard->base = memory;
    guard->size = size;
}

unsigned char *guard_buffer(struct guard *guard, size_t count) {
    reserve(guard, count);
    memset(guard->base, PATTERN, guard->size);
    return guard->base + guard->size - count;
}

unsigned char *guard_copy(struct guard *guard, const void *bytes, size_t count) {
    reserve(guard, count);
    unsigned char *start = guard->base + guard->size - count;
    if (count) memcpy(start, bytes, count);
    return start;
}

int guard_front_is_untouched(const struct guard *guard, size_t count) {
    if (!guard->size || count >= guard->size) return 1;
    size_t front = guard->size - count;
    /* Every byte equals the first, and the first is the pattern. */
    return guard->base[0] == PATTERN && memcmp(guard->base, guard->base + 1, front - 1) == 0;
}
