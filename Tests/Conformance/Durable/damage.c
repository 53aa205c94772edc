/* A journal that is damaged, and files that a power cut leaves behind. */
#define _GNU_SOURCE
#include "durable.h"
#include "fixtures.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum { ENTRIES = 140 }; /* more than a page */

static void torn_tail(void) {
    static unsigned char whole[ENTRIES * ENTRY + 4096];
    start();
    expect_accepted(0, ENTRIES);
    size_t count = read_journal(whole, sizeof whole);
    CHECK_INT(ENTRIES * ENTRY, count);
    for (size_t cut = 1; cut <= 2 * ENTRY; cut++) {
        uint32_t left = (uint32_t)((count - cut) / ENTRY);
        set_context("cut by %zu", cut);
        free_pos_verify();
        write_journal(whole, count - cut);
        CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
        expect_refused(left - 5, left);
        expect_accepted(left, ENTRIES);
        restart();
        expect_refused(ENTRIES - 5, ENTRIES);
        CHECK_INT(ENTRIES * ENTRY, file_size(journal));
    }
    expect_refused(0, ENTRIES);
    /* A tail that never was an entry. */
    for (size_t more = 1; more <= 4096; more += more < 70 ? 1 : 500) {
        set_context("%zu more bytes", more);
        free_pos_verify();
        memset(whole + count, more % 2 ? 0 : 0xFF, more);
        write_journal(whole, count + more);
        CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
        CHECK_INT(count, file_size(journal));
        expect_refused(ENTRIES - 5, ENTRIES);
    }
    expect_refused(0, ENTRIES);
}

static void damaged_entries(void) {
    static unsigned char whole[ENTRIES * ENTRY];
    start();
    expect_accepted(0, ENTRIES);
    size_t count = read_journal(whole, sizeof whole);
    for (uint32_t bit = 0; bit < 8 * ENTRY; bit += 3) {
        uint32_t entry = bit % ENTRIES;
        set_context("bit %u of entry %u", (unsigned)bit, (unsigned)entry);
        free_pos_verify();
        whole[entry * ENTRY + bit / 8] ^= (unsigned char)(1u << bit % 8);
        write_journal(whole, count);
        CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
        if (entry > 0) CHECK_INT(QRCODE_DUPLICATED, verify_number(entry - 1));
        if (entry < ENTRIES - 1) CHECK_INT(QRCODE_DUPLICATED, verify_number(entry + 1));
        CHECK_INT(SUCCESS, verify_number(entry));
        restart();
        CHECK_INT(QRCODE_DUPLICATED, verify_number(entry));
        whole[entry * ENTRY + bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    /* An entry with a digest of zeros and a right checksum: in the table, zero marks a free slot. */
    unsigned char wrong[ENTRY] = {'P', 'J', 1, 'A'};
    put32(wrong + 28, crc32(wrong, 28));
    free_pos_verify();
    memcpy(whole + 3 * ENTRY, wrong, ENTRY);
    write_journal(whole, count);
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
    CHECK_INT(SUCCESS, verify_number(3));
    expect_refused(0, ENTRIES);
}

static void leftovers(void) {
    start();
    expect_accepted(0, 5);
    for (int i = 0; i < 3; i++) {
        free_pos_verify();
        FILE *file = fopen(temporary, "wb");
        for (int j = 0; j < i * 1000; j++) fputc(j, file);
        CHECK_INT(0, fclose(file));
        CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
        CHECK_INT(-1, file_size(temporary));
        expect_refused(0, 5);
    }
    /* A journal that was removed by hand is an empty one. */
    free_pos_verify();
    remove(journal);
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
    expect_accepted(0, 5);
    /* A journal that is not a regular file is refused. */
    free_pos_verify();
    remove(journal);
    CHECK_INT(0, mkdir(journal, 0700));
    CHECK_INT(ILLEGAL_PARAM, init(KEY_LIST, CARD_TYPES));
    CHECK_INT(0, rmdir(journal));
    CHECK_INT(0, symlink("/dev/null", journal));
    CHECK_INT(ILLEGAL_PARAM, init(KEY_LIST, CARD_TYPES));
    remove(journal);
    CHECK_INT(0, mkfifo(journal, 0600));
    alarm(30); /* opening a FIFO must not wait for a writer */
    CHECK_INT(ILLEGAL_PARAM, init(KEY_LIST, CARD_TYPES));
    remove(journal);
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
}

const struct test damage_tests[] = {{"a torn tail is dropped and nothing before it", torn_tail},
    {"a damaged entry is forgotten alone", damaged_entries},
    {"what a power cut leaves in the directory is harmless", leftovers}, {0}};
