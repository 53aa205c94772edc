/* The journal of a state directory. The library starts whatever the file holds. Every code with a valid entry is
 * refused, and a code without one is accepted. */
#define _XOPEN_SOURCE 700
#include "fuzz.h"

#include <sys/stat.h>
#include <unistd.h>

enum { ENTRY = 32, KNOWN = 4 };

static struct code known[KNOWN];
static uint32_t generated[KNOWN], last_second[KNOWN];
static unsigned char entries[KNOWN][ENTRY];
static char journal[64];

static int verify_plain(const struct code *code) {
    static struct output uid, record, card_no, card_data, type;
    VERIFY_REQUEST_V2 request = {code->bytes, (int)code->count, GOOD_POS_PARAM, 0};
    VERIFY_RESPONSE_V2 response = {(char *)output_of(&uid, 17), 17, (char *)output_of(&record, 3072), 3072,
        (char *)output_of(&card_no, 256), 256, output_of(&card_data, 256), 256, (char *)output_of(&type, 9), 9};
    return verify_qrcode_v2(&request, &response);
}

static void make_known(void) {
    static const uint32_t times[KNOWN] = {NOW, NOW - 50, NOW - 60000, NOW - 1};
    for (int i = 0; i < KNOWN; i++) {
        known[i] = sign_code(times[i], i == 2 ? 65535 : 60);
        journal_entry(&known[i], entries[i]);
        generated[i] = get32(entries[i] + 20), last_second[i] = get32(entries[i] + 24);
    }
}

static void prepare(void) {
    static char directory[] = "/tmp/fuzz-journal-XXXXXX";
    REQUIRE(mkdtemp(directory));
    snprintf(journal, sizeof journal, "%s/replay.journal", directory);
    make_known();
    REQUIRE(posoffline_set_state_dir(directory) == SUCCESS);
    free_pos_verify();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!journal[0]) prepare();
    clock_now = NOW;

    int is_named[KNOWN] = {0}, has_marks = 0;
    uint32_t latest[2] = {0, 0}, latest_ever[2] = {0, 0};
    for (size_t at = 0; at + ENTRY <= size; at += ENTRY) {
        const uint8_t *entry = data + at;
        int kind = entry[3];
        if (memcmp(entry, "PJ\1", 3) != 0 || crc32(entry, 28) != get32(entry + 28)) continue;
        if (kind != 'F' && (kind != 'A' || !(entry[19] & 1))) continue;
        for (int i = 0; i < KNOWN; i++) is_named[i] |= kind == 'A' && memcmp(entry + 4, entries[i] + 4, 16) == 0;
        has_marks |= kind == 'F';
        for (int i = 0; i < 2; i++) {
            uint32_t time = get32(entry + 20 + 4 * i);
            if (kind == 'F' && time > latest[i]) latest[i] = time;
            if (time > latest_ever[i]) latest_ever[i] = time;
        }
    }

    FILE *file = fopen(journal, "wb");
    REQUIRE(file && fwrite(data, 1, size, file) == size && fclose(file) == 0);
    REQUIRE(init_pos_verify(KEY_LIST, CARD_TYPES) == SUCCESS);
    int is_kept[KNOWN];
    for (int i = 0; i < KNOWN; i++) {
        int result = verify_plain(&known[i]);
        int is_dropped = has_marks && generated[i] <= latest[0] && last_second[i] <= latest[1];
        /* Expired codes are evicted when space is needed, which advances the watermarks, at most so far. */
        int may_be_dropped = generated[i] <= latest_ever[0] && last_second[i] <= latest_ever[1];
        if (is_named[i] || is_dropped) REQUIRE(result == QRCODE_DUPLICATED);
        else if (!may_be_dropped) REQUIRE(result == SUCCESS);
        else REQUIRE(result == SUCCESS || result == QRCODE_DUPLICATED);
        REQUIRE(verify_plain(&known[i]) == QRCODE_DUPLICATED);
        is_kept[i] = is_named[i] || is_dropped || result == SUCCESS;
    }
    /* The power fails; all of it is there again. A code that was refused only because of marks that moved in memory may
     * be accepted now: it never was. */
    free_pos_verify();
    REQUIRE(init_pos_verify(KEY_LIST, CARD_TYPES) == SUCCESS);
    for (int i = 0; i < KNOWN; i++) {
        int result = verify_plain(&known[i]);
        REQUIRE(result == QRCODE_DUPLICATED || (!is_kept[i] && result == SUCCESS));
    }
    free_pos_verify();
    struct stat status;
    REQUIRE(stat(journal, &status) == 0 && (size_t)status.st_size <= size + (KNOWN + 1) * ENTRY);
    return 0;
}

/* A mutation that makes entries with right checksums: known ones, repeated ones, many at once. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    size_t count = size / ENTRY, room = (max_size - size) / ENTRY;
    uint8_t *entry = count ? data + seed / 8 % count * ENTRY : NULL;
    switch (seed % 8) {
    case 0:
        if (room == 0) break;
        memcpy(data + size, entries[seed / 8 % KNOWN], ENTRY);
        return size + ENTRY;
    case 1:
        if (!entry) break;
        memcpy(entry, entries[seed / 64 % KNOWN], ENTRY);
        return size;
    case 2:
    case 3: /* a field of an entry, and its checksum */
        if (!entry) break;
        LLVMFuzzerMutate(entry + (seed % 8 == 2 ? 20 : 0), 8, 8);
        put32(entry + 28, crc32(entry, 28));
        return size;
    case 4:
        if (!entry) break;
        entry[3] = entry[3] == 'A' ? 'F' : 'A';
        put32(entry + 28, crc32(entry, 28));
        return size;
    case 5: /* so many codes that the table grows */
        for (size_t more = seed / 8 % 1500; more > 0 && room > 0; more--, room--, size += ENTRY) {
            uint8_t *at = data + size;
            memset(at, 0, ENTRY);
            memcpy(at, "PJ\1A", 4);
            put32(at + 4, seed);
            put32(at + 16, ((uint32_t)size * 2654435761u) | 1);
            put32(at + 20, NOW - (uint32_t)(size % 200));
            put32(at + 24, NOW - 100 + (uint32_t)(size % 7919));
            put32(at + 28, crc32(at, 28));
        }
        return size;
    default: break;
    }
    return LLVMFuzzerMutate(data, size, max_size);
}
