#include "workload.h"
#include "codes.h"
#include "fixtures.h"

#include <stdio.h>
#include <stdlib.h>

uint64_t seed = 1;
struct past empty_past;

struct dice dice_of(const char *test, uint32_t number) {
    struct dice dice = {seed};
    for (; *test; test++) dice.state = dice.state * 31 + (unsigned char)*test;
    dice.state += (uint64_t)number << 32;
    roll(&dice, 2);
    return dice;
}

struct session *begin_on(struct disk *disk, const struct past *past, const char *name, uint32_t number) {
    char how[64];
    snprintf(how, sizeof how, "%s, number %u", name, (unsigned)number);
    return begin(disk, past, NULL, 0, how);
}

void fresh(const struct past *past, struct dice *dice, uint32_t *generated, int *window) {
    *window = roll(dice, 3) ? SHORT : LONG;
    for (uint32_t reach = 40;; reach += 20) {
        *generated = past->clock - reach / 2 + roll(dice, reach);
        if (reach > (uint32_t)SHORT) *window = LONG;
        if (!past_find(past, *generated, *window)) return;
    }
}

void new_ride(struct session *session, struct dice *dice, enum extent extent) {
    uint32_t generated;
    int window, old = roll(dice, 4) == 0;
    fresh(&session->past, dice, &generated, &window);
    int result = ride(session, generated, window, old);
    if (result == SUCCESS || result == QRCODE_DUPLICATED) return;
    result = ride(session, generated, window, old);
    demand(extent != ONCE || result == SUCCESS || result == QRCODE_DUPLICATED,
        "a disk that failed once is used again, and not answered with %d", result);
}

void any_ride(struct session *session, struct dice *dice) {
    if (!session->past.count) return;
    struct ride ridden = session->past.rides[roll(dice, (uint32_t)session->past.count)];
    ride(session, ridden.generated, ridden.window, roll(dice, 4) == 0);
}

static void jump(struct session *session, struct dice *dice) { set_time(session, NOW - 70000 + roll(dice, 200000)); }

void work(struct session *session, struct dice *dice, int actions, enum extent extent) {
    while (actions-- > 0 && session->is_running && !is_hopeless()) {
        uint32_t what = roll(dice, 100);
        if (what < 60) new_ride(session, dice, extent);
        else if (what < 75) any_ride(session, dice);
        else if (what < 88) set_time(session, session->past.clock + roll(dice, 40));
        else if (what < 92) jump(session, dice);
        else if (!disk_is_hurt(session->disk)) restart(session);
    }
}

struct disk *replayed(const struct session *session) {
    struct disk *disk = disk_copy(session->start);
    for (size_t i = 0; i < session->log.count; i++)
        if (session->log.entries[i].change) disk_do(disk, session->log.entries[i].change);
    return disk;
}

/* 2,700 rides, of which 300 can still be in their window two minutes later. */
struct disk *full_disk;
struct past full_past;

void fill_disk(void) {
    if (full_disk) return;
    struct session *session = begin_on(disk_new(), &empty_past, "many rides", 0);
    start(session);
    for (uint32_t i = 0; i < 2700 && !is_hopeless(); i++) {
        set_time(session, NOW + i);
        ride(session, i % 9 ? NOW + i : NOW + i - 100, i % 9 ? SHORT : LONG, 0);
    }
    leave(session);
    struct disk *disk = replayed(session);
    full_disk = disk_after_cut(disk, ALL, ALL, NULL);
    disk_free(disk);
    full_past = past_copy(&session->past);
    end(session);
}

size_t find_rename(const struct log *log) {
    for (size_t i = 0; i < log->count; i++)
        if (log->entries[i].change && log->entries[i].change->kind == RENAME) return i;
    return 0;
}

void work_through_rewriting(struct session *session, struct dice *dice, enum extent extent) {
    start(session);
    if (!session->is_running) start(session);
    set_time(session, session->past.clock + 100 + roll(dice, 3));
    for (int i = 0; i < 4 && session->is_running; i++) new_ride(session, dice, extent);
    work(session, dice, (int)roll(dice, 4), extent);
}
