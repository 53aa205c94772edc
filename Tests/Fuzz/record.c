/* A record as the back office parses it: which ones are valid, and that the parts compose to the same bytes. */
#include "fuzz.h"

/* A field of so many bytes; -1 for any number. */
static const uint8_t *take(const uint8_t **at, const uint8_t *end, long count, size_t *got) {
    if (end - *at < 2) return NULL;
    *got = (size_t)(*at)[0] << 8 | (*at)[1];
    const uint8_t *start = *at + 2;
    if ((count >= 0 && *got != (size_t)count) || (size_t)(end - start) < *got) return NULL;
    *at = start + *got;
    return start;
}

static int is_record(const uint8_t *data, size_t size) {
    static const long counts[] = {-1, -1, 4, 4, -1, 4, 32};
    const uint8_t *at = data + 2, *end = data + size;
    if (size < 2 || data[0] >> 4 != 3 || (size_t)((data[0] & 15) << 8 | data[1]) != size - 2) return 0;
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        size_t count;
        const uint8_t *field = take(&at, end, counts[i], &count);
        if (!field) return 0;
        for (size_t j = 0; i == 4 && j < count; j++)
            if (field[j] < 0x20 || field[j] > 0x7E) return 0;
    }
    return at == end;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t again[8192];
    long count = fuzz_rewrite_record(data, (long)size, again);
    if (!is_record(data, size)) REQUIRE(count == -1);
    else if (size > 2048) REQUIRE(count == -2);
    else REQUIRE(count == (long)size && memcmp(again, data, size) == 0);
    return 0;
}
