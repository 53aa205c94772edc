/* verify_qrcode: the same decision, with the caller's key. */
#include "harness.h"
#include "fixtures.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static struct answer answer;

static void without_initialisation(void) {
    free_pos_verify();
    struct code code = fixture_code("good");
    struct call call = call_with(&code);
    CHECK_INT(SUCCESS, call_legacy(&call, &answer));
    CHECK_TEXT("2088000000000001", (char *)answer.value[UID]);
    check_record(&answer, &call, NOW, DEVELOPMENT_KEY, strlen(DEVELOPMENT_KEY));
    CHECK_INT(QRCODE_DUPLICATED, call_legacy(&call, &answer));
    CHECK_INT(NOT_INITIALIZED, verify(&code));
    CHECK_INT(NOT_INITIALIZED, info(&code));
    free_pos_verify();
    CHECK_INT(SUCCESS, call_legacy(&call, &answer));
}

static void shared_memory(void) {
    struct code one = fixture_code("good"), two = fixture_code("plain");
    free_pos_verify();
    CHECK_INT(SUCCESS, legacy(&one));
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
    CHECK_INT(QRCODE_DUPLICATED, verify(&one));
    CHECK_INT(SUCCESS, verify(&two));
    CHECK_INT(QRCODE_DUPLICATED, legacy(&two));
    CHECK_INT(QRCODE_DUPLICATED, legacy(&one));
}

static void ignores(void) {
    static const char *const fixture[] = {"type-not-listed", "type-in-lower-case", "key-not-listed", "key-of-another",
        "plain", "key-9"};
    for (size_t i = 0; i < COUNT_OF(fixture); i++) {
        struct code code = fixture_code(fixture[i]);
        set_context("%s", fixture[i]);
        start_terminal();
        CHECK_INT(SUCCESS, legacy(&code));
    }
}

static void keys(void) {
    struct code code = fixture_code("good");
    char lower[67], mixed[67], cut[67], odd[70];
    for (int i = 0; i < 67; i++) lower[i] = (char)tolower((unsigned char)ISSUER_1[i]);
    for (int i = 0; i < 67; i++) mixed[i] = i % 2 ? lower[i] : ISSUER_1[i];
    strcpy(cut, ISSUER_1);
    cut[65] = '\0';
    sprintf(odd, "%s0", ISSUER_1);
    char longer[70], spaced[70], with_0x[70], bad_digit[67], negated[67];
    sprintf(longer, "%s00", ISSUER_1);
    sprintf(spaced, " %s", ISSUER_1);
    sprintf(with_0x, "0x%s", ISSUER_1);
    strcpy(bad_digit, ISSUER_1);
    bad_digit[40] = 'G';
    strcpy(negated, ISSUER_1);
    negated[1] = (char)(negated[1] == '2' ? '3' : '2');
    char prefixed[67];
    strcpy(prefixed, ISSUER_1);
    prefixed[1] = '4';
    const struct {
        const char *name, *key;
        int expected;
    } table[] = {{"as it is", ISSUER_1, SUCCESS}, {"lower case", lower, SUCCESS}, {"mixed case", mixed, SUCCESS},
        {"empty", "", ILLEGAL_PARAM}, {"65 digits", cut, ILLEGAL_PARAM}, {"67 digits", odd, ILLEGAL_PARAM},
        {"68 digits", longer, ILLEGAL_PARAM}, {"space in front", spaced, ILLEGAL_PARAM}, {"0x", with_0x, ILLEGAL_PARAM},
        {"no digit", bad_digit, ILLEGAL_PARAM}, {"prefix 04", prefixed, ILLEGAL_PARAM},
        {"uncompressed", KEY_UNCOMPRESSED, ILLEGAL_PARAM}, {"not on the curve", KEY_NOT_ON_CURVE, ILLEGAL_PARAM},
        {"x is p", KEY_WITH_X_P, ILLEGAL_PARAM}, {"x above p", KEY_WITH_THE_SAME_X_AND_P, ILLEGAL_PARAM},
        {"another key", ISSUER_2, MALFORMED_QRCODE}, {"the negative key", negated, MALFORMED_QRCODE},
        {"a key with a small x", KEY_WITH_SMALL_X, MALFORMED_QRCODE}};
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        start_terminal();
        struct call call = call_with(&code);
        call.key = table[i].key;
        set_context("key %s", table[i].name);
        CHECK_INT(table[i].expected, call_legacy(&call, &answer));
        call.key = ISSUER_1;
        CHECK_INT(table[i].expected == SUCCESS ? QRCODE_DUPLICATED : SUCCESS, call_legacy(&call, &answer));
    }
    /* A key that is not hex is an argument's fault, which is reported before the code's format. A key that is hex but not a
     * point is reported where verify_qrcode_v2 looks up the key id. */
    struct call call = call_with(&code);
    start_terminal();
    code.bytes[0] = 1;
    call.key = cut;
    CHECK_INT(ILLEGAL_PARAM, call_legacy(&call, &answer));
    call.key = KEY_NOT_ON_CURVE;
    CHECK_INT(PROTO_UNSUPPORTED, call_legacy(&call, &answer));
}

static void every_fixture(void) {
    for (size_t i = 0; i < FIXTURE_COUNT; i++) {
        struct code code = code_of_hex(fixtures[i].hex);
        struct fields f;
        int expected = fixtures[i].verify;
        /* With the key of the code's id; the id itself does not matter. */
        if (model_parse(code.bytes, code.count, &f) == SUCCESS && code.bytes[2] != 1) continue;
        if (expected == CARDTYPE_UNSUPPORTED) expected = SUCCESS;
        set_context("%s", fixtures[i].name);
        free_pos_verify();
        CHECK_INT(expected, legacy(&code));
    }
}

const struct test legacy_tests[] = {{"verify_qrcode needs no initialisation", without_initialisation},
    {"verify_qrcode shares the replay memory", shared_memory}, {"verify_qrcode ignores card type and key id", ignores},
    {"verify_qrcode takes 66 hex digits that are a point", keys},
    {"verify_qrcode decides like verify_qrcode_v2", every_fixture}, {0}};
