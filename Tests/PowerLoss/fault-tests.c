/* Each call to the disk fails in turn, with power cuts after it. */
#include "cuts.h"
#include "exploration.h"
#include "workload.h"

#include <stdio.h>

/* Every call fails in turn, to each extent. */
static void fail_in_turn(const char *name, const struct disk *disk, const struct past *past,
    void (*day)(struct session *, struct dice *, enum extent), int workloads, unsigned least) {
    for (uint32_t number = 0; number < (uint32_t)workloads; number++) {
        int seen[SERVICES] = {0};
        for (int extent = ONCE; extent < EXTENTS; extent++) {
            for (long call = 1; !is_hopeless(); call++) {
                struct dice dice = dice_of(name, number);
                struct dice later = dice_of("fault", (uint32_t)call * EXTENTS + (uint32_t)extent);
                char how[64];
                snprintf(how, sizeof how, "%s %u, call %ld fails, extent %d", name, (unsigned)number, call, extent);
                struct session *session = begin(disk_copy(disk), past, NULL, 0, how);
                seam_fail(call, (enum extent)extent, later);
                day(session, &dice, (enum extent)extent);
                int is_over = seam_calls() < call, has_failed = seam_has_failed();
                if (has_failed) seen[seam_failed_call()]++;
                fault_count += has_failed;
                leave(session);
                if (has_failed) explore(session, 0, 1, 10, 0, &later);
                end(session);
                if (is_over) break;
            }
        }
        for (int call = 0; call < SERVICES; call++) {
            set_context("%s, kind of call %d", name, call);
            CHECK(seen[call] > 0 || !(least >> call & 1) || is_hopeless());
        }
    }
}

static void short_day(struct session *session, struct dice *dice, enum extent extent) {
    start(session);
    if (!session->is_running) start(session);
    work(session, dice, 14, extent);
}

static void moving_day(struct session *session, struct dice *dice, enum extent extent) {
    short_day(session, dice, extent);
    if (!session->is_running) return;
    move(session);
    work(session, dice, 4, extent);
}

/* The calls that every day makes. */
enum {
    USUAL = 1u << TAKE | 1u << OPEN | 1u << READ | 1u << WRITING | 1u << SYNCING | 1u << SYNCING_DIRECTORY |
        1u << REMOVING | 1u << ALLOCATING
};

static void no_fault_loses_a_ride(void) {
    struct disk *disk = disk_new();
    fail_in_turn("faults", disk, &empty_past, short_day, 4, USUAL);
    disk_free(disk);
}

static void no_fault_after_a_cut_loses_a_ride(void) {
    struct dice dice = dice_of("torn", 0);
    struct session *session = begin_on(disk_new(), &empty_past, "a day with a torn end", 0);
    short_day(session, &dice, NEVER);
    leave(session);
    struct disk *disk = replayed(session);
    int file = disk_find(disk, 0, "replay.journal");
    struct change tail = {WRITE, 0, file, "", "", disk_size(disk, file), 45, (unsigned char[45]){"PJ"}, 0, {0}};
    disk_do(disk, &tail);
    struct disk *torn = disk_after_cut(disk, ALL, ALL, NULL);
    fail_in_turn("faults after a cut", torn, &session->past, short_day, 2, USUAL | 1u << TRUNCATING);
    disk_free(torn);
    disk_free(disk);
    end(session);
}

static void no_fault_of_a_move_loses_a_ride(void) {
    struct disk *disk = disk_new();
    fail_in_turn("faults of a move", disk, &empty_past, moving_day, 2, USUAL | 1u << RENAMING);
    disk_free(disk);
}

static void no_fault_of_a_rewriting_loses_a_ride(void) {
    fill_disk();
    fail_in_turn("faults of a rewriting", full_disk, &full_past, work_through_rewriting, 1, USUAL | 1u << RENAMING);
}

const struct test fault_tests[] = {{"no fault of the disk loses a ride", no_fault_loses_a_ride},
    {"no fault of the disk after a power cut loses a ride", no_fault_after_a_cut_loses_a_ride},
    {"no fault of the disk while the directory changes loses a ride", no_fault_of_a_move_loses_a_ride},
    {"no fault of the disk while the journal is rewritten loses a ride", no_fault_of_a_rewriting_loses_a_ride}, {0}};
