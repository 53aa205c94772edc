/* privileged: what the environment does to a process, by its answer and by what is in the directory afterwards. Says one
 * word for each: "heeded" or "ignored", of the record key's file and of the state directory. */
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
        /* The variable names something that is no key, or no directory. */
        printf("refused\n");
        return 0;
    }
    if (gate_ride(0) != SUCCESS || gate_legacy_ride(1) != SUCCESS) {
        printf("no ride\n");
        return 1;
    }
    /* A record ends with its MAC, which covers all before the MAC's length. */
    size_t digits = strlen(gate_record), count = digits / 2 - 34;
    static unsigned char record[3072], mac[32];
    bytes_of_hex(gate_record, record, sizeof record);
    hmac_sha256(DEVELOPMENT_KEY, strlen(DEVELOPMENT_KEY), record, count, mac);
    int is_development = memcmp(mac, record + count + 2, 32) == 0;
    printf("key %s, directory %s\n", is_development ? "ignored" : "heeded",
           gate_journal_size(directory) > 0 ? "heeded" : "ignored");
    return 0;
}
