#define _GNU_SOURCE
#include "gate.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* The issuer's signature in the tests' codes expires, so the clock is moved. It still is the system's clock, read
 * through the C library's own function. */
static time_t (*real_time)(time_t *);
static time_t first;

time_t time(time_t *out) {
    if (!real_time) *(void **)&real_time = dlsym(RTLD_NEXT, "time");
    time_t now = real_time(NULL);
    if (first) now = now - first + (time_t)NOW;
    if (out) *out = now;
    return now;
}

static struct code ready[GATE_READY];

static const struct code *code_of(uint32_t number) {
    static struct code late;
    if (number < GATE_READY) return &ready[number];
    late = sign_code(NOW - 1000 + number, 65535);
    return &late;
}

char gate_record[3072];

void gate_begin(void) {
    first = 0;
    first = time(NULL);
    for (uint32_t i = 0; i < GATE_READY; i++) ready[i] = sign_code(NOW - 1000 + i, 65535);
}

int gate_start(const char *directory) {
    int result = posoffline_set_state_dir(directory);
    return result == SUCCESS ? init_pos_verify(GATE_KEYS, CARD_TYPES) : result;
}

int gate_ride(uint32_t number) {
    char uid[17], card_no[64], card_type[9];
    unsigned char card_data[128];
    const struct code *code = code_of(number);
    VERIFY_REQUEST_V2 request = {code->bytes, (int)code->count, GOOD_POS_PARAM, 1};
    VERIFY_RESPONSE_V2 response = {uid, 17, gate_record, 3072, card_no, 64, card_data, 128, card_type, 9};
    return verify_qrcode_v2(&request, &response);
}

int gate_legacy_ride(uint32_t number) {
    char uid[17];
    const struct code *code = code_of(number);
    VERIFY_REQUEST request = {0};
    VERIFY_RESPONSE response = {0};
    request.qrcode = code->bytes, request.qrcode_len = (int)code->count;
    request.pos_param = GOOD_POS_PARAM, request.master_pub_key = ISSUER_1, request.amount_cent = 1;
    response.uid = uid, response.uid_len = 17;
    response.record = gate_record, response.record_len = 3072;
    return verify_qrcode(&request, &response);
}

int gate_info(uint32_t number) {
    char uid[17], card_no[64], card_type[9];
    unsigned char card_data[128];
    const struct code *code = code_of(number);
    INFO_REQUEST request = {0};
    INFO_RESPONSE response = {0};
    request.qrcode = code->bytes, request.qrcode_len = (int)code->count;
    response.uid = uid, response.uid_len = 17;
    response.card_no = card_no, response.card_no_len = 64;
    response.card_data = card_data, response.card_data_len = 128;
    response.card_type = card_type, response.card_type_len = 9;
    return get_qrcode_info(&request, &response);
}

const char *gate_path(const char *directory, const char *name) {
    static char path[700];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

void gate_write_journal(const char *directory, uint32_t past, uint32_t live) {
    FILE *file = fopen(gate_path(directory, "replay.journal"), "wb");
    if (!file) abort();
    for (uint32_t i = 0; i < past + live; i++) {
        unsigned char entry[32] = "PJ\1A";
        uint32_t end = i < past ? NOW - 200000 + i : NOW + 50000;
        put32(entry + 4, i + 1);
        put32(entry + 8, i * 2654435761u);
        put32(entry + 16, i * 2246822519u | 1);
        put32(entry + 20, end - 1000);
        put32(entry + 24, end);
        put32(entry + 28, crc32(entry, 28));
        if (fwrite(entry, 1, sizeof entry, file) != sizeof entry) abort();
    }
    if (fclose(file) != 0) abort();
}

long gate_journal_size(const char *directory) {
    struct stat status;
    return stat(gate_path(directory, "replay.journal"), &status) == 0 ? (long)status.st_size : -1;
}
