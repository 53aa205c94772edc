/* clock RESULT FIXTURE: the C library's own clock; this program does not replace time(). Verifies a code of fixtures.h
 * and expects a result that depends on the time (run.sh). */
#include "harness.h"
#include "fixtures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int expected;
static const char *name;

static void verifies(void) {
    char uid[17], record[3072], card_no[17], card_type[9];
    unsigned char card_data[65];
    struct code code = fixture_code(name);
    VERIFY_REQUEST_V2 request = {code.bytes, (int)code.count, GOOD_POS_PARAM, 1};
    VERIFY_RESPONSE_V2 response = {uid, 17, record, 3072, card_no, 17, card_data, 65, card_type, 9};
    CHECK_INT(SUCCESS, init_pos_verify(KEY_LIST, CARD_TYPES));
    set_context("%s", name);
    CHECK_INT(expected, verify_qrcode_v2(&request, &response));
}

int main(int argc, char **argv) {
    static const struct test tests[] = {{"the clock of the C library is the right one", verifies}, {0}};
    static const struct test *const lists[] = {tests, NULL};
    if (argc != 3) return 2;
    expected = atoi(argv[1]);
    name = argv[2];
    return run_tests(1, argv, lists, NULL);
}
