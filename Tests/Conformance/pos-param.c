/* pos_param (section 5). The amount is above the quota: a good pos_param gets QUOTA_EXCEEDED, and the code is not
 * marked. */
#include "harness.h"
#include "fixtures.h"

#include <stdio.h>
#include <string.h>

static int given(const char *text) {
    static struct answer answer;
    struct code code = fixture_code("good");
    struct call call = call_with(&code);
    call.amount = 65536;
    call.pos_param = text;
    set_context("%.300s", text);
    int result = call_verify(&call, &answer);
    CHECK_INT(result, call_legacy(&call, &answer));
    return result;
}

#define TAKES(text) CHECK_INT(QUOTA_EXCEEDED, given(text))
#define REFUSES(text) CHECK_INT(POS_PARAM_ERROR, given(text))

#define P "\"pos_id\":\"1\""
#define T "\"type\":\"IN\""
#define S "\"subject\":\"s\""
#define R "\"record_id\":\"r\""
#define PSR P "," S "," R

static void forms(void) {
    static const char *const good[] = {GOOD_POS_PARAM, "{" P "," T "," S "," R "}", "{" R "," S "," T "," P "}",
        " \t\r\n{ \t\r\n" P " \t\r\n, \t\r\n" T "," S ",\n\"record_id\" : \"r\" \t\r\n} \t\r\n",
        "{" P "," T "," S "," R ",\"more\":null}", "{\"more\":[{\"a\":[]}]," P "," T "," S "," R "}",
        "{" P "," T "," S "," R ",\"x\":1,\"x\":2}",
        "{" P "," T "," S "," R ",\"Type\":\"X\",\"type \":\"\",\"POS_ID\":1}",
        "{\"pos\\u005fid\":\"1\",\"t\\u0079pe\":\"IN\",\"\\u0073ubject\":\"s\",\"record_i\\u0064\":\"r\"}",
        "{\"pos_id\":\"\xE4\xBA\x8C\"," T ",\"subject\":\"\\u4e8c\\uD83D\\uDE00\",\"record_id\":\"\\n\"}",
        "{\"pos_id\":\"\\u0000\"," T "," S "," R "}", "{\"pos_id\":\" \"," T "," S "," R "}"};
    static const char *const bad[] = {"", " ", "{}", "{ }", "[]", "null", "\"\"", "1", "{", "}",
        "[{" P "," T "," S "," R "}]", "{" P "," T "," S "," R, "{" P "," T "," S "," R ",}",
        "{," P "," T "," S "," R "}", "{" P "," T "," S " " R "}", "{" P ",," T "," S "," R "}",
        "{" P "," T "," S "," R "}x", "{" P "," T "," S "," R "}}", "{" P "," T "," S "," R "},",
        "{" P "," T "," S "," R "}{}", "{" P "," T "," S "," R "}\v", "\xEF\xBB\xBF{" P "," T "," S "," R "}",
        "{" P "," T "," S "," R "]", "{" P "," T "," S "," R ",\"x\":NaN}", "{" P "," T "," S "," R ",\"x\":01}",
        "{" P "," T "," S "," R ",\"x\":[1,]}", "{" P "," T "," S "," R ",\"x\":\"\x01\"}",
        "{" P "," T "," S "," R ",\"x\":\"\\uD800\"}", "{" P "," T "," S "," R ",\"x\":\"\xFF\"}",
        "{" P "," T "," S "," R ",\"x\"}", "{" P "," T "," S "," R ",x:1}", "{'pos_id':'1'," T "," S "," R "}",
        "pos_id=1", "{\"pos_id\":\"\xC3\"," T "," S "," R "}", "{\"pos_id\":\"1\x1F\"," T "," S "," R "}",
        "{\"pos_id\":\"\\q\"," T "," S "," R "}", "{\"pos_id\":\"1," T "," S "," R "}"};
    for (size_t i = 0; i < COUNT_OF(good); i++) TAKES(good[i]);
    for (size_t i = 0; i < COUNT_OF(bad); i++) REFUSES(bad[i]);
}

static void members(void) {
    static const char *const names[] = {"pos_id", "type", "subject", "record_id"};
    static const char *const wrong[] = {"\"\"", "1", "0", "null", "true", "false", "[]", "{}", "[\"IN\"]",
        "{\"IN\":\"IN\"}", "-1.5"};
    char text[400];
    for (int which = 0; which < 4; which++) {
        for (int way = 0; way < (int)COUNT_OF(wrong) + 4; way++) {
            char *at = text + sprintf(text, "{");
            for (int i = 0; i < 4; i++) {
                const char *comma = at == text + 1 ? "" : ",", *value = i == 1 ? "\"IN\"" : "\"a\"";
                if (i != which) at += sprintf(at, "%s\"%s\":%s", comma, names[i], value);
                else if (way < (int)COUNT_OF(wrong)) at += sprintf(at, "%s\"%s\":%s", comma, names[i], wrong[way]);
                else if (way == (int)COUNT_OF(wrong)) continue; /* missing */
                else if (way == (int)COUNT_OF(wrong) + 1)       /* twice */
                    at += sprintf(at, "%s\"%s\":%s,\"%s\":%s", comma, names[i], value, names[i], value);
                else if (way == (int)COUNT_OF(wrong) + 2) /* another name */
                    at += sprintf(at, "%s\"%s_\":%s", comma, names[i], value);
                else at += sprintf(at, "%s\"%c%s\":%s", comma, names[i][0] - 32, names[i] + 1, value);
            }
            strcpy(at, "}");
            REFUSES(text);
        }
    }
    /* Twice with different values, once escaped. */
    REFUSES("{" PSR "," T ",\"typ\\u0065\":\"OUT\"}");
    REFUSES("{" PSR "," T ",\"pos_id\":\"2\"}");
    /* Members of a nested object do not count. */
    REFUSES("{" PSR ",\"x\":{" T "}}");
    TAKES("{" PSR "," T ",\"x\":{\"type\":\"BAD\",\"pos_id\":1}}");
}

#define SEVEN_NULS "\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000"
#define FOURTEEN_NULS SEVEN_NULS SEVEN_NULS

static void types(void) {
    static const char *const good[] = {"SINGLE", "IN", "OUT", "S\\u0049NGLE", "\\u0049\\u004E", "OU\\u0054"};
    static const char *const bad[] = {"single", "in", "out", "Single", "In", "Out", "SINGLE ", " SINGLE", "SINGLES",
        "SINGL", "INN", "I", "N", "O", "OU", "OUTT", "ON", "IT", "IN\\u0000", "\\u0000IN", "IN\\n", "INOUT", "IN,OUT",
        "SINGLE\\u0000", "DOUBLE", "ENTRY", "EXIT", "1", " ", "-", "\xEF\xBC\xA9\xEF\xBC\xAE",
        "SINGLESINGLESINGLESINGLE", FOURTEEN_NULS "IN"};
    char text[300];
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        sprintf(text, "{" PSR ",\"type\":\"%s\"}", good[i]);
        TAKES(text);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        sprintf(text, "{" PSR ",\"type\":\"%s\"}", bad[i]);
        REFUSES(text);
    }
}

static void lengths(void) {
    static char text[5000];
    static const int counts[] = {1000, 1023, 1024, 1025, 1026, 2000, 4096};
    for (int kind = 0; kind < 3; kind++) {
        for (size_t i = 0; i < COUNT_OF(counts); i++) {
            /* White space behind, a long value, a long name. */
            int count = counts[i];
            memset(text, kind == 0 ? ' ' : 'x', sizeof text);
            if (kind == 0) memcpy(text, "{" PSR "," T "}", strlen("{" PSR "," T "}"));
            if (kind == 1)
                memcpy(text, "{" P "," T "," R ",\"subject\":\"", strlen("{" P "," T "," R ",\"subject\":\""));
            if (kind == 2) memcpy(text, "{" PSR "," T ",\"", strlen("{" PSR "," T ",\""));
            if (kind == 1) memcpy(text + count - 2, "\"}", 2);
            if (kind == 2) memcpy(text + count - 4, "\":0}", 4);
            text[count] = '\0';
            CHECK_INT(count, (int)strlen(text));
            int result = given(text);
            set_context("%d bytes, kind %d", count, kind);
            CHECK_INT(count <= 1024 ? QUOTA_EXCEEDED : POS_PARAM_ERROR, result);
        }
    }
}

static void prefixes(void) {
    static const char whole[] = "{\"x\":[1.5,{\"\\u00e9\":null}]," P "," T ",\"subject\":\"\xE4\xBA\x8C\\n\"," R "}";
    char text[200];
    TAKES(whole);
    for (size_t count = 0; count < sizeof whole - 1; count++) {
        memcpy(text, whole, count);
        text[count] = '\0';
        REFUSES(text);
    }
    char deep[1025];
    for (int depth = 100; depth <= 480; depth += 95) {
        char *at = deep + sprintf(deep, "{" PSR "," T ",\"x\":");
        for (int i = 0; i < depth; i++) *at++ = '[';
        strcpy(at, "}");
        REFUSES(deep);
        for (int i = 0; i < depth; i++) *at++ = ']';
        strcpy(at, "}");
        TAKES(deep);
    }
}

const struct test pos_param_tests[] = {{"pos_param is strict JSON of the right form", forms},
    {"each member of pos_param is there once and is a string that is not empty", members},
    {"a trip is SINGLE, IN or OUT", types}, {"pos_param has at most 1024 bytes", lengths},
    {"no prefix of a pos_param is one", prefixes}, {0}};
