/* Corrupted bytes in the journal. */
#include "cuts.h"
#include "codes.h"
#include "workload.h"

/* Corrupted bytes lose the ride of that entry, and no other. */
static void damage_harms_no_other(void) {
    fill_disk();
    struct dice dice = dice_of("damage", 0);
    struct session *session = begin_on(disk_copy(full_disk), &full_past, "before the damage", 0);
    work_through_rewriting(session, &dice, NEVER);
    struct disk *rewritten = disk_after_cut(session->disk, ALL, ALL, NULL);
    leave(session);
    for (uint32_t number = 0; number < 600 && !is_hopeless(); number++) {
        struct disk *disk = disk_copy(rewritten);
        int file = disk_find(disk, 0, "replay.journal");
        /* Half of the time in the first record, which covers the evicted codes. */
        size_t records = disk_size(disk, file) / 32, at = 32 * (number % 2 ? roll(&dice, (uint32_t)records) : 0);
        unsigned char bytes[32];
        disk_read(disk, file, at, bytes, sizeof bytes);
        for (uint32_t i = 1 + roll(&dice, 12); i > 0; i--) bytes[roll(&dice, 32)] = (unsigned char)roll(&dice, 256);
        disk_damage(disk, file, at, bytes, sizeof bytes);
        struct session *next = begin(disk, &session->past, NULL, 0, "after damage");
        start(next);
        int forgotten = 0, live = 0;
        for (int i = 0; i < next->past.count; i++) {
            struct ride *ridden = &next->past.rides[i];
            if (!is_in_window(&next->past, ridden->generated, ridden->window) || ridden->state != ACCEPTED) continue;
            live++;
            forgotten += verify_code(code_of(ridden->generated, ridden->window), 0) == SUCCESS;
        }
        demand(live > 290 && forgotten <= (at > 0), "a damaged record costs %d rides", forgotten);
        /* No later code is refused, and no healthy one after the clock is set back. */
        for (int i = 0; i < 3; i++) {
            uint32_t generated;
            int window;
            set_time(next, session->past.clock + (uint32_t)i * 1000);
            fresh(&next->past, &dice, &generated, &window);
            if (is_healthy(&next->past, generated, window)) ride(next, generated, window, 0);
        }
        end(next);
    }
    disk_free(rewritten);
    end(session);
}

const struct test damage_tests[] = {{"a damaged record harms no other", damage_harms_no_other}, {0}};
