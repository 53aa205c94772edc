/*
 * A program for another C library than the one the library was linked against: the x86_64 file must load and verify in
 * it as well. The published code of 2018, at the second at which it was made.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "posoffline.h"

static const char key_list[] =
    "[{\"key_id\":0,\"public_key\":\"028B90D7C281AD21B4BA9492C522E39B655890CC41420EB8E8826B28C6DF2D467A\"}]";
static const char code_hex[] =
    "02010054323038383330323233343033373935345BE77C8B0A0D0A0D00000000000000000000000003BEDDEA3AAA38BABEA523A6727F06"
    "6248FCCBEE59CA00165A53304A5030303030083030303030303031051234567890473045022100B50CA620DF2FBA5BA2373FF23752D8AD"
    "9A0681E785A77D4FE9A490118B2EC2CA02202673E9693C5773D9E003A7F8717EEF80A861D2DBFF53D6FD2AE8F5CED08D7B2E045A5EE0BB"
    "373035021900CDF4748F76846E7CF8249FC21B4BDF60F5152B0F9735339302180B10DA8CC1AE9F5184FC5B891F5063D11EF6EC89B6943D"
    "FF";

/* The library asks the program's own time(). */
time_t time(time_t *result) {
    if (result) *result = 1516167355;
    return 1516167355;
}

static int present(const unsigned char *code, int count) {
    char uid[17], record[3072], card_no[17], card_type[9];
    unsigned char card_data[65];
    VERIFY_REQUEST_V2 request = {
        code, count, "{\"pos_id\":\"1\",\"type\":\"SINGLE\",\"subject\":\"bus\",\"record_id\":\"1\"}", 200};
    VERIFY_RESPONSE_V2 response = {uid, sizeof uid, record, sizeof record, card_no, sizeof card_no,
                                   card_data, sizeof card_data, card_type, sizeof card_type};
    int result = verify_qrcode_v2(&request, &response);
    if (result == SUCCESS && strcmp(uid, "2088302234037954") != 0) return 0;
    return result;
}

int main(void) {
    unsigned char code[256];
    int count = 0;
    for (const char *at = code_hex; *at; at += 2) {
        unsigned byte;
        if (sscanf(at, "%2x", &byte) != 1) return 1;
        code[count++] = (unsigned char)byte;
    }
    int results[4];
    results[0] = init_pos_verify(key_list, "[\"S0JP0000\"]");
    results[1] = present(code, count);
    results[2] = present(code, count);
    code[count - 1] ^= 1;
    free_pos_verify();
    results[3] = init_pos_verify(key_list, "[\"S0JP0000\"]") == SUCCESS ? present(code, count) : 0;
    static const int wanted[4] = {SUCCESS, SUCCESS, QRCODE_DUPLICATED, MALFORMED_QRCODE};
    int failed = 0;
    for (int i = 0; i < 4; i++) failed += results[i] != wanted[i];
    printf("%d passed, %d failed\n", 4 - failed, failed);
    return failed != 0;
}
