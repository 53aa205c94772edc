/* symbol-names DIRECTORY: all of the library's functions in a program that defines thousands of symbols, including
 * those inside the library. Each of them is an alias of `trapped`. symbol-names.py makes the list, without the symbols
 * that the library may import and those that this file needs.
 *
 *   symbol-names importer LIBRARY    calls a library that imports one of those symbols
 *  */
#define _GNU_SOURCE
#include "harness.h"
#include "fixtures.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define KEYS "[{\"key_id\":1,\"public_key\":\"" ISSUER_1 "\"}]"
enum { TRAPPED = 77 };

void trapped(void) __attribute__((used));
void trapped(void) { _exit(TRAPPED); }

#include "symbol-names.h"

/* A program may define these: the library has to call them. */
static long clock_calls, allocations;

time_t time(time_t *out) {
    clock_calls++;
    if (out) *out = NOW;
    return NOW;
}

static _Alignas(16) unsigned char heap[8 << 20];
static size_t heap_used;

void *calloc(size_t count, size_t size) {
    allocations++;
    size_t total = (count * size + 15) / 16 * 16;
    if (total > sizeof heap - heap_used) return NULL;
    heap_used += total;
    return heap + heap_used - total;
}

/* Other blocks are the C library's. */
void free(void *memory) { (void)memory; }

static int failed, passed;

static void demand(int wanted, int actual, const char *what) {
    if (wanted == actual) {
        passed++;
        return;
    }
    failed++;
    printf("%s: wanted %d, got %d\n", what, wanted, actual);
}

#define DEMAND(wanted, call) demand(wanted, call, #call)

static struct code codes[8];

static int ride(int number) {
    char uid[17], record[3072], card_no[64], card_type[9];
    unsigned char card_data[128];
    VERIFY_REQUEST_V2 request = {codes[number].bytes, (int)codes[number].count, GOOD_POS_PARAM, 1};
    VERIFY_RESPONSE_V2 response = {uid, 17, record, 3072, card_no, 64, card_data, 128, card_type, 9};
    return verify_qrcode_v2(&request, &response);
}

static int legacy_ride(int number) {
    char uid[17], record[3072];
    VERIFY_REQUEST request = {codes[number].bytes, (int)codes[number].count, ISSUER_1, GOOD_POS_PARAM, 1};
    VERIFY_RESPONSE response = {uid, 17, record, 3072};
    return verify_qrcode(&request, &response);
}

/* The first ride rewrites this journal. */
static void write_journal(const char *directory) {
    char path[700];
    unsigned char entry[32];
    snprintf(path, sizeof path, "%s/replay.journal", directory);
    int file = openat(AT_FDCWD, path, O_WRONLY | O_CREAT, 0600);
    for (uint32_t i = 0; i < 2300; i++) {
        memset(entry, 0, sizeof entry);
        memcpy(entry, "PJ\1A", 4);
        put32(entry + 4, i + 1);
        put32(entry + 16, i * 2246822519u | 1);
        put32(entry + 20, NOW - 201000 + i);
        put32(entry + 24, NOW - 200000 + i);
        put32(entry + 28, crc32(entry, 28));
        DEMAND(32, (int)pwrite(file, entry, 32, (off_t)(32 * i)));
    }
    close(file);
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "importer") == 0) {
        void (*call)(void);
        void *handle = dlopen(argv[2], RTLD_NOW);
        if (!handle) return 2;
        *(void **)&call = dlsym(handle, "importer");
        call();
        return 0;
    }
    if (argc != 2) return 2;
    for (uint32_t i = 0; i < 8; i++) codes[i] = sign_code(NOW - 1000 + i, 65535);
    write_journal(argv[1]);
    DEMAND(SUCCESS, posoffline_set_state_dir(argv[1]));
    DEMAND(SUCCESS, init_pos_verify(KEYS, CARD_TYPES));
    for (int i = 0; i < 6; i++) DEMAND(SUCCESS, ride(i));
    DEMAND(QRCODE_DUPLICATED, ride(0));
    codes[7].bytes[60] ^= 1;
    DEMAND(MALFORMED_QRCODE, ride(7));
    DEMAND(SUCCESS, posoffline_set_record_key((const unsigned char *)"0123456789abcdef", 16));
    DEMAND(SUCCESS, legacy_ride(6));
    free_pos_verify();
    DEMAND(SUCCESS, init_pos_verify(KEYS, CARD_TYPES));
    DEMAND(QRCODE_DUPLICATED, ride(6));
    free_pos_verify();
    DEMAND(1, clock_calls > 0 && allocations > 0);
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
