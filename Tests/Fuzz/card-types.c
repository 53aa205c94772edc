/* The card type list of init_pos_verify: the answer, and which card types are in force afterwards. */
#include "init.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    enum { LOOKED_AT = 64 };
    static unsigned char types[8 * LOOKED_AT];
    size_t count;
    static int is_ready;
    if (!is_ready) REQUIRE(init_pos_verify(BASE_KEYS, BASE_TYPES) == SUCCESS);
    is_ready = 1;

    char *text = text_of(data, size);
    int expected = model_card_types((unsigned char *)text, strlen(text), types, LOOKED_AT, &count);
    REQUIRE(init_pos_verify(BASE_KEYS, text) == expected);
    free(text);
    if (expected != SUCCESS) {
        REQUIRE(probe(77, "CITY0001") == QRCODE_KEY_EXPIRED && probe(77, "CITY0002") == CARDTYPE_UNSUPPORTED);
        return 0;
    }
    int has_plain = 0;
    for (size_t i = 0; i < count && i < LOOKED_AT; i++) {
        unsigned char near[8];
        REQUIRE(probe(77, types + 8 * i) == QRCODE_KEY_EXPIRED);
        has_plain |= memcmp(types + 8 * i, "ANT00001", 8) == 0;
        memcpy(near, types + 8 * i, 8);
        near[i % 8] ^= 1;
        if (count > 1 || near[i % 8] < 0x20 || near[i % 8] > 0x7E || memcmp(near, "ANT00001", 8) == 0) continue;
        REQUIRE(probe(77, near) == CARDTYPE_UNSUPPORTED);
    }
    int plain = probe(77, "\0\0\0\0\0\0\0");
    if (count <= LOOKED_AT) REQUIRE(plain == (has_plain ? QRCODE_KEY_EXPIRED : CARDTYPE_UNSUPPORTED));
    REQUIRE(init_pos_verify(BASE_KEYS, BASE_TYPES) == SUCCESS);
    return 0;
}
