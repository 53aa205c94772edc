/* init.h: how the two init targets observe the lists in force, without the cost of a signature */
#ifndef INIT_H
#define INIT_H

#include "fuzz.h"

#define BASE_KEYS "[{\"key_id\":77,\"public_key\":\"" ISSUER_1 "\"}]"
#define BASE_TYPES "[\"CITY0001\"]"

/* An expired credential: -8 for an unlisted card type, -10 for an unlisted key id, else -3. */
static int probe(unsigned key_id, const void *card_type) {
    static struct code code;
    static struct output uid, record, card_no, card_data, type;
    if (!code.count)
        code.count = bytes_of_hex(SIGNER_HEAD "00000000"
                                              "00",
            code.bytes, MAX_CODE);
    code.bytes[2] = (unsigned char)key_id;
    memcpy(code.bytes + 4 + 61, card_type, 8);
    clock_now = 0xFFFFFFFF;
    VERIFY_REQUEST_V2 request = {code.bytes, (int)code.count, GOOD_POS_PARAM, 0};
    VERIFY_RESPONSE_V2 response = {(char *)output_of(&uid, 17), 17, (char *)output_of(&record, 2048), 2048,
        (char *)output_of(&card_no, 256), 256, output_of(&card_data, 256), 256, (char *)output_of(&type, 9), 9};
    int result = verify_qrcode_v2(&request, &response);
    REQUIRE(is_untouched_from(&uid, 0) && is_untouched_from(&record, 0) && is_untouched_from(&card_no, 0));
    REQUIRE(is_untouched_from(&card_data, 0) && is_untouched_from(&type, 0));
    return result;
}

static char *text_of(const uint8_t *data, size_t size) {
    char *text = malloc(size + 1);
    REQUIRE(text);
    memcpy(text, data, size);
    text[size] = 0;
    return text;
}

#endif
