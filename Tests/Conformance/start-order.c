/* start-order [COUNT]: the time of a start is linear in the number of entries, whatever their order. The worst order
 * is that of the hash table, in which the library itself rewrites a journal.
 *
 * Two starts are compared; one is known to be linear. No absolute time is asserted. */
#define _GNU_SOURCE
#include "fixtures.h"
#include "state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static uint32_t total = 2000000;

/* Entries of codes that do not exist, in an order that is unrelated to the table's. */
static void write_entries(const char *path, uint32_t from, uint32_t to) {
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL);
    for (uint32_t i = from; file && i < to; i++) {
        unsigned char entry[ENTRY] = "PJ\1A", number[4], digest[32];
        put32(number, i);
        sha256(number, 4, digest);
        memcpy(entry + 4, digest, 16);
        entry[19] |= 1;
        put32(entry + 20, NOW + i % 60000);
        put32(entry + 24, NOW + i % 60000 + 65535);
        put32(entry + 28, crc32(entry, 28));
        CHECK_INT(ENTRY, fwrite(entry, 1, ENTRY, file));
    }
    CHECK(file && fclose(file) == 0);
}

static double cpu_seconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6;
}

/* Time to open the directory at a path; none is set before. */
static double start_at(const char *path) {
    double before = cpu_seconds();
    CHECK_INT(SUCCESS, posoffline_set_state_dir(path));
    return cpu_seconds() - before;
}

static void compare_orders(uint32_t count) {
    char other[200], other_journal[300], name[40];
    write_entries(journal, 0, count);
    double scattered = start_at(directory);
    /* Written in the table's order. */
    sprintf(name, "rewritten %u", (unsigned)count);
    make_directory(other, name);
    sprintf(other_journal, "%s/replay.journal", other);
    CHECK_INT(SUCCESS, posoffline_set_state_dir(other));
    CHECK_INT((long)count * ENTRY, file_size(other_journal));
    free_pos_verify();
    double ordered = start_at(other);
    set_context("%u in the table's order %.2f s, in any %.2f s", (unsigned)count, ordered, scattered);
    CHECK(ordered < 6 * scattered + 0.1);
    free_pos_verify();
    remove(other_journal);
}

/* The cost of an order depends on the table's load. */
static void order(void) {
    compare_orders(total);
    compare_orders(total / 1000 * 304);
}

/* Codes in memory, in the table's order, are merged with the journal of a directory. */
static void joining(void) {
    char other[200], other_journal[300];
    uint32_t part = total / 3;
    write_entries(journal, 0, 2 * part);
    double whole = start_at(directory);
    make_directory(other, "joined");
    sprintf(other_journal, "%s/replay.journal", other);
    write_entries(other_journal, 2 * part, 3 * part);
    /* Loaded first, so that the codes in memory are in the table's order and not in a file's. */
    double joined = start_at(other);
    CHECK_INT(3L * part * ENTRY, file_size(other_journal));
    set_context("joined in %.2f s, where the larger part alone takes %.2f s", joined, whole);
    CHECK(joined < 8 * whole + 0.1);
    free_pos_verify();
    remove(other_journal);
}

int main(int argc, char **argv) {
    static const struct test tests[] = {{"a start is linear, whatever the order of the entries", order},
        {"two journals are joined in linear time", joining}, {0}};
    if (argc > 1) total = (uint32_t)strtoul(argv[1], NULL, 10);
    set_hang_timeout(1200);
    return run_state_tests(1, argv, tests);
}
