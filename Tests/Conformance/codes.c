/* The format of a code (sections 2 and 3), and the limits of each field. */
#include "harness.h"
#include "fixtures.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static struct answer answer;

static void check_values(const struct code *code, int has_card) {
    struct fields f;
    CHECK_INT(SUCCESS, model_parse(code->bytes, code->count, &f));
    CHECK_INT(16, answer.len[UID]);
    CHECK_BYTES(f.credential, answer.value[UID], 16);
    if (!has_card) return;
    CHECK_INT((long long)f.card_no_count, answer.len[CARD_NO]);
    CHECK_BYTES(f.card_no, answer.value[CARD_NO], f.card_no_count);
    CHECK_INT((long long)f.card_data_count, answer.len[CARD_DATA]);
    CHECK_BYTES(f.card_data, answer.value[CARD_DATA], f.card_data_count);
    int is_plain = f.credential[61] == 0;
    CHECK_INT(is_plain ? 0 : 8, answer.len[CARD_TYPE]);
    if (!is_plain) CHECK_BYTES(f.credential + 61, answer.value[CARD_TYPE], 8);
}

/* The reference's answer for some seven hundred codes, each on a fresh terminal. */
static void all_fixtures(void) {
    int accepted = 0, refused = 0;
    for (size_t i = 0; i < FIXTURE_COUNT; i++) {
        struct code code = code_of_hex(fixtures[i].hex);
        struct call call = call_with(&code);
        set_context("%s", fixtures[i].name);
        start_terminal();
        CHECK_INT(fixtures[i].info, call_info(&call, &answer));
        if (fixtures[i].info == SUCCESS) check_values(&code, 1);
        CHECK_INT(fixtures[i].verify, call_verify(&call, &answer));
        if (fixtures[i].verify == SUCCESS) {
            check_values(&code, 1);
            check_record(&answer, &call, NOW, DEVELOPMENT_KEY, strlen(DEVELOPMENT_KEY));
            CHECK_INT(QRCODE_DUPLICATED, call_verify(&call, &answer));
            accepted++;
        } else {
            CHECK_INT(fixtures[i].verify, call_verify(&call, &answer));
            refused++;
        }
    }
    set_context("%s", "how many there were");
    CHECK_INT(FIXTURE_COUNT, accepted + refused);
    CHECK(accepted > 350 && refused > 250);
}

/* The model that the mutations rely on agrees with what fixtures.h says. */
static void model(void) {
    for (size_t i = 0; i < FIXTURE_COUNT; i++) {
        struct code code = code_of_hex(fixtures[i].hex);
        struct fields f;
        set_context("%s", fixtures[i].name);
        CHECK_INT(fixtures[i].info, model_parse(code.bytes, code.count, &f));
    }
    unsigned char digest[32];
    static const unsigned char one[] = {0xA9, 0x99, 0x3E, 0x36, 0x47, 0x06, 0x81, 0x6A, 0xBA, 0x3E, 0x25, 0x71, 0x78,
        0x50, 0xC2, 0x6C, 0x9C, 0xD0, 0xD8, 0x9D};
    static const unsigned char two[] = {0xBA, 0x78, 0x16, 0xBF, 0x8F, 0x01, 0xCF, 0xEA, 0x41, 0x41, 0x40, 0xDE, 0x5D,
        0xAE, 0x22, 0x23, 0xB0, 0x03, 0x61, 0xA3, 0x96, 0x17, 0x7A, 0x9C, 0xB4, 0x10, 0xFF, 0x61, 0xF2, 0x00, 0x15,
        0xAD};
    static const unsigned char rfc4231[] = {0x5B, 0xDC, 0xC1, 0x46, 0xBF, 0x60, 0x75, 0x4E, 0x6A, 0x04, 0x24, 0x26,
        0x08, 0x95, 0x75, 0xC7, 0x5A, 0x00, 0x3F, 0x08, 0x9D, 0x27, 0x39, 0x83, 0x9D, 0xEC, 0x58, 0xB9, 0x64, 0xEC,
        0x38, 0x43};
    sha1("abc", 3, digest);
    CHECK_BYTES(one, digest, 20);
    sha256("abc", 3, digest);
    CHECK_BYTES(two, digest, 32);
    hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, digest);
    CHECK_BYTES(rfc4231, digest, 32);
}

/* Each call, with every number set by hand. */
static int verify_at(const struct code *code, long long now) {
    struct call call = call_with(code);
    free_pos_verify();
    CHECK_INT(SUCCESS,
        init("[{\"key_id\":1,\"public_key\":\"" ISSUER_1 "\"},{\"key_id\":0,\"public_key\":\"" GENUINE_ISSUER "\"}]",
            "[\"CITY0001\",\"S0JP0000\",\"TEST0001\"]"));
    set_clock(now);
    set_context("now %lld", now);
    return call_verify(&call, &answer);
}

static void genuine(void) {
    static const struct {
        long long generated, expiry;
        int window, quota;
        const char *uid, *type, *number, *data;
    } facts[] = {{1516167355, 1541897355, 2573, 2573, "2088302234037954", "S0JP0000", "00000001", "1234567890"},
        {1553094017, 1578824017, 2573, 2573, "2088202914980775", "TEST0001", "2088202914980775", ""}};
    for (size_t i = 0; i < COUNT_OF(genuine_codes); i++) {
        struct code code = code_of_hex(genuine_codes[i]);
        long long generated = facts[i].generated, window = facts[i].window, expiry = facts[i].expiry;
        CHECK_INT(QRCODE_INFO_EXPIRED, verify_at(&code, generated - window - 1));
        const long long good[] = {generated - window, generated - 1, generated, generated + 1, generated + window};
        for (size_t j = 0; j < COUNT_OF(good); j++) {
            CHECK_INT(SUCCESS, verify_at(&code, good[j]));
            CHECK_TEXT(facts[i].uid, (char *)answer.value[UID]);
            CHECK_TEXT(facts[i].type, (char *)answer.value[CARD_TYPE]);
            CHECK_TEXT(facts[i].number, (char *)answer.value[CARD_NO]);
            unsigned char data[65];
            size_t count = bytes_of_hex(facts[i].data, data, sizeof data);
            CHECK_INT((long long)count, answer.len[CARD_DATA]);
            CHECK_BYTES(data, answer.value[CARD_DATA], count);
            struct call call = call_with(&code);
            check_record(&answer, &call, (uint32_t)good[j], DEVELOPMENT_KEY, strlen(DEVELOPMENT_KEY));
        }
        CHECK_INT(QRCODE_INFO_EXPIRED, verify_at(&code, generated + window + 1));
        CHECK_INT(QRCODE_INFO_EXPIRED, verify_at(&code, expiry));
        CHECK_INT(QRCODE_KEY_EXPIRED, verify_at(&code, expiry + 1));

        set_context("%s", "the quota");
        struct call call = call_with(&code);
        verify_at(&code, generated + window + 1);
        set_clock(generated);
        call.amount = facts[i].quota + 1;
        CHECK_INT(QUOTA_EXCEEDED, call_verify(&call, &answer));
        call.amount = facts[i].quota;
        CHECK_INT(SUCCESS, call_verify(&call, &answer));

        set_context("%s", "the other entry points");
        CHECK_INT(0, get_key_id(code.bytes));
        free_pos_verify();
        call.key = GENUINE_ISSUER;
        CHECK_INT(SUCCESS, call_legacy(&call, &answer));
        CHECK_TEXT(facts[i].uid, (char *)answer.value[UID]);
    }
}

static void published_keys_load(void) {
    static char list[COUNT_OF(published_keys) * 120];
    size_t at = 0;
    for (size_t i = 0; i < COUNT_OF(published_keys); i++)
        at +=
            (size_t)sprintf(list + at, "%s{\"key_id\":%zu,\"public_key\":\"%s\"}", i ? "," : "[", i, published_keys[i]);
    strcpy(list + at, "]");
    CHECK_INT(32, COUNT_OF(published_keys));
    CHECK_INT(SUCCESS, init(list, "[\"S0JP0000\"]"));
    /* The codes were made under key id 0 with the key that is now 6: under this list they are forged. */
    struct code code = code_of_hex(genuine_codes[0]);
    struct call call = call_with(&code);
    set_clock(1516167355);
    CHECK_INT(MALFORMED_QRCODE, call_verify(&call, &answer));
    call.key = published_keys[6];
    CHECK_INT(SUCCESS, call_legacy(&call, &answer));
}

static void ends_of_time(void) {
    static const struct {
        const char *fixture;
        long long now;
        int expected;
    } table[] = {{"time-0", 0, SUCCESS}, {"time-0", 600, SUCCESS}, {"time-0", 601, QRCODE_INFO_EXPIRED},
        {"time-100", 0, SUCCESS}, {"time-100", 700, SUCCESS}, {"time-100", 701, QRCODE_INFO_EXPIRED},
        {"time-0", 1000, QRCODE_INFO_EXPIRED}, {"time-0", 1001, QRCODE_KEY_EXPIRED}, {"time-expiry-0", 0, SUCCESS},
        {"time-expiry-0", 1, QRCODE_KEY_EXPIRED}, {"good", NOW - 600, SUCCESS},
        {"good", NOW - 601, QRCODE_INFO_EXPIRED}, {"good", NOW + 600, SUCCESS},
        {"good", NOW + 601, QRCODE_INFO_EXPIRED}, {"good", 0, QRCODE_INFO_EXPIRED},
        {"good", NOW + 7 * 86400, QRCODE_INFO_EXPIRED}, {"good", NOW + 7 * 86400 + 1, QRCODE_KEY_EXPIRED},
        {"good", 2147483647, QRCODE_KEY_EXPIRED},
        /* A clock past 2038 needs a wide time_t. */
        {"time-last", 4294967295, SUCCESS}, {"time-last", 4294966695, SUCCESS},
        {"time-last", 4294966694, QRCODE_INFO_EXPIRED}, {"time-near-last", 4294967295, SUCCESS},
        {"time-near-last", 4294966595, SUCCESS}, {"time-near-last", 4294966594, QRCODE_INFO_EXPIRED},
        {"time-last", 2147483648, QRCODE_INFO_EXPIRED}};
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        if (table[i].now > 2147483647 && !WIDE_CLOCK) continue;
        struct code code = fixture_code(table[i].fixture);
        CHECK_INT(table[i].expected, verify_at(&code, table[i].now));
        set_context("%s at %lld", table[i].fixture, table[i].now);
        if (table[i].expected == SUCCESS) CHECK_INT(QRCODE_DUPLICATED, verify(&code));
    }
}

/* get_qrcode_info checks the format only. */
static void information_only(void) {
    static const char *const names[] = {"type-not-listed", "key-not-listed", "expiry-zero", "generated-never",
        "user-sig-empty", "issuer-sig-0-0", "user-key-zeros", "quota-0", "good"};
    set_clock(-1);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct code code = fixture_code(names[i]);
        set_context("%s", names[i]);
        for (int again = 0; again < 3; again++) CHECK_INT(SUCCESS, info(&code));
    }
    set_clock(NOW);
    CHECK_INT(SUCCESS, verify_named("good"));
    struct code code = fixture_code("good");
    CHECK_INT(SUCCESS, info(&code));
    free_pos_verify();
    CHECK_INT(NOT_INITIALIZED, info(&code));
}

/* Card types are compared as a whole. ANT00001 stands for both of its encodings. */
static void card_types(void) {
    static const struct {
        const char *list, *fixture;
        int expected;
    } table[] = {{"[\"ANT00001\"]", "plain", SUCCESS}, {"[\"ANT00001\"]", "spelled", SUCCESS},
        {"[\"ANT00001\"]", "good", CARDTYPE_UNSUPPORTED}, {"[\"CITY0001\"]", "good", SUCCESS},
        {"[\"CITY0001\"]", "plain", CARDTYPE_UNSUPPORTED}, {"[\"CITY0001\"]", "spelled", CARDTYPE_UNSUPPORTED},
        {"[\"CITY0002\"]", "good", CARDTYPE_UNSUPPORTED}, {"[\"XITY0001\"]", "good", CARDTYPE_UNSUPPORTED},
        {"[\"city0001\"]", "good", CARDTYPE_UNSUPPORTED}, {"[\"city0001\"]", "type-in-lower-case", SUCCESS},
        {"[\"ANT00002\"]", "plain", CARDTYPE_UNSUPPORTED}, {"[\"        \"]", "plain", CARDTYPE_UNSUPPORTED},
        {"[\"TAXI0001\",\"CITY0002\",\"CITY0001\",\"ANT00002\"]", "good", SUCCESS},
        {"[\"CITY0001\",\"CITY0001\"]", "good", SUCCESS}, {"[\"~ CITY 2\"]", "type-with-space", SUCCESS}};
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        free_pos_verify();
        CHECK_INT(SUCCESS, init(KEY_LIST, table[i].list));
        CHECK_INT(table[i].expected, verify_named(table[i].fixture));
        set_context("%s with %s", table[i].fixture, table[i].list);
    }
}

const struct test code_tests[] = {{"the suite's own model agrees with the fixtures", model},
    {"every fixture gets the answer of the reference", all_fixtures},
    {"genuine codes pass within their time, with all their values", genuine},
    {"the published key list loads", published_keys_load},
    {"windows and expiry hold at the ends of time", ends_of_time}, {"get_qrcode_info only reads", information_only},
    {"card types are compared whole", card_types}, {0}};
