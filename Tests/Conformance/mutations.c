/* Good codes with one change: each prefix, each byte appended, each bit flipped, each length byte wrong. */
#include "harness.h"
#include "fixtures.h"

#include <string.h>

/* The reference's answer for bytes that differ from the good code and were never signed. */
static int expected(const struct code *good, const unsigned char *bytes, size_t count, uint32_t now) {
    struct fields f, original;
    model_parse(good->bytes, good->count, &original);
    int parsed = model_parse(bytes, count, &f);
    if (parsed != SUCCESS) return parsed;
    static const char types[][9] = {"CITY0001", "ANT00001", "\0\0\0\0\0\0\0\0", "S0JP0000", "TEST0001"};
    int is_listed = 0;
    for (size_t i = 0; i < COUNT_OF(types); i++) is_listed |= memcmp(f.credential + 61, types[i], 8) == 0;
    if (!is_listed) return CARDTYPE_UNSUPPORTED;
    /* Nothing has been accepted. Keys 0 and 1 are listed. */
    if (bytes[2] > 1) return ILLEGAL_PARAM;
    if (now > f.expiry) return QRCODE_KEY_EXPIRED;
    int issuer_signed = bytes[2] == good->bytes[2] && f.credential_count == original.credential_count &&
        memcmp(f.credential, original.credential, f.credential_count) == 0 &&
        f.issuer_signature_count == original.issuer_signature_count &&
        memcmp(f.issuer_signature, original.issuer_signature, f.issuer_signature_count) == 0;
    if (!issuer_signed) return MALFORMED_QRCODE;
    uint32_t distance = now > f.generated ? now - f.generated : f.generated - now;
    if (distance > f.window) return QRCODE_INFO_EXPIRED;
    return count == good->count && memcmp(bytes, good->bytes, count) == 0 ? SUCCESS : MALFORMED_QRCODE;
}

static struct code base;
static uint32_t base_time;
static long tried, by_result[16];

static void check_answers(const unsigned char *bytes, size_t count) {
    struct code code;
    code.count = count;
    memcpy(code.bytes, bytes, count);
    struct fields f;
    int wanted = expected(&base, bytes, count, base_time);
    int wanted_info = model_parse(bytes, count, &f);
    struct call call = call_with(&code);
    static struct answer answer;
    if (count == 0) wanted = wanted_info = ILLEGAL_PARAM;
    CHECK_INT(wanted_info, call_info(&call, &answer));
    CHECK_INT(wanted, call_verify(&call, &answer));
    tried++;
    by_result[wanted < 0 ? -wanted : 0]++;
}

/* Runs `mutate` on codes of different shapes. At the end the unchanged code must be accepted. */
static void over_codes(void (*mutate)(void)) {
    static const struct {
        const char *name;
        uint32_t now;
    } codes[] = {{"good", NOW}, {"plain", NOW + 600}, {"shortest", NOW - 600}, {"longest-both", NOW},
        {NULL, 1516167355}, {NULL, 1553094017 + 2573}};
    tried = 0;
    memset(by_result, 0, sizeof by_result);
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        base = codes[i].name ? fixture_code(codes[i].name) : code_of_hex(genuine_codes[codes[i].now > 1520000000]);
        base_time = codes[i].now;
        set_clock(base_time);
        free_pos_verify();
        const char *lists[] = {"[{\"key_id\":1,\"public_key\":\"" ISSUER_1
                               "\"},{\"key_id\":0,\"public_key\":\"" ISSUER_0 "\"}]",
            "[{\"key_id\":1,\"public_key\":\"" ISSUER_1 "\"},{\"key_id\":0,\"public_key\":\"" GENUINE_ISSUER "\"}]"};
        CHECK_INT(SUCCESS, init(lists[codes[i].name == NULL], "[\"CITY0001\",\"ANT00001\",\"S0JP0000\",\"TEST0001\"]"));
        mutate();
        set_context("code %d itself", (int)i);
        CHECK_INT(0, by_result[0]);
        CHECK_INT(SUCCESS, verify(&base));
    }
}

static void prefixes(void) {
    for (size_t count = 0; count < base.count; count++) {
        set_context("the first %zu of %zu bytes", count, base.count);
        check_answers(base.bytes, count);
    }
}

static void appended(void) {
    struct code longer = base;
    for (int byte = 0; byte < 256; byte++) {
        longer.bytes[base.count] = (unsigned char)byte;
        set_context("byte %02x behind", (unsigned)byte);
        check_answers(longer.bytes, base.count + 1);
    }
    for (size_t more = 2; more < 300; more += 13) {
        memset(longer.bytes + base.count, 0, more);
        set_context("%zu bytes behind", more);
        check_answers(longer.bytes, base.count + more);
    }
}

static void flipped(void) {
    struct code changed = base;
    for (size_t bit = 0; bit < 8 * base.count; bit++) {
        changed.bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        set_context("bit %zu of byte %zu", bit % 8, bit / 8);
        check_answers(changed.bytes, changed.count);
        changed.bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
}

static void each_byte(void) {
    static const unsigned char values[] = {0x00, 0x01, 0x20, 0x30, 0x7F, 0x80, 0xFF};
    struct code changed = base;
    for (size_t i = 0; i < base.count; i++) {
        for (size_t j = 0; j < sizeof values; j++) {
            if (base.bytes[i] == values[j]) continue;
            changed.bytes[i] = values[j];
            set_context("byte %zu is %02x", i, values[j]);
            check_answers(changed.bytes, changed.count);
        }
        changed.bytes[i] = base.bytes[i];
    }
}

static void lengths(void) {
    struct fields f;
    CHECK_INT(SUCCESS, model_parse(base.bytes, base.count, &f));
    const unsigned char *const places[] = {base.bytes + 3, f.card_no - 1, f.card_data - 1, f.issuer_signature - 1,
        base.bytes + f.signed_count - 5, f.user_signature - 1,
        /* and those within the signatures: the sequence, r, s */
        f.issuer_signature + 1, f.issuer_signature + 3, f.issuer_signature + 5 + f.issuer_signature[3],
        f.user_signature + 1, f.user_signature + 3, f.user_signature + 5 + f.user_signature[3]};
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        size_t at = (size_t)(places[i] - base.bytes);
        for (int value = 0; value < 256; value++) {
            if (value == base.bytes[at]) continue;
            struct code changed = base;
            changed.bytes[at] = (unsigned char)value;
            set_context("length at %zu is %d and not %d", at, value, base.bytes[at]);
            check_answers(changed.bytes, changed.count);
        }
    }
}

/* One byte out, one byte in, two neighbours exchanged. */
static void shifted(void) {
    for (size_t i = 0; i < base.count; i++) {
        struct code changed = base;
        memmove(changed.bytes + i, changed.bytes + i + 1, base.count - i - 1);
        set_context("without byte %zu", i);
        check_answers(changed.bytes, base.count - 1);
        changed = base;
        memmove(changed.bytes + i + 1, base.bytes + i, base.count - i);
        set_context("byte %zu twice", i);
        check_answers(changed.bytes, base.count + 1);
        changed = base;
        if (i == 0 || base.bytes[i] == base.bytes[i - 1]) continue;
        changed.bytes[i] = base.bytes[i - 1];
        changed.bytes[i - 1] = base.bytes[i];
        set_context("bytes %zu and %zu exchanged", i - 1, i);
        check_answers(changed.bytes, base.count);
    }
}

static void all_prefixes(void) {
    over_codes(prefixes);
    CHECK(tried > 1500 && by_result[1] > 1400);
}
static void all_appended(void) {
    over_codes(appended);
    CHECK_INT(tried, by_result[1]);
}
static void all_flipped(void) {
    over_codes(flipped);
    /* Each kind of answer occurred. */
    CHECK(by_result[1] > 5000 && by_result[2] > 20 && by_result[3] > 20 && by_result[8] > 50 && by_result[10] > 20 &&
        by_result[11] >= 48);
}
static void all_bytes(void) { over_codes(each_byte); }
static void all_lengths(void) { over_codes(lengths); }
static void all_shifted(void) { over_codes(shifted); }

const struct test mutation_tests[] = {{"no prefix of a code passes", all_prefixes},
    {"no byte may follow a code", all_appended}, {"no bit of a code may change", all_flipped},
    {"no byte of a code may change", all_bytes}, {"no length in a code may change", all_lengths},
    {"no byte of a code may be lost, doubled or exchanged", all_shifted}, {0}};
