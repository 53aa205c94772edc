/* The order of checks (section 4). Inputs have every combination of faults; the first fault in the order decides. */
#include "harness.h"
#include "fixtures.h"

#include <stdio.h>
#include <string.h>

#define ONE_KEY "[{\"key_id\":1,\"public_key\":\"" ISSUER_1 "\"}]"

/* Faults within a code, as make-fixtures.py names them. */
enum { E = 32, W = 16, K = 8, I = 4, U = 2, B = 1 };

static struct code order_code(int faults) {
    char name[16];
    sprintf(name, "order-%d%d%d%d%d%d", !!(faults & E), !!(faults & W), !!(faults & K), !!(faults & I), !!(faults & U),
        !!(faults & B));
    return fixture_code(name);
}

static struct answer answer;

static const char *const pos_params[] = {GOOD_POS_PARAM, "{}"};
static const int amounts[] = {1000, 1001};

static void by_list(void) {
    long tried = 0;
    for (int ewb = 0; ewb < 8; ewb++) {
        int inner = (ewb & 4 ? E : 0) | (ewb & 2 ? W : 0) | (ewb & 1 ? B : 0);
        for (int duplicate = 0; duplicate < 2; duplicate++) {
            for (int c = 0; c < 2; c++) {
                for (int bits = 0; bits < 32; bits++) {
                    int faults = inner | (bits & 1 ? K : 0) | (bits & 2 ? I : 0) | (bits & 4 ? U : 0);
                    int pos = bits >> 3 & 1, quota = bits >> 4 & 1;
                    free_pos_verify();
                    CHECK_INT(SUCCESS, init(ONE_KEY, CARD_TYPES));
                    if (duplicate) {
                        struct code twin = order_code(inner);
                        set_clock(NOW);
                        CHECK_INT(SUCCESS, verify(&twin));
                    }
                    if (c) CHECK_INT(SUCCESS, init(ONE_KEY, "[\"OTHER001\"]"));
                    set_clock(NOW + 101);
                    struct code code = order_code(faults);
                    struct call call = call_with(&code);
                    call.pos_param = pos_params[pos];
                    call.amount = amounts[quota];
                    call.capacity[CARD_NO] = 17;
                    int expected = c ? CARDTYPE_UNSUPPORTED
                        : duplicate  ? QRCODE_DUPLICATED
                        : faults & K ? ILLEGAL_PARAM
                        : faults & E ? QRCODE_KEY_EXPIRED
                        : faults & I ? MALFORMED_QRCODE
                        : faults & W ? QRCODE_INFO_EXPIRED
                        : faults & U ? MALFORMED_QRCODE
                        : pos        ? POS_PARAM_ERROR
                        : quota      ? QUOTA_EXCEEDED
                        : faults & B ? ILLEGAL_PARAM
                                     : SUCCESS;
                    set_context(
                        "card type %d, duplicate %d, key id %d, expired %d, issuer %d, window %d, user %d, pos_param %d, "
                        "quota %d, buffer %d",
                        c, duplicate, !!(faults & K), !!(faults & E), !!(faults & I), !!(faults & W), !!(faults & U),
                        pos, quota, !!(faults & B));
                    CHECK_INT(expected, call_verify(&call, &answer));
                    tried++;
                }
            }
        }
    }
    CHECK_INT(1024, tried);
}

static void by_given_key(void) {
    for (int ew = 0; ew < 4; ew++) {
        int inner = (ew & 2 ? E : 0) | (ew & 1 ? W : 0);
        for (int duplicate = 0; duplicate < 2; duplicate++) {
            for (int bits = 0; bits < 64; bits++) {
                int faults = inner | (bits & 2 ? I : 0) | (bits & 4 ? U : 0);
                int no_point = bits & 1, pos = bits >> 3 & 1, quota = bits >> 4 & 1, narrow = bits >> 5 & 1;
                free_pos_verify();
                if (duplicate) {
                    struct code twin = order_code(inner);
                    set_clock(NOW);
                    CHECK_INT(SUCCESS, legacy(&twin));
                }
                set_clock(NOW + 101);
                struct code code = order_code(faults);
                struct call call = call_with(&code);
                char text[900];
                if (!pos && narrow) { /* a record that does not fit 2048 */
                    memset(text, ' ', sizeof text - 1);
                    memcpy(text, GOOD_POS_PARAM, sizeof GOOD_POS_PARAM - 1);
                    text[sizeof text - 1] = '\0';
                }
                call.pos_param = pos ? "{}" : narrow ? text : GOOD_POS_PARAM;
                call.amount = amounts[quota];
                call.capacity[RECORD] = narrow ? 2048 : 3072;
                if (no_point) call.key = KEY_NOT_ON_CURVE;
                int expected = duplicate ? QRCODE_DUPLICATED
                    : no_point           ? ILLEGAL_PARAM
                    : faults & E         ? QRCODE_KEY_EXPIRED
                    : faults & I         ? MALFORMED_QRCODE
                    : faults & W         ? QRCODE_INFO_EXPIRED
                    : faults & U         ? MALFORMED_QRCODE
                    : pos                ? POS_PARAM_ERROR
                    : quota              ? QUOTA_EXCEEDED
                    : narrow             ? ILLEGAL_PARAM
                                         : SUCCESS;
                set_context(
                    "duplicate %d, key %d, expired %d, issuer %d, window %d, user %d, pos_param %d, quota %d, buffer %d",
                    duplicate, no_point, !!(faults & E), !!(faults & I), !!(faults & W), !!(faults & U), pos, quota,
                    narrow);
                CHECK_INT(expected, call_legacy(&call, &answer));
            }
        }
    }
}

/* First NOT_INITIALIZED, then the arguments, then the code's format; these three before all others. */
static void first_three(void) {
    static const struct {
        const char *name;
        unsigned null;
        int amount, uid_room, code_len;
    } arguments[] = {{"good", 0, 200, 17, 0}, {"NULL pos_param", NO_POS_PARAM, 200, 17, 0}, {"amount", 0, -1, 17, 0},
        {"uid_len", 0, 200, 16, 0}, {"NULL qrcode", NO_CODE, 200, 17, 0}, {"qrcode_len", 0, 200, 17, -5},
        {"NULL request", NO_REQUEST, 200, 17, 0}, {"NULL card_data", NO_BUFFER(CARD_DATA), 200, 17, 0}};
    static const char *const shapes[] = {"good", "version", "trailing byte", "version and trailing byte", "cut"};
    for (int initialized = 0; initialized < 2; initialized++) {
        free_pos_verify();
        if (initialized) CHECK_INT(SUCCESS, init(ONE_KEY, "[\"OTHER001\"]"));
        for (int faults = 0; faults < 64; faults++) {
            for (int bits = 0; bits < 4; bits++) {
                for (size_t a = 0; a < COUNT_OF(arguments); a++) {
                    for (int shape = 0; shape < 5; shape++) {
                        struct code code = order_code(faults);
                        if (shape & 1) code.bytes[0] = 1;
                        if (shape & 2) code.bytes[code.count++] = 0;
                        if (shape == 4) code.count = 10;
                        struct call call = call_with(&code);
                        call.null = arguments[a].null;
                        call.amount = arguments[a].amount;
                        call.capacity[UID] = arguments[a].uid_room;
                        if (arguments[a].code_len) call.code_len = arguments[a].code_len;
                        if (bits & 1) call.pos_param = "{}";
                        if (bits & 2 && call.amount >= 0) call.amount = 1001;
                        set_clock(bits & 1 ? (long long)NOW + 101 : -1);
                        int expected = !initialized ? NOT_INITIALIZED
                            : a                     ? ILLEGAL_PARAM
                            : shape & 1             ? PROTO_UNSUPPORTED
                            : shape                 ? MALFORMED_QRCODE
                                                    : CARDTYPE_UNSUPPORTED;
                        set_context("initialised %d, argument %s, code %s", initialized, arguments[a].name,
                            shapes[shape]);
                        CHECK_INT(expected, call_verify(&call, &answer));
                        if (a == 2 || a == 1) continue; /* it takes neither */
                        expected = expected == CARDTYPE_UNSUPPORTED ? SUCCESS : expected;
                        set_context("get_qrcode_info, initialised %d, argument %s, code %s", initialized,
                            arguments[a].name, shapes[shape]);
                        CHECK_INT(expected, call_info(&call, &answer));
                    }
                }
            }
        }
    }
}

static void malformed_before_buffers(void) {
    /* get_qrcode_info checks the code's format before the buffers. */
    struct code code = fixture_code("card-no-17");
    struct call call = call_with(&code);
    call.capacity[CARD_NO] = 17;
    CHECK_INT(ILLEGAL_PARAM, call_info(&call, &answer));
    call.code_len--;
    call.code_count--;
    CHECK_INT(MALFORMED_QRCODE, call_info(&call, &answer));
}

static void fits_last(void) {
    /* pos_param and quota are checked before the buffers; each alone is the next answer. */
    struct code code = fixture_code("card-no-17");
    struct call call = call_with(&code);
    call.capacity[CARD_NO] = 17;
    call.pos_param = "[]";
    call.amount = 5000;
    CHECK_INT(POS_PARAM_ERROR, call_verify(&call, &answer));
    call.pos_param = GOOD_POS_PARAM;
    CHECK_INT(QUOTA_EXCEEDED, call_verify(&call, &answer));
    call.amount = 1;
    CHECK_INT(ILLEGAL_PARAM, call_verify(&call, &answer));
    call.capacity[CARD_NO] = 18;
    CHECK_INT(SUCCESS, call_verify(&call, &answer));
    call.pos_param = "[]", call.amount = 5000, call.capacity[CARD_NO] = 17;
    CHECK_INT(QRCODE_DUPLICATED, call_verify(&call, &answer));
}

const struct test order_tests[] = {{"initialisation, arguments and shape come first, in this order", first_three},
    {"verify_qrcode_v2 answers with the first fault, for every combination", by_list},
    {"verify_qrcode answers with the first fault, for every combination", by_given_key},
    {"get_qrcode_info checks the shape before the buffers", malformed_before_buffers},
    {"buffers are checked last", fits_last}, {0}};
