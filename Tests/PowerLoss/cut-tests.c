/* Power cuts at every moment. */
#include "cuts.h"
#include "codes.h"
#include "exploration.h"
#include "fixtures.h"
#include "workload.h"

static void no_cut_loses_a_ride(void) {
    for (uint32_t number = 0; number < 130 && !is_hopeless(); number++) {
        struct dice dice = dice_of("day", number);
        struct session *session = begin_on(disk_new(), &empty_past, "a day", number);
        start(session);
        work(session, &dice, 6 + (int)roll(&dice, 20), NEVER);
        leave(session);
        explore(session, 0, 6, 0, 0, &dice);
        end(session);
    }
}

static void no_cut_of_a_rewriting_loses_a_ride(void) {
    fill_disk();
    for (uint32_t number = 0; number < 12 && !is_hopeless(); number++) {
        struct dice dice = dice_of("rewriting", number);
        struct session *session = begin_on(disk_copy(full_disk), &full_past, "a rewriting", number);
        work_through_rewriting(session, &dice, NEVER);
        leave(session);
        demand(find_rename(&session->log) > 0, "the journal is rewritten");
        explore(session, 0, 16, 0, 0, &dice);
        end(session);
    }
}

/* The same without a start in between, with thousands of rides. */
static void no_cut_of_a_long_day_loses_a_ride(void) {
    struct dice dice = dice_of("long day", 0);
    struct session *session = begin_on(disk_new(), &empty_past, "a long day", 0);
    start(session);
    for (uint32_t i = 0; i < 6000 && !is_hopeless(); i++) {
        set_time(session, NOW + i / 2);
        ride(session, NOW + i / 2 - i % 2, i % 16 ? SHORT : LONG, 0);
        if (i % 16 == 0) any_ride(session, &dice);
    }
    leave(session);
    size_t renamed = find_rename(&session->log);
    demand(renamed > 0, "the journal is rewritten");
    if (renamed > 40) explore(session, renamed - 40, 1, 1500, 0, &dice);
    end(session);
}

/* The codes in memory move to the new directory. If the call fails, everything stays in the old one. */
static void no_cut_of_a_move_loses_a_ride(void) {
    for (uint32_t number = 0; number < 24 && !is_hopeless(); number++) {
        struct dice dice = dice_of("move", number);
        struct session *session = begin_on(disk_new(), &empty_past, "a move", number);
        start(session);
        for (int i = 0; i < 3; i++) {
            work(session, &dice, 4 + (int)roll(&dice, 6), NEVER);
            move(session);
        }
        work(session, &dice, 3, NEVER);
        leave(session);
        explore(session, 0, 5, 0, 0, &dice);
        end(session);
    }
}

const struct test cut_tests[] = {{"no power cut loses a ride", no_cut_loses_a_ride},
    {"no power cut while the journal is rewritten loses a ride", no_cut_of_a_rewriting_loses_a_ride},
    {"no power cut of a long day loses a ride", no_cut_of_a_long_day_loses_a_ride},
    {"no power cut while the directory changes loses a ride", no_cut_of_a_move_loses_a_ride}, {0}};
