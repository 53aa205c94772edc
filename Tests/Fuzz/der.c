/* A signature in DER, which has exactly one encoding: an input is accepted if and only if a lenient parser reads it and
 * its values encode to the same bytes. */
#include "fuzz.h"

struct number {
    const uint8_t *bytes;
    size_t count;
};

/* A BER INTEGER with a one-byte length. */
static int take(const uint8_t **at, const uint8_t *end, struct number *n) {
    if (end - *at < 2 || (*at)[0] != 2 || (size_t)(end - *at - 2) < (*at)[1]) return 0;
    n->bytes = *at + 2;
    n->count = (*at)[1];
    *at += 2 + n->count;
    while (n->count && n->bytes[0] == 0) n->bytes++, n->count--;
    return 1;
}

static size_t put(uint8_t *out, struct number n) {
    size_t pad = n.count == 0 || n.bytes[0] >= 0x80;
    out[0] = 2, out[1] = (uint8_t)(n.count + pad), out[2] = 0;
    memcpy(out + 2 + pad, n.bytes, n.count);
    return 2 + pad + n.count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t again[600], parts[256];
    struct number r, s;
    const uint8_t *at = data + 2;
    int expected = 0;
    if (size >= 2 && size < 130 && data[0] == 0x30 && take(&at, data + size, &r) && take(&at, data + size, &s)) {
        size_t count = 2;
        count += put(again + count, r);
        count += put(again + count, s);
        again[0] = 0x30, again[1] = (uint8_t)(count - 2);
        expected = count == size && count - 2 < 0x80 && memcmp(again, data, size) == 0;
    }
    REQUIRE(fuzz_der(data, (long)size, parts) == expected);
    if (!expected) return 0;
    /* Zero is one byte of 00 there, and no byte here. */
    const uint8_t *part = parts;
    const struct number both[] = {r, s};
    for (int i = 0; i < 2; i++) {
        size_t count = *part++, wanted = both[i].count ? both[i].count : 1;
        REQUIRE(count == wanted && (both[i].count ? memcmp(part, both[i].bytes, count) == 0 : part[0] == 0));
        part += count;
    }
    return 0;
}
