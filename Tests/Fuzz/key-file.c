/* The record key file: whether init_pos_verify accepts it, and which key then signs. */
#define _XOPEN_SOURCE 700
#include "fuzz.h"

#include <unistd.h>

static char path[] = "/tmp/fuzz-key-XXXXXX";

static int is_hex(int c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/* The length of the key, or 0 for an invalid file. */
static size_t model_key(const uint8_t *data, size_t size, unsigned char key[64]) {
    char digits[160];
    if (size > 159) return 0;
    while (size > 0 && memchr(" \t\r\n", data[size - 1], 4)) size--;
    for (size_t i = 0; i < size; i++)
        if (!is_hex(data[i])) return 0;
    if (size < 32 || size > 128 || size % 2) return 0;
    memcpy(digits, data, size);
    digits[size] = '\0';
    return bytes_of_hex(digits, key, 64);
}

/* A record ends with its MAC, two bytes of length before it. */
static void check_signed(const unsigned char *key, size_t count) {
    static struct output uid, card_no, card_data, type;
    static char record[3072];
    unsigned char bytes[1536], mac[32];
    struct code code = sign_code(NOW, 60);
    VERIFY_REQUEST_V2 request = {code.bytes, (int)code.count, GOOD_POS_PARAM, 0};
    VERIFY_RESPONSE_V2 response = {(char *)output_of(&uid, 17), 17, record, sizeof record,
        (char *)output_of(&card_no, 256), 256, output_of(&card_data, 256), 256, (char *)output_of(&type, 9), 9};
    REQUIRE(verify_qrcode_v2(&request, &response) == SUCCESS);
    size_t length = bytes_of_hex(record, bytes, sizeof bytes);
    REQUIRE(length > 34);
    hmac_sha256(key, count, bytes, length - 34, mac);
    REQUIRE(memcmp(mac, bytes + length - 32, 32) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static int file = -1;
    if (file < 0) {
        file = mkstemp(path);
        REQUIRE(file >= 0 && setenv("POSOFFLINE_RECORD_KEY_FILE", path, 1) == 0);
    }
    clock_now = NOW;
    REQUIRE(ftruncate(file, 0) == 0 && pwrite(file, data, size, 0) == (ssize_t)size);
    unsigned char key[64];
    size_t count = model_key(data, size, key);
    int result = init_pos_verify(KEY_LIST, CARD_TYPES);
    REQUIRE(result == (count ? SUCCESS : ILLEGAL_PARAM));
    if (count) check_signed(key, count);
    free_pos_verify();
    return 0;
}
