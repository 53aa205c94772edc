/* The codes of cuts. Each is signed once and cached. */
#include "codes.h"
#include "fixtures.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define EARLIEST (NOW - (1u << 18))

const struct code *code_of(uint32_t generated, int window) {
    static struct code *signed_codes[2][1u << 19];
    if (generated - EARLIEST >= 1u << 19) abort();
    struct code **place = &signed_codes[window == SHORT][generated - EARLIEST];
    if (!*place) {
        struct code code = sign_code(generated, window);
        size_t size = offsetof(struct code, bytes) + code.count;
        if (!(*place = malloc(size))) abort();
        memcpy(*place, &code, size);
    }
    return *place;
}

int verify_code(const struct code *code, int old) {
    static char uid[17], record[3072], card_no[64], card_type[9];
    static unsigned char card_data[128];
    if (old) {
        VERIFY_REQUEST request = {code->bytes, (int)code->count, ISSUER_1, GOOD_POS_PARAM, 1};
        VERIFY_RESPONSE response = {uid, 17, record, 3072};
        return verify_qrcode(&request, &response);
    }
    VERIFY_REQUEST_V2 request = {code->bytes, (int)code->count, GOOD_POS_PARAM, 1};
    VERIFY_RESPONSE_V2 response = {uid, 17, record, 3072, card_no, 64, card_data, 128, card_type, 9};
    return verify_qrcode_v2(&request, &response);
}
