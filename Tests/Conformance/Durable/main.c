/* durable [COUNT] [--list | PART_OF_A_NAME ...]: an accepted code is refused after a restart and after a power cut. A
 * restart is free_pos_verify, which forgets everything in memory, and init_pos_verify. COUNT is how many codes the
 * tests of capacity.c accept. */
#include "durable.h"
#include "disk.h"
#include "fixtures.h"

#include <stdlib.h>
#include <string.h>

uint32_t capacity = 100000;

void add_expired_entries(uint32_t entries) {
    static unsigned char bytes[2 * SLACK * ENTRY];
    static uint32_t serial;
    free_pos_verify();
    size_t count = read_journal(bytes, sizeof bytes);
    while (count < entries * ENTRY) {
        unsigned char *entry = bytes + count;
        memset(entry, 0, ENTRY);
        memcpy(entry, "PJ\1A", 4);
        put32(entry + 4, ++serial);
        put32(entry + 8, serial * 2654435761u);
        put32(entry + 16, serial * 2246822519u | 1);
        put32(entry + 20, NOW - 200000 + serial);
        put32(entry + 24, NOW - 199000 + serial);
        put32(entry + 28, crc32(entry, 28));
        count += ENTRY;
    }
    write_journal(bytes, count);
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
    disk_counts();
}

int main(int argc, char **argv) {
    static const struct test *const lists[] = {environment_tests, entry_tests, directory_tests, child_process_tests,
        exit_tests, disk_fault_tests, resource_tests, damage_tests, compaction_tests, clock_change_tests,
        capacity_tests, NULL};
    int has_count = argc > 1 && argv[1][0] >= '0' && argv[1][0] <= '9';
    if (has_count) capacity = (uint32_t)strtoul(argv[1], NULL, 10);
    return run_state_test_lists(argc - has_count, argv + has_count, lists);
}
