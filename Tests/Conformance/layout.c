/* The ABI: existing firmware was compiled against it. */
#include "harness.h"

#include <stdio.h>
#include <string.h>

/* Offsets are given for 64-bit and for 32-bit pointers. */
#define OFFSET(type, field, wide, narrow)                                                                              \
    CHECK_INT(sizeof(void *) == 8 ? (wide) : (narrow), (long long)offsetof(type, field))
#define SIZE(type, wide, narrow) CHECK_INT(sizeof(void *) == 8 ? (wide) : (narrow), (long long)sizeof(type))

static void structures(void) {
    CHECK(sizeof(void *) == 8 || sizeof(void *) == 4);
    CHECK_INT(4, sizeof(int));

    SIZE(INFO_REQUEST, 16, 8);
    OFFSET(INFO_REQUEST, qrcode, 0, 0);
    OFFSET(INFO_REQUEST, qrcode_len, 8, 4);

    SIZE(INFO_RESPONSE, 64, 32);
    OFFSET(INFO_RESPONSE, uid, 0, 0);
    OFFSET(INFO_RESPONSE, uid_len, 8, 4);
    OFFSET(INFO_RESPONSE, card_no, 16, 8);
    OFFSET(INFO_RESPONSE, card_no_len, 24, 12);
    OFFSET(INFO_RESPONSE, card_data, 32, 16);
    OFFSET(INFO_RESPONSE, card_data_len, 40, 20);
    OFFSET(INFO_RESPONSE, card_type, 48, 24);
    OFFSET(INFO_RESPONSE, card_type_len, 56, 28);

    SIZE(VERIFY_REQUEST_V2, 32, 16);
    OFFSET(VERIFY_REQUEST_V2, qrcode, 0, 0);
    OFFSET(VERIFY_REQUEST_V2, qrcode_len, 8, 4);
    OFFSET(VERIFY_REQUEST_V2, pos_param, 16, 8);
    OFFSET(VERIFY_REQUEST_V2, amount_cent, 24, 12);

    SIZE(VERIFY_RESPONSE_V2, 80, 40);
    OFFSET(VERIFY_RESPONSE_V2, uid, 0, 0);
    OFFSET(VERIFY_RESPONSE_V2, uid_len, 8, 4);
    OFFSET(VERIFY_RESPONSE_V2, record, 16, 8);
    OFFSET(VERIFY_RESPONSE_V2, record_len, 24, 12);
    OFFSET(VERIFY_RESPONSE_V2, card_no, 32, 16);
    OFFSET(VERIFY_RESPONSE_V2, card_no_len, 40, 20);
    OFFSET(VERIFY_RESPONSE_V2, card_data, 48, 24);
    OFFSET(VERIFY_RESPONSE_V2, card_data_len, 56, 28);
    OFFSET(VERIFY_RESPONSE_V2, card_type, 64, 32);
    OFFSET(VERIFY_RESPONSE_V2, card_type_len, 72, 36);

    SIZE(VERIFY_REQUEST, 40, 20);
    OFFSET(VERIFY_REQUEST, qrcode, 0, 0);
    OFFSET(VERIFY_REQUEST, qrcode_len, 8, 4);
    OFFSET(VERIFY_REQUEST, master_pub_key, 16, 8);
    OFFSET(VERIFY_REQUEST, pos_param, 24, 12);
    OFFSET(VERIFY_REQUEST, amount_cent, 32, 16);

    SIZE(VERIFY_RESPONSE, 32, 16);
    OFFSET(VERIFY_RESPONSE, uid, 0, 0);
    OFFSET(VERIFY_RESPONSE, uid_len, 8, 4);
    OFFSET(VERIFY_RESPONSE, record, 16, 8);
    OFFSET(VERIFY_RESPONSE, record_len, 24, 12);
}

/* Existing code names either form, and assigns these members to variables of these types. */
static void names_and_types(void) {
    struct _info_request a = {0};
    struct _info_response b = {0};
    struct _verify_request_v2 c = {0};
    struct _verify_response_v2 d = {0};
    struct _verify_request e = {0};
    struct _verify_response f = {0};
    INFO_REQUEST *pa = &a;
    INFO_RESPONSE *pb = &b;
    VERIFY_REQUEST_V2 *pc = &c;
    VERIFY_RESPONSE_V2 *pd = &d;
    VERIFY_REQUEST *pe = &e;
    VERIFY_RESPONSE *pf = &f;
    const unsigned char **code[] = {&pa->qrcode, &pc->qrcode, &pe->qrcode};
    const char **text[] = {&pc->pos_param, &pe->pos_param, &pe->master_pub_key};
    char **out[] = {&pb->uid, &pb->card_no, &pb->card_type, &pd->uid, &pd->record, &pd->card_no, &pd->card_type,
        &pf->uid, &pf->record};
    unsigned char **raw[] = {&pb->card_data, &pd->card_data};
    int *number[] = {&pa->qrcode_len, &pb->uid_len, &pc->amount_cent, &pd->record_len, &pe->amount_cent, &pf->uid_len};
    CHECK_INT(0, *code[0] || *text[0] || *out[0] || *raw[0] || *number[0]);

    int (*one)(const char *, const char *) = init_pos_verify;
    int (*two)(INFO_REQUEST *, INFO_RESPONSE *) = get_qrcode_info;
    int (*three)(VERIFY_REQUEST_V2 *, VERIFY_RESPONSE_V2 *) = verify_qrcode_v2;
    int (*four)(const unsigned char *) = get_key_id;
    int (*five)(VERIFY_REQUEST *, VERIFY_RESPONSE *) = verify_qrcode;
    int (*six)(char *, int) = get_libposoffline_version;
    char *(*seven)(void) = get_version;
    void (*eight)(void) = free_pos_verify;
    int (*nine)(const unsigned char *, int) = posoffline_set_record_key;
    const char *(*ten[])(int) = {posoffline_strerror, posoffline_prompt};
    int (*eleven)(const char *) = posoffline_set_state_dir;
    CHECK(one && two && three && four && five && six && seven && eight && nine && ten[0] && ten[1] && eleven);
}

static void constants(void) {
    CHECK_INT(1, SUCCESS);
    CHECK_INT(-1, MALFORMED_QRCODE);
    CHECK_INT(-2, QRCODE_INFO_EXPIRED);
    CHECK_INT(-3, QRCODE_KEY_EXPIRED);
    CHECK_INT(-4, POS_PARAM_ERROR);
    CHECK_INT(-5, QUOTA_EXCEEDED);
    CHECK_INT(-6, NO_ENOUGH_MEMORY);
    CHECK_INT(-7, SYSTEM_ERROR);
    CHECK_INT(-8, CARDTYPE_UNSUPPORTED);
    CHECK_INT(-9, NOT_INITIALIZED);
    CHECK_INT(-10, ILLEGAL_PARAM);
    CHECK_INT(-11, PROTO_UNSUPPORTED);
    CHECK_INT(-12, QRCODE_DUPLICATED);
    CHECK_TEXT("ANT00001", ANT_BUS_PAY);
    CHECK_INT(17, POSOFFLINE_UID_MIN);
    CHECK_INT(2048, POSOFFLINE_RECORD_MIN);
    CHECK_INT(17, POSOFFLINE_CARD_NO_MIN);
    CHECK_INT(65, POSOFFLINE_CARD_DATA_MIN);
    CHECK_INT(9, POSOFFLINE_CARD_TYPE_MIN);
    CHECK_INT(16, POSOFFLINE_VERSION_MIN);
    CHECK_INT(3072, POSOFFLINE_RECORD_MAX);
    CHECK_INT(1024, POSOFFLINE_POS_PARAM_MAX);
    CHECK_INT(16, POSOFFLINE_RECORD_KEY_MIN);
    CHECK_INT(64, POSOFFLINE_RECORD_KEY_MAX);
}

static void version(void) {
    static struct guard guard;
    char numbers[16];
    snprintf(numbers, sizeof numbers, "%d.%d.%d", POSOFFLINE_VERSION_MAJOR, POSOFFLINE_VERSION_MINOR,
        POSOFFLINE_VERSION_PATCH);
    CHECK_TEXT(POSOFFLINE_VERSION, numbers);
    CHECK_TEXT(POSOFFLINE_VERSION, get_version());
    CHECK(get_version() == get_version());
    CHECK(strlen(get_version()) < POSOFFLINE_VERSION_MIN);
    for (int capacity = 16; capacity <= 18; capacity++) {
        char *buffer = (char *)guard_buffer(&guard, (size_t)capacity);
        CHECK_INT(SUCCESS, get_libposoffline_version(buffer, capacity));
        CHECK_TEXT(POSOFFLINE_VERSION, buffer);
        CHECK(guard_front_is_untouched(&guard, (size_t)capacity));
    }
    static const int too_small[] = {15, 6, 1, 0, -1, -2147483647 - 1};
    for (size_t i = 0; i < COUNT_OF(too_small); i++) {
        set_context("version_len %d", too_small[i]);
        char *buffer = (char *)guard_buffer(&guard, 15);
        CHECK_INT(ILLEGAL_PARAM, get_libposoffline_version(buffer, too_small[i]));
        CHECK(guard_front_is_untouched(&guard, 0));
    }
    CHECK_INT(ILLEGAL_PARAM, get_libposoffline_version(NULL, 16));
    free_pos_verify();
    CHECK_TEXT(POSOFFLINE_VERSION, get_version());
}

static void key_ids(void) {
    static struct guard guard;
    for (int id = 0; id < 256; id++) {
        unsigned char head[3] = {2, (unsigned char)(255 - id), (unsigned char)id};
        CHECK_INT(id, get_key_id(guard_copy(&guard, head, 3)));
    }
    for (int version = 0; version < 256; version++) {
        unsigned char head[3] = {(unsigned char)version, 1, 7};
        set_context("version %d", version);
        CHECK_INT(version == 2 ? 7 : PROTO_UNSUPPORTED, get_key_id(guard_copy(&guard, head, 3)));
    }
    set_context("%s", "NULL");
    CHECK_INT(ILLEGAL_PARAM, get_key_id(NULL));
    free_pos_verify();
    unsigned char head[3] = {2, 1, 255};
    set_context("%s", "without initialisation");
    CHECK_INT(255, get_key_id(guard_copy(&guard, head, 3)));
}

static void prompts(void) {
    static const char *const expected[] = {"请上车", "无效码", "请刷新", "请刷新", "系统错误", "无效码", "网络异常",
        "网络异常", "无效码", "网络异常", "网络异常", "无效码", "请刷新"};
    for (int i = 0; i < 13; i++) {
        set_context("result %d", i ? -i : 1);
        CHECK_TEXT(expected[i], posoffline_prompt(i ? -i : SUCCESS));
    }
    static const int unknown[] = {0, 2, -13, -14, 100, -100, 2147483647, -2147483647 - 1};
    for (size_t i = 0; i < COUNT_OF(unknown); i++) {
        set_context("result %d", unknown[i]);
        CHECK(posoffline_prompt(unknown[i]) && posoffline_prompt(unknown[i])[0]);
        CHECK_TEXT(posoffline_strerror(0), posoffline_strerror(unknown[i]));
    }
}

static void explanations(void) {
    const char *texts[14];
    for (int i = 0; i < 14; i++) {
        int result = i == 0 ? SUCCESS : i == 13 ? 12345 : -i;
        texts[i] = posoffline_strerror(result);
        set_context("result %d", result);
        CHECK(texts[i] != NULL && strlen(texts[i]) > 5);
        if (!texts[i]) return;
        CHECK(texts[i] == posoffline_strerror(result)); /* static */
        for (const char *c = texts[i]; *c; c++) CHECK(*c >= 0x20 && *c < 0x7F);
        for (int j = 0; j < i; j++) CHECK(strcmp(texts[i], texts[j]) != 0);
    }
}

const struct test layout_tests[] = {
    {"structures have the sizes and offsets that firmware was compiled with", structures},
    {"structures and functions have the names and types of the contract", names_and_types},
    {"constants have the values of the contract", constants},
    {"the version is the header's, and is written where it fits", version},
    {"get_key_id reads three bytes and no more", key_ids},
    {"every result has the rider's prompt of the terminal standard", prompts},
    {"every result has an explanation of its own", explanations}, {0}};
