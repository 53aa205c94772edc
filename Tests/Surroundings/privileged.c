/* privileged: whether a process uses the variables of its environment. Prints "heeded" or "ignored" for the record key
 * file and for the state directory, as its answer and the directory's contents show. */
#define _GNU_SOURCE
#include "gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
    const char *directory = argc > 1 ? argv[1] : "";
    gate_begin();
    if (init_pos_verify(GATE_KEYS, CARD_TYPES) != SUCCESS) {
        /* The variable names a file that is not a key, or a missing directory. */
        printf("refused\n");
        return 0;
    }
    if (gate_ride(0) != SUCCESS || gate_legacy_ride(1) != SUCCESS) {
        printf("no ride\n");
        return 1;
    }
    /* A record ends with its MAC, which covers everything before the MAC's length. */
    size_t digits = strlen(gate_record), count = digits / 2 - 34;
    static unsigned char record[3072], mac[32];
    bytes_of_hex(gate_record, record, sizeof record);
    hmac_sha256(DEVELOPMENT_KEY, strlen(DEVELOPMENT_KEY), record, count, mac);
    int is_development = memcmp(mac, record + count + 2, 32) == 0;
    printf("key %s, directory %s\n", is_development ? "ignored" : "heeded",
        gate_journal_size(directory) > 0 ? "heeded" : "ignored");
    return 0;
}
