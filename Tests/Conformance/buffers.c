/* The caller's buffers: too small, just large enough. calls.c checks that nothing else is written. */
#include "harness.h"
#include "fixtures.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static const int minimum[BUFFERS] = {17, 2048, 17, 65, 9};
static const char *const name[BUFFERS] = {"uid", "record", "card_no", "card_data", "card_type"};

typedef int caller(const struct call *, struct answer *);

static const struct {
    const char *name;
    caller *call;
    unsigned buffers;
} functions[] = {{"verify_qrcode_v2", call_verify, 0x1F}, {"verify_qrcode", call_legacy, 0x03},
    {"get_qrcode_info", call_info, 0x1D}};

static struct answer answer;

static void minima(void) {
    struct code code = fixture_code("good");
    for (size_t f = 0; f < COUNT_OF(functions); f++) {
        for (int which = 0; which < BUFFERS; which++) {
            if (!(functions[f].buffers & 1u << which)) continue;
            const int capacity[] = {minimum[which] - 1, 8, 1, 0, -1, -minimum[which], INT_MIN, minimum[which],
                minimum[which] + 1, INT_MAX};
            for (size_t i = 0; i < COUNT_OF(capacity); i++) {
                start_terminal();
                struct call call = call_with(&code);
                memcpy(call.capacity, minimum, sizeof minimum);
                call.capacity[which] = capacity[i];
                set_context("%s, %s_len %d", functions[f].name, name[which], capacity[i]);
                CHECK_INT(i < 7 ? ILLEGAL_PARAM : SUCCESS, functions[f].call(&call, &answer));
            }
        }
    }
}

static void minima_do_not_mark(void) {
    struct code code = fixture_code("good");
    for (int which = 0; which < BUFFERS; which++) {
        start_terminal();
        struct call call = call_with(&code);
        call.capacity[which] = minimum[which] - 1;
        set_context("%s", name[which]);
        CHECK_INT(ILLEGAL_PARAM, call_verify(&call, &answer));
        CHECK_INT(SUCCESS, verify(&code));
    }
}

static void nulls(void) {
    static const struct {
        const char *name;
        unsigned null, functions;
    } pointers[] = {{"request", NO_REQUEST, 7}, {"response", NO_RESPONSE, 7},
        {"request and response", NO_REQUEST | NO_RESPONSE, 7}, {"qrcode", NO_CODE, 7}, {"pos_param", NO_POS_PARAM, 3},
        {"master_pub_key", NO_KEY, 2}, {"uid", NO_BUFFER(UID), 7}, {"record", NO_BUFFER(RECORD), 3},
        {"card_no", NO_BUFFER(CARD_NO), 5}, {"card_data", NO_BUFFER(CARD_DATA), 5},
        {"card_type", NO_BUFFER(CARD_TYPE), 5}};
    struct code code = fixture_code("good");
    for (size_t f = 0; f < COUNT_OF(functions); f++) {
        for (size_t i = 0; i < COUNT_OF(pointers); i++) {
            if (!(pointers[i].functions & 1u << f)) continue;
            struct call call = call_with(&code);
            call.null = pointers[i].null;
            set_context("%s, %s NULL", functions[f].name, pointers[i].name);
            CHECK_INT(ILLEGAL_PARAM, functions[f].call(&call, &answer));
        }
        set_context("%s, nothing NULL", functions[f].name);
        start_terminal();
        struct call call = call_with(&code);
        CHECK_INT(SUCCESS, functions[f].call(&call, &answer));
    }
    set_context("%s", "init_pos_verify");
    CHECK_INT(ILLEGAL_PARAM, init(NULL, CARD_TYPES));
    CHECK_INT(ILLEGAL_PARAM, init(KEY_LIST, NULL));
    CHECK_INT(ILLEGAL_PARAM, init(NULL, NULL));
    CHECK_INT(ILLEGAL_PARAM, posoffline_set_record_key(NULL, 16));
    CHECK_INT(ILLEGAL_PARAM, posoffline_set_record_key(NULL, 0));
}

static void code_lengths(void) {
    struct code code = fixture_code("good");
    static const int too_short[] = {0, -1, -1000, INT_MIN};
    for (size_t f = 0; f < COUNT_OF(functions); f++) {
        for (size_t i = 0; i < COUNT_OF(too_short); i++) {
            struct call call = call_with(&code);
            call.code_len = too_short[i];
            set_context("%s, qrcode_len %d", functions[f].name, too_short[i]);
            CHECK_INT(ILLEGAL_PARAM, functions[f].call(&call, &answer));
        }
        struct call call = call_with(&code);
        call.code_count = 1, call.code_len = 1;
        set_context("%s, a code of one byte", functions[f].name);
        CHECK_INT(MALFORMED_QRCODE, functions[f].call(&call, &answer));
    }
    /* Far longer than any code: good bytes first, and then zeros. */
    static unsigned char much[70000];
    memcpy(much, code.bytes, code.count);
    static const int lengths[] = {776, 777, 778, 1024, 65535, 65536, 70000};
    for (size_t f = 0; f < COUNT_OF(functions); f++) {
        for (size_t i = 0; i < COUNT_OF(lengths); i++) {
            struct call call = call_with(&code);
            call.code = much, call.code_count = (size_t)lengths[i], call.code_len = lengths[i];
            set_context("%s, qrcode_len %d", functions[f].name, lengths[i]);
            CHECK_INT(MALFORMED_QRCODE, functions[f].call(&call, &answer));
        }
    }
}

static void amounts(void) {
    struct code code = fixture_code("quota-65535");
    static const struct {
        int amount, expected;
    } table[] = {{-1, ILLEGAL_PARAM}, {-65536, ILLEGAL_PARAM}, {INT_MIN, ILLEGAL_PARAM}, {65536, QUOTA_EXCEEDED},
        {INT_MAX, QUOTA_EXCEEDED}, {65535, SUCCESS}, {0, SUCCESS}, {1, SUCCESS}};
    caller *const callers[] = {call_verify, call_legacy};
    for (size_t f = 0; f < COUNT_OF(callers); f++) {
        for (size_t i = 0; i < COUNT_OF(table); i++) {
            start_terminal();
            struct call call = call_with(&code);
            call.amount = table[i].amount;
            set_context("amount_cent %d, function %d", table[i].amount, (int)f);
            CHECK_INT(table[i].expected, callers[f](&call, &answer));
        }
    }
    code = fixture_code("quota-0");
    struct call call = call_with(&code);
    start_terminal();
    call.amount = 1;
    CHECK_INT(QUOTA_EXCEEDED, call_verify(&call, &answer));
    call.amount = 0;
    CHECK_INT(SUCCESS, call_verify(&call, &answer));
}

/* A value exactly as large as its buffer, and one byte more. */
static void values_that_fit(void) {
    static const struct {
        const char *fixture;
        int which, capacity, expected;
    } table[] = {{"card-no-16", CARD_NO, 17, SUCCESS}, {"card-no-17", CARD_NO, 17, ILLEGAL_PARAM},
        {"card-no-17", CARD_NO, 18, SUCCESS}, {"card-no-18", CARD_NO, 18, ILLEGAL_PARAM},
        {"card-no-18", CARD_NO, 19, SUCCESS}, {"longest-card-no", CARD_NO, 184, ILLEGAL_PARAM},
        {"longest-card-no", CARD_NO, 185, SUCCESS}, {"card-no-0", CARD_NO, 17, SUCCESS},
        {"card-data-64", CARD_DATA, 65, SUCCESS}, {"card-data-65", CARD_DATA, 65, SUCCESS},
        {"card-data-66", CARD_DATA, 65, ILLEGAL_PARAM}, {"card-data-66", CARD_DATA, 66, SUCCESS},
        {"longest-card-data", CARD_DATA, 183, ILLEGAL_PARAM}, {"longest-card-data", CARD_DATA, 184, SUCCESS},
        {"card-data-0", CARD_DATA, 65, SUCCESS}, {"plain", CARD_TYPE, 9, SUCCESS}, {"good", CARD_TYPE, 9, SUCCESS}};
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct code code = fixture_code(table[i].fixture);
        struct call call = call_with(&code);
        call.capacity[table[i].which] = table[i].capacity;
        set_context("%s in %d", table[i].fixture, table[i].capacity);
        start_terminal();
        CHECK_INT(table[i].expected, call_info(&call, &answer));
        CHECK_INT(table[i].expected, call_verify(&call, &answer));
        set_context("%s by verify_qrcode, which returns neither", table[i].fixture);
        start_terminal();
        CHECK_INT(SUCCESS, call_legacy(&call, &answer));
    }
}

static void responses_over_requests(void) {
    /* Firmware that reuses one buffer: the uid, the record and the card data land on the code and the pos_param. */
    struct code code = fixture_code("good");
    struct fields f;
    CHECK_INT(SUCCESS, model_parse(code.bytes, code.count, &f));
    static unsigned char scratch[8192];
    char uid[17], card_no[17], card_type[9];
    unsigned char card_data[65];
    static char record[3072], expected[3072];
    start_terminal();
    VERIFY_REQUEST_V2 request = {code.bytes, (int)code.count, GOOD_POS_PARAM, 200};
    VERIFY_RESPONSE_V2 plain = {uid, 17, expected, 3072, card_no, 17, card_data, 65, card_type, 9};
    CHECK_INT(SUCCESS, verify_qrcode_v2(&request, &plain));

    for (int layout = 0; layout < 6; layout++) {
        set_context("layout %d", layout);
        start_terminal();
        memset(scratch, 0, sizeof scratch);
        memcpy(scratch, code.bytes, code.count);
        memcpy(scratch + 1024, GOOD_POS_PARAM, sizeof GOOD_POS_PARAM);
        request.qrcode = scratch;
        request.pos_param = (char *)scratch + 1024;
        VERIFY_RESPONSE_V2 r = {uid, 17, record, 3072, card_no, 17, card_data, 65, card_type, 9};
        if (layout == 0) r.record = (char *)scratch;
        if (layout == 1) r.uid = (char *)scratch;
        if (layout == 2) r.card_data = scratch + 40;
        if (layout == 3) r.card_no = (char *)scratch + 2;
        if (layout == 4)
            r.card_type = (char *)scratch + 4, r.uid = (char *)scratch + 60, r.card_no = (char *)scratch + 100;
        if (layout == 5) r.record = (char *)scratch + 900, r.uid = (char *)scratch + 20;
        CHECK_INT(SUCCESS, verify_qrcode_v2(&request, &r));
        CHECK_BYTES(f.credential, r.uid, 16);
        CHECK_TEXT(expected, r.record);
        CHECK_TEXT("6217000012345678", r.card_no);
        CHECK_INT((int)f.card_data_count, r.card_data_len);
        CHECK_BYTES(f.card_data, r.card_data, f.card_data_count);
        CHECK_TEXT("CITY0001", r.card_type);
    }
    for (int layout = 0; layout < 4; layout++) {
        set_context("information, layout %d", layout);
        memcpy(scratch, code.bytes, code.count);
        INFO_REQUEST ask = {scratch, (int)code.count};
        INFO_RESPONSE r = {uid, 17, card_no, 17, card_data, 65, card_type, 9};
        if (layout == 0) r.uid = (char *)scratch + 60;
        if (layout == 1) r.card_data = scratch;
        if (layout == 2) r.card_no = (char *)scratch + 4;
        if (layout == 3) r.card_type = (char *)scratch + 10, r.card_no = (char *)scratch + 80;
        CHECK_INT(SUCCESS, get_qrcode_info(&ask, &r));
        CHECK_BYTES(f.credential, r.uid, 16);
        CHECK_TEXT("6217000012345678", r.card_no);
        CHECK_BYTES(f.card_data, r.card_data, f.card_data_count);
        CHECK_TEXT("CITY0001", r.card_type);
    }
    set_context("%s", "verify_qrcode writes over its key");
    start_terminal();
    memcpy(scratch, ISSUER_1, 67);
    VERIFY_REQUEST old = {code.bytes, (int)code.count, (char *)scratch, GOOD_POS_PARAM, 200};
    VERIFY_RESPONSE result = {(char *)scratch + 10, 17, record, 3072};
    CHECK_INT(SUCCESS, verify_qrcode(&old, &result));
    CHECK_BYTES(f.credential, scratch + 10, 16);
    CHECK_TEXT(expected, record);
}

const struct test buffer_tests[] = {{"every buffer is refused below its minimum and taken from there on", minima},
    {"a call with too small a buffer does not mark the code", minima_do_not_mark},
    {"NULL in any place is a bad argument", nulls},
    {"a code has at least one byte and at most what its lengths say", code_lengths},
    {"an amount is not negative and not above the quota", amounts},
    {"a value fits its buffer to the byte", values_that_fit},
    {"responses may lie over the request", responses_over_requests}, {0}};
