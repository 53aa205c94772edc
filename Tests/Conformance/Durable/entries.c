/* The journal entry of an accepted code: its format, its cost, and that it is known after a restart. */
#include "durable.h"
#include "disk.h"

#include <sys/stat.h>

static void survives(void) {
    start();
    struct code code = fixture_code("good");
    CHECK_INT(SUCCESS, verify(&code));
    for (int i = 0; i < 3; i++) {
        restart();
        CHECK_INT(QRCODE_DUPLICATED, verify(&code));
        CHECK_INT(QRCODE_DUPLICATED, legacy(&code));
        expect_accepted(10 * (uint32_t)i, 10 * (uint32_t)i + 10);
    }
    /* verify_qrcode works without init_pos_verify, and uses the journal too. */
    free_pos_verify();
    CHECK_INT(QRCODE_DUPLICATED, legacy(&code));
    struct code next = numbered_code(30);
    CHECK_INT(SUCCESS, legacy(&next));
    restart();
    expect_refused(0, 31);
}

static void one_write_and_one_sync(void) {
    start();
    expect_accepted(0, 1);
    struct disk_counts one = disk_counts();
    CHECK_INT(1, one.writes);
    CHECK_INT(ENTRY, one.bytes);
    CHECK_INT(1, one.syncs);
    CHECK_INT(0, one.opens + one.renames + one.reads);
    /* A refusal does not touch the disk. */
    CHECK_INT(QRCODE_DUPLICATED, verify_number(0));
    CHECK(verify_named("user-sig-r-1") == MALFORMED_QRCODE);
    struct disk_counts none = disk_counts();
    CHECK_INT(0, none.writes + none.syncs + none.opens);
}

/* The format that docs/journal.md specifies. */
static void format(void) {
    struct code code = fixture_code("good");
    start();
    CHECK_INT(SUCCESS, verify(&code));
    unsigned char expected[ENTRY], actual[2 * ENTRY];
    journal_entry(&code, expected);
    CHECK_INT(ENTRY, read_journal(actual, sizeof actual));
    CHECK_BYTES(expected, actual, ENTRY);
    CHECK_INT(-1, file_size(temporary));
    struct stat status;
    CHECK(stat(journal, &status) == 0 && (status.st_mode & 0777) == 0600);
}

const struct test entry_tests[] = {{"an accepted code is refused after a restart", survives},
    {"a ride costs one write and one sync, a refusal nothing", one_write_and_one_sync},
    {"an entry is as documented", format}, {0}};
