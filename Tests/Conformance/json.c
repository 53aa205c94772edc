/* The lists of init_pos_verify (section 5): strict RFC 8259, good and bad texts side by side. */
#include "harness.h"
#include "fixtures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY(id, digits) "{\"key_id\":" id ",\"public_key\":\"" digits "\"}"
#define GOOD KEY("1", ISSUER_1)
#define WITH(member) "[{\"key_id\":1,\"public_key\":\"" ISSUER_1 "\"," member "}]"
#define VALUE(value) WITH("\"x\":" value)

/* Whether key 1 and CITY0001 are in force. The amount exceeds the quota, so that the code is not marked as used. */
static int in_force(const char *name) {
    static struct answer answer;
    struct code code = fixture_code(name);
    struct call call = call_with(&code);
    call.amount = 65536;
    return call_verify(&call, &answer) == QUOTA_EXCEEDED;
}

static void takes(const char *keys, const char *types) {
    free_pos_verify();
    set_context("%.200s / %.100s", keys, types);
    CHECK_INT(SUCCESS, init(keys, types));
    CHECK(in_force("good"));
}

/* Refused by a terminal that was never initialised, and by one that was and then works as before. */
static void refuses(const char *keys, const char *types) {
    free_pos_verify();
    set_context("%.200s / %.100s", keys, types);
    CHECK_INT(ILLEGAL_PARAM, init(keys, types));
    CHECK_INT(NOT_INITIALIZED, info(&(struct code){1, {2}}));
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
    CHECK_INT(ILLEGAL_PARAM, init(keys, types));
    CHECK(in_force("key-7") && in_force("plain"));
}

static const char *const good_values[] = {"null", "true", "false", "0", "-0", "7", "-1", "10", "1.5", "-0.0", "0.00",
    "1e5", "1E5", "1e+5", "1e-5", "-1.25E-10", "12345678901234567890123456789012345678901234567890", "1e999", "\"\"",
    "\"text\"", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\u0000\"", "\"\\uFFFF\"", "\"\\uD83D\\uDE00\"",
    "\"\\udbff\\udfff\"", "\"\\u00e9\\u00E9\"", "\"\x7F\"", "\"\xC2\x80\"", "\"\xDF\xBF\"", "\"\xE0\xA0\x80\"",
    "\"\xED\x9F\xBF\"", "\"\xEE\x80\x80\"", "\"\xEF\xBF\xBF\"", "\"\xF0\x90\x80\x80\"", "\"\xF4\x8F\xBF\xBF\"",
    "\"\xE4\xBA\x8C\xE7\xBB\xB4\"", "[]", "[ ]", "{}", "{ }", "[[]]", "[{}]", "[1,2,3]", "[1,\"a\",null,true,[],{}]",
    "{\"a\":1}", "{\"a\":{\"b\":[{\"c\":null}]}}", "{\"a\":1,\"a\":2}", "{\"key_id\":2}", "{\"\":0}", "[\t1\n,\r2 ]",
    "[-0,-1.0]"};

static const char *const bad_values[] = {"", "nul", "nulll", "NULL", "Null", "True", "TRUE", "tru", "fals", "NaN",
    "-NaN", "Infinity", "-Infinity", "undefined", "+1", "-", "--1", "01", "-01", "00", "1.", ".5", "-.5", "1.e5", "1e",
    "1e+", "1e-", "1e1.5", "1E", "0x1", "1_000", "1 2", "1,", ",1", "'a'", "a", "\"", "\"a", "a\"", "\"a\"b",
    "\"a\"\"b\"", "\"\\\"", "\"\\x41\"", "\"\\u\"", "\"\\u1\"", "\"\\u12\"", "\"\\u123\"", "\"\\u12G4\"", "\"\\u 123\"",
    "\"\\u-123\"", "\"\\U0041\"", "\"\\'\"", "\"\\0\"", "\"\\a\"", "\"\\\n\"", "\"\x01\"", "\"\x1F\"", "\"\t\"",
    "\"\n\"", "\"\r\"", "\"\\uD800\"", "\"\\uDBFF\"", "\"\\uDC00\"", "\"\\uDFFF\"", "\"\\uD800\\u0041\"",
    "\"\\uD800x\"", "\"\\uD800\\n\"", "\"\\uD800\\uD800\"", "\"\\uDC00\\uD800\"", "\"\\uD800\\uE000\"", "\"\\uD800\\\"",
    "\"\\uD800\\u\"", "\"\\uD800\\uDC0\"", "\"\x80\"", "\"\xBF\"", "\"\xC0\x80\"", "\"\xC1\xBF\"", "\"\xC2\"",
    "\"\xC2\x7F\"", "\"\xC3(\"", "\"\xC2\xC0\"", "\"\xE0\x80\x80\"", "\"\xE0\x9F\xBF\"", "\"\xE0\xA0\"",
    "\"\xED\xA0\x80\"", "\"\xED\xBF\xBF\"", "\"\xE4\xBA\"", "\"\xE4\xBA(\"", "\"\xF0\x80\x80\x80\"",
    "\"\xF0\x8F\xBF\xBF\"", "\"\xF0\x90\x80\"", "\"\xF0\x90\x80(\"", "\"\xF4\x90\x80\x80\"", "\"\xF5\x80\x80\x80\"",
    "\"\xFE\"", "\"\xFF\"", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[,]", "[1 2]", "[1,,2]", "[1:2]", "[}", "[1}", "{",
    "}", "{]", "{\"a\"}", "{\"a\":}", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,\"a\":1}", "{\"a\",1}", "{\"a\" 1}",
    "{\"a\"::1}", "{a:1}", "{1:1}", "{null:1}", "{'a':1}", "{\"a\":1 \"b\":2}", "{\"a\":1,,\"b\":2}", "{\"a\":1]",
    "{\"\\uD800\":1}", "{\"\x80\":1}", "{\"\t\":1}", "/**/1", "1/**/", "1//", "#1", "\v1", "\f1",
    "\xC2\xA0"
    "1",
    "1\v",
    "\xEF\xBB\xBF"
    "1",
    "1;", "@", "\x01", "\x7F", "\xFF"};

static void any_value(void) {
    char text[400];
    for (size_t i = 0; i < COUNT_OF(good_values); i++) {
        sprintf(text, VALUE("%s"), good_values[i]);
        takes(text, CARD_TYPES);
        sprintf(text, "[{\"x\": %s ,\"public_key\":\"" ISSUER_1 "\",\"key_id\":1}]", good_values[i]);
        takes(text, CARD_TYPES);
    }
    for (size_t i = 0; i < COUNT_OF(bad_values); i++) {
        sprintf(text, VALUE("%s"), bad_values[i]);
        refuses(text, CARD_TYPES);
        sprintf(text, "[{\"x\":%s,\"public_key\":\"" ISSUER_1 "\",\"key_id\":1}]", bad_values[i]);
        refuses(text, CARD_TYPES);
    }
}

static void key_lists(void) {
    static const char *const good[] = {"[" GOOD "]", "[" GOOD "," KEY("2", ISSUER_2) "]",
        "[" KEY("2", ISSUER_2) "," GOOD "]",
        " \t\r\n[ \t\r\n{ \t\r\n\"key_id\" \t\r\n: \t\r\n1 \t\r\n, \t\r\n\"public_key\" \t\r\n: \t\r\n\"" ISSUER_1
        "\" \t\r\n} \t\r\n] \t\r\n",
        "[{\"public_key\":\"" ISSUER_1 "\",\"key_id\":1}]", "[{\"key\\u005fid\":1,\"public_key\":\"" ISSUER_1 "\"}]",
        "[{\"\\u006B\\u0065\\u0079\\u005F\\u0069\\u0064\":1,\"publi\\u0063_key\":\"" ISSUER_1 "\"}]",
        "[{\"key_id\":1,\"public_key\":\"\\u0030"
        "2160FD75BD7265A4F4DE7F0A8BDA7B8E4F0CFEB0E9CE93E66FBDF26BE5FD5AAF\\u0043\"}]",
        "[" GOOD "," GOOD "]", "[" GOOD ",{\"key_id\":2,\"public_key\":\"" ISSUER_1 "\"}]",
        "[" KEY("0", ISSUER_0) "," KEY("255", ISSUER_255) "," GOOD "]", WITH("\"Key_id\":2"), WITH("\"key_id \":2"),
        WITH("\" key_id\":2"), WITH("\"key_idx\":2"), WITH("\"key_i\":2"), WITH("\"key_id\\u0000\":2"),
        WITH("\"\\u0000key_id\":2"), WITH("\"KEY_ID\":\"x\""), WITH("\"public_key_\":0"), WITH("\"\":1"),
        WITH("\"a-very-long-name-that-nobody-has-thought-of-yet\":1"), WITH("\"x\":1,\"x\":2"),
        "[" GOOD ",{\"key_id\":3,\"public_key\":\"" KEY_WITH_SMALL_X "\"}]"};
    static const char *const bad[] = {"", " ", "\n", "[", "]", "[]", "[ ]", "{}", "null", "true", "1", "\"\"", "[null]",
        "[1]", "[\"\"]", "[[]]", "[{}]", "[" GOOD, GOOD, GOOD "]", "[" GOOD "}", "{\"keys\":[" GOOD "]}",
        "[[" GOOD "]]", "[" GOOD ",]", "[," GOOD "]", "[" GOOD ",," GOOD "]", "[" GOOD GOOD "]",
        "[" GOOD " " KEY("2", ISSUER_2) "]", "[" GOOD ",{}]", "[" GOOD ",null]", "[" GOOD ",1]", "[" GOOD ",[]]",
        "[" GOOD "]x", "[" GOOD "]]", "[" GOOD "],", "[" GOOD "][]", "[" GOOD "] 1", "[" GOOD "]\v",
        "[" GOOD "]\xC2\xA0", "[" GOOD "]\xFF", "\xEF\xBB\xBF[" GOOD "]", "\xFE\xFF[" GOOD "]", "\f[" GOOD "]",
        "/**/[" GOOD "]", "[" GOOD "]//", "x[" GOOD "]", "[{\"key_id\":1}]", "[{\"public_key\":\"" ISSUER_1 "\"}]",
        "[{\"key_id\":1,\"public_key\":\"" ISSUER_1 "\",}]", "[{,\"key_id\":1,\"public_key\":\"" ISSUER_1 "\"}]",
        "[{\"key_id\":1 \"public_key\":\"" ISSUER_1 "\"}]", "[{\"key_id\":1,,\"public_key\":\"" ISSUER_1 "\"}]",
        "[{\"key_id\" 1,\"public_key\":\"" ISSUER_1 "\"}]", "[{\"key_id\"=1,\"public_key\":\"" ISSUER_1 "\"}]",
        "[{key_id:1,public_key:\"" ISSUER_1 "\"}]", "[{'key_id':1,'public_key':'" ISSUER_1 "'}]",
        "[{\"Key_id\":1,\"public_key\":\"" ISSUER_1 "\"}]", "[{\"key_id\\u0000\":1,\"public_key\":\"" ISSUER_1 "\"}]",
        "[{\"\\u0000key_id\":1,\"public_key\":\"" ISSUER_1 "\"}]", "[{\"key_id\":1,\"public_ke\":\"" ISSUER_1 "\"}]",
        "[{\"key_id\":1,\"public_key \":\"" ISSUER_1 "\"}]",
        /* the same id with different keys */
        "[" GOOD "," KEY("1", ISSUER_2) "]", "[" KEY("1", ISSUER_2) "," GOOD "]",
        "[" GOOD "," KEY("2", ISSUER_2) "," KEY("7", ISSUER_7) "," KEY("2", ISSUER_0) "]"};
    for (size_t i = 0; i < COUNT_OF(good); i++) takes(good[i], CARD_TYPES);
    for (size_t i = 0; i < COUNT_OF(bad); i++) refuses(bad[i], CARD_TYPES);
    set_context("%s", "each key under its own id");
    CHECK_INT(SUCCESS, init("[" GOOD "," KEY("2", ISSUER_2) "," KEY("0", ISSUER_0) "]", CARD_TYPES));
    CHECK(in_force("good") && in_force("key-2") && in_force("key-0"));
    CHECK_INT(ILLEGAL_PARAM, verify_named("key-7"));
    CHECK_INT(SUCCESS, init("[" GOOD "," KEY("2", ISSUER_1) "]", CARD_TYPES));
    CHECK_INT(MALFORMED_QRCODE, verify_named("key-2"));
}

static void same_key_in_either_case(void) {
    char text[400];
    char lower[67];
    for (int i = 0; i < 67; i++)
        lower[i] = (char)(ISSUER_1[i] >= 'A' && ISSUER_1[i] <= 'F' ? ISSUER_1[i] + 32 : ISSUER_1[i]);
    sprintf(text, "[" GOOD "," KEY("1", "%s") "]", lower);
    takes(text, CARD_TYPES);
    sprintf(text, "[" KEY("1", "%s") "]", lower);
    takes(text, CARD_TYPES);
}

static void key_ids(void) {
    static const char *const bad[] = {"-1", "-255", "256", "257", "1000", "65537", "4294967297", "18446744073709551617",
        "99999999999999999999999999", "1.5", "0.5", "1e3", "1e400", "01", "001", "+1", "\"1\"", "\"\"", "true", "null",
        "[1]", "{}", "{\"key_id\":1}", "0x1", "", "-", "1-", "1 1", "NaN", "340282366920938463463374607431768211457"};
    char text[400];
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        sprintf(text, "[" KEY("%s", ISSUER_1) "]", bad[i]);
        refuses(text, CARD_TYPES);
        sprintf(text, "[{\"public_key\":\"" ISSUER_1 "\",\"key_id\":%s}]", bad[i]);
        refuses(text, CARD_TYPES);
    }
    for (int id = 0; id < 256; id++) {
        sprintf(text, "[" KEY("%d", ISSUER_255) "]", id);
        set_context("%s", text);
        CHECK_INT(SUCCESS, init(text, CARD_TYPES));
        CHECK_INT(id == 255, in_force("key-255"));
        CHECK_INT(id == 255 ? QUOTA_EXCEEDED : ILLEGAL_PARAM,
            in_force("key-255") ? QUOTA_EXCEEDED : verify_named("key-255"));
    }
}

static void public_keys(void) {
    char cut[67], digits[140];
    strcpy(cut, ISSUER_1);
    cut[65] = '\0';
    const char *const bad[] = {"", "0", "02", cut, ISSUER_1 "0", ISSUER_1 "00", " " ISSUER_1, ISSUER_1 " ",
        "0x" ISSUER_1, ISSUER_1 "\\u0000", ISSUER_1 ISSUER_1, KEY_UNCOMPRESSED, KEY_NOT_ON_CURVE, KEY_WITH_X_P,
        KEY_WITH_THE_SAME_X_AND_P, "000000000000000000000000000000000000000000000000000000000000000000",
        "020000000000000000000000000000000000000000000000000000000000000000",
        "02FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
        "02\xEF\xBC\x90"
        "60FD75BD7265A4F4DE7F0A8BDA7B8E4F0CFEB0E9CE93E66FBDF26BE5FD5AAFC"};
    char text[600];
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        sprintf(text, "[" KEY("1", "%s") "]", bad[i]);
        refuses(text, CARD_TYPES);
        sprintf(text, "[" GOOD "," KEY("2", ISSUER_2) "," KEY("3", "%s") "]", bad[i]);
        refuses(text, CARD_TYPES);
    }
    static const char *const prefixes[] = {"00", "01", "04", "05", "06", "07", "08", "12", "42", "82", "83", "FF", "0G",
        "g2"};
    for (size_t i = 0; i < COUNT_OF(prefixes); i++) {
        sprintf(digits, "%s%s", prefixes[i], &ISSUER_1[2]);
        sprintf(text, "[" KEY("1", "%s") "]", digits);
        refuses(text, CARD_TYPES);
    }
    static const char others[] = "/:@G`g -.x\x7F";
    for (size_t at = 0; at < 66; at += 13) {
        for (size_t i = 0; others[i]; i++) {
            strcpy(digits, ISSUER_1);
            digits[at] = others[i];
            sprintf(text, "[" KEY("1", "%s") "]", digits);
            refuses(text, CARD_TYPES);
        }
    }
    static const char *const values[] = {"1", "null", "true", "[\"" ISSUER_1 "\"]", "{}", "[]"};
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        sprintf(text, "[{\"key_id\":1,\"public_key\":%s}]", values[i]);
        refuses(text, CARD_TYPES);
    }
}

static char large[400000];

static void counts(void) {
    for (int count = 254; count <= 258; count++) {
        /* There are 256 ids; more entries repeat an id, with the same key. */
        char *at = large;
        for (int i = 0; i < count; i++)
            at += sprintf(at, "%s{\"key_id\":%d,\"public_key\":\"" ISSUER_1 "\"}", i ? "," : "[", i % 256);
        strcpy(at, "]");
        set_context("%d keys", count);
        free_pos_verify();
        CHECK_INT(count <= 256 ? SUCCESS : ILLEGAL_PARAM, init(large, CARD_TYPES));
        if (count <= 256) CHECK(in_force("good"));
    }
    char *at = large;
    for (int i = 0; i < 3000; i++) at += sprintf(at, "%s" GOOD, i ? "," : "[");
    strcpy(at, "]");
    refuses(large, CARD_TYPES);
}

static void nesting(void) {
    /* A parser may limit the depth (RFC 8259 section 9). It must not crash. */
    static const int depths[] = {1, 10, 63, 64, 65, 100, 500, 1000};
    for (int object = 0; object < 2; object++) {
        for (size_t i = 0; i < COUNT_OF(depths); i++) {
            char *at = large;
            at += sprintf(at, "[{\"key_id\":1,\"public_key\":\"" ISSUER_1 "\",\"x\":");
            for (int d = 0; d < depths[i]; d++) at += sprintf(at, object ? "{\"a\":" : "[");
            at += sprintf(at, "0");
            for (int d = 0; d < depths[i]; d++) *at++ = object ? '}' : ']';
            strcpy(at, "}]");
            takes(large, CARD_TYPES);
            /* One closing bracket is missing, one too many, one of the other kind. */
            strcpy(at - 1, "}]");
            refuses(large, CARD_TYPES);
            at[-1] = object ? '}' : ']';
            strcpy(at, object ? "}}]" : "]}]");
            refuses(large, CARD_TYPES);
            strcpy(at, "}]");
            at[-1] = object ? ']' : '}';
            refuses(large, CARD_TYPES);
        }
    }
    static const int deep[] = {1023, 1024, 1025, 5000, 100000};
    for (size_t i = 0; i < COUNT_OF(deep); i++) {
        char *at = large;
        at += sprintf(at, "[{\"key_id\":1,\"public_key\":\"" ISSUER_1 "\",\"x\":");
        memset(at, '[', (size_t)deep[i]);
        memset(at + deep[i], ']', (size_t)deep[i]);
        strcpy(at + 2 * deep[i], "}]");
        int result = init(large, CARD_TYPES);
        set_context("%d deep", deep[i]);
        CHECK(result == SUCCESS || result == ILLEGAL_PARAM);
        memset(large, '[', (size_t)deep[i]);
        large[deep[i]] = '\0';
        refuses(large, CARD_TYPES);
        refuses(KEY_LIST, large);
        for (int d = 0; d < deep[i] / 5; d++) memcpy(large + 5 * d, "{\"a\":", 5);
        refuses(large, CARD_TYPES);
    }
    /* Arrays and objects in turn: a parser that confuses them accepts the wrong closing bracket. */
    takes(VALUE("[{\"a\":[{\"b\":[1,{\"c\":{}}]},[]]}]"), CARD_TYPES);
    refuses(VALUE("[{\"a\":[{\"b\":[1,{\"c\":{}}]},[}]}]"), CARD_TYPES);
    refuses(VALUE("[{\"a\":[{\"b\":[1,{\"c\":{}]}},[]]}]"), CARD_TYPES);
}

static void every_prefix(void) {
    static const char keys[] = " [ {\"x\":[1.5e+3,{\"\\u00e9\\uD83D\\uDE00\":\"\xE4\xBA\x8C\"}],\"key_id\":1,"
                               "\"public_key\":\"" ISSUER_1 "\"} , " KEY("2", ISSUER_2) " ]";
    static const char types[] = " [\"CITY0001\" , \"ANT\\u00300001\",\"\\\"\\\\~ 1234\"]";
    char text[500];
    takes(keys, types);
    for (size_t count = 0; count < sizeof keys - 1; count++) {
        memcpy(text, keys, count);
        text[count] = '\0';
        refuses(text, types);
    }
    for (size_t count = 0; count < sizeof types - 1; count++) {
        memcpy(text, types, count);
        text[count] = '\0';
        refuses(keys, text);
    }
    /* Each byte takes each wrong value: no crash, and one of two answers. */
    for (size_t i = 0; i < sizeof keys - 1; i++) {
        for (int byte = 1; byte < 256; byte += i % 3 + 1) {
            memcpy(text, keys, sizeof keys);
            text[i] = (char)byte;
            set_context("byte %zu is %02x", i, (unsigned)byte);
            int result = init(text, types);
            CHECK(result == SUCCESS || result == ILLEGAL_PARAM);
        }
    }
}

static void card_types(void) {
    static const char *const good[] = {"[\"CITY0001\"]", " [ \"CITY0001\" ] ", "\t\r\n[\"CITY0001\"]\n",
        "[\"CIT\\u00590001\"]", "[\"\\u0043ITY000\\u0031\"]", "[\"CITY0001\",\"CITY0001\"]",
        "[\"ANT00001\",\"CITY0001\"]", "[\"        \",\"~~~~~~~~\",\"CITY0001\"]",
        "[\"\\\"\\\\\\/ABCDE\",\"CITY0001\"]", "[\"CITY0001\" , \"CITY0002\" , \"CITY0003\"]"};
    static const char *const bad[] = {"", " ", "[", "[]", "[ ]", "{}", "null", "\"CITY0001\"", "CITY0001", "[CITY0001]",
        "['CITY0001']", "[1]", "[12345678]", "[null]", "[true]", "[[\"CITY0001\"]]", "[{}]", "[{\"CITY0001\":1}]",
        "{\"CITY0001\":1}", "[\"\"]", "[\"CITY001\"]", "[\"CITY00001\"]", "[\"CITY0001CITY0001\"]",
        "[\"CITY0001\",\"CITY001\"]", "[\"CITY0001\",\"\"]", "[\"CITY0001\",null]", "[\"CITY0001\",]",
        "[,\"CITY0001\"]", "[\"CITY0001\",,\"CITY0001\"]", "[\"CITY0001\" \"CITY0001\"]", "[\"CITY0001\"",
        "[\"CITY0001\"]x", "[\"CITY0001\"]]", "[\"CITY0001\"],", "[\"CITY0001\"}", "\xEF\xBB\xBF[\"CITY0001\"]",
        "[\"CITY\xC3\xA9"
        "01\"]",
        "[\"CITY\xC3\xA9"
        "001\"]",
        "[\"CITY\\u00e9001\"]", "[\"CITY\\u00e901\"]", "[\"CITY00\\n1\"]", "[\"CITY001\\n\"]", "[\"CITY000\\u0000\"]",
        "[\"CITY0001\\u0000\"]", "[\"CITY000\x7F\"]", "[\"CITY000\\u007f\"]",
        "[\"\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\"]", "[\"CITY000\x01\"]", "[\"CITY000\t\"]",
        "[\"CITY000\xFF\"]", "[\"CITY000\\x31\"]", "[\"CITY000\\uD800\"]", "[\"CITY\\uD83D\\uDE00\"]",
        "[\"CITY\xF0\x9F\x98\x80\"]", "[\"CITY\\u0001\"]", "[\"CITY0001\"]\v", "[\"CITY0001\"]//"};
    for (size_t i = 0; i < COUNT_OF(good); i++) takes("[" GOOD "]", good[i]);
    for (size_t i = 0; i < COUNT_OF(bad); i++) refuses("[" GOOD "]", bad[i]);
}

/* A success replaces both lists completely. */
static void replacement(void) {
    CHECK_INT(SUCCESS, init("[" GOOD "]", "[\"CITY0001\"]"));
    CHECK(in_force("good") && !in_force("key-2") && !in_force("plain"));
    CHECK_INT(SUCCESS, init("[" KEY("2", ISSUER_2) "]", "[\"ANT00001\",\"CITY0001\"]"));
    CHECK(in_force("key-2") && !in_force("good") && !in_force("plain"));
    CHECK_INT(ILLEGAL_PARAM, verify_named("good"));
    CHECK_INT(ILLEGAL_PARAM, verify_named("plain"));
    /* A good list beside a bad one changes nothing. */
    CHECK_INT(ILLEGAL_PARAM, init("[" GOOD "]", "[]"));
    CHECK(in_force("key-2") && !in_force("good"));
    CHECK_INT(ILLEGAL_PARAM, init("[]", "[\"OTHER001\"]"));
    CHECK(in_force("key-2"));
}

const struct test json_tests[] = {{"members that are not ours may hold any JSON value, and nothing else", any_value},
    {"key lists are strict JSON of the right form", key_lists},
    {"a key may stand in either case", same_key_in_either_case}, {"a key id is an integer from 0 to 255", key_ids},
    {"a public key is 66 hex digits and a point", public_keys}, {"a key list holds at most 256 keys", counts},
    {"deep nesting does no harm", nesting},
    {"no prefix of a list is a list, and no byte crashes the parser", every_prefix},
    {"card type lists are strict JSON of the right form", card_types},
    {"initialisation replaces both lists or none", replacement}, {0}};
