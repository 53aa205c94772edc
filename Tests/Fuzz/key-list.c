/* The key list of init_pos_verify: the answer, and which key ids are in force afterwards. */
#include "init.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct key_list list;
    static int is_ready;
    if (!is_ready) REQUIRE(init_pos_verify(BASE_KEYS, BASE_TYPES) == SUCCESS);
    is_ready = 1;

    char *text = text_of(data, size);
    int expected = model_key_list((unsigned char *)text, strlen(text), &list);
    REQUIRE(init_pos_verify(text, BASE_TYPES) == expected);
    free(text);
    if (expected != SUCCESS) {
        REQUIRE(probe(77, "CITY0001") == QRCODE_KEY_EXPIRED && probe(76, "CITY0001") == ILLEGAL_PARAM);
        return 0;
    }
    char is_listed[256] = {0};
    for (size_t i = 0; i < list.count; i++) is_listed[list.keys[i].id] = 1;
    for (unsigned id = 0; id < 256; id++)
        REQUIRE(probe(id, "CITY0001") == (is_listed[id] ? QRCODE_KEY_EXPIRED : ILLEGAL_PARAM));
    REQUIRE(init_pos_verify(BASE_KEYS, BASE_TYPES) == SUCCESS);
    return 0;
}
