/* COUNT codes, all in their window at once. */
#include "durable.h"
#include "fixtures.h"

static void many_live_codes(void) {
    start();
    for (uint32_t i = 0; i < capacity; i++) {
        struct code code = sign_code(NOW - 65535 + i, 65535);
        set_context("code %u", (unsigned)i);
        CHECK_INT(SUCCESS, verify(&code));
    }
    CHECK_INT(capacity * ENTRY, file_size(journal));
    restart();
    for (uint32_t i = 0; i < capacity; i++) {
        struct code code = sign_code(NOW - 65535 + i, 65535);
        set_context("code %u", (unsigned)i);
        CHECK_INT(QRCODE_DUPLICATED, verify(&code));
    }
}

const struct test capacity_tests[] = {{"many live codes are remembered", many_live_codes}, {0}};
