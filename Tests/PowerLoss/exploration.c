#include "exploration.h"
#include "codes.h"
#include "workload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static long cut_count[CHANGE_KINDS + 1][2][3], kill_count, cut_total;
long fault_count;
static const char *const cut_names[CHANGE_KINDS + 1] = {"a file is made", "a file is written", "a file is cut off",
    "a file is synced", "the rewritten file takes its name", "a file is removed", "the directory is synced",
    "an answer is given"};

/* All accepted codes, or, if they are many, the latest and a sample. */
static void check_remembered(struct session *session, struct dice *dice) {
    const struct past *past = &session->past;
    uint32_t clock = past->clock;
    int all = past->count <= 48;
    for (int i = 0; i < past->count; i++) {
        struct ride ridden = past->rides[i];
        if (ridden.state != ACCEPTED) continue;
        if (!all && i < past->count - 16 && roll(dice, (uint32_t)past->count) >= 24) continue;
        /* An expired code could be accepted again only after the clock is set back. */
        if (!is_in_window(past, ridden.generated, ridden.window)) {
            if (roll(dice, 4)) continue;
            set_time(session, ridden.generated - 20 + roll(dice, 40));
        }
        ride(session, ridden.generated, ridden.window, 0);
        if (past->clock != clock) set_time(session, clock);
        if (is_hopeless()) return;
    }
}

/* The checks after every start, and a little work. */
static void recover(struct session *session, struct dice *dice) {
    if (roll(dice, 8) == 0) {
        /* The library's first call may be verify_qrcode. */
        int i = session->past.count ? (int)roll(dice, (uint32_t)session->past.count) : 0;
        if (session->past.count && library_directory == session->past.directory)
            ride(session, session->past.rides[i].generated, session->past.rides[i].window, 1);
    }
    start(session);
    if (!session->is_running) return;
    check_remembered(session, dice);
    for (int i = session->past.count - 1; i >= 0 && i >= session->past.count - 8; i--) {
        struct ride ridden = session->past.rides[i];
        if (ridden.state == UNSURE && roll(dice, 2)) ride(session, ridden.generated, ridden.window, 0);
    }
    uint32_t generated;
    int window;
    fresh(&session->past, dice, &generated, &window);
    if (!is_healthy(&session->past, generated, window)) {
        set_time(session, session->past.latest + 1);
        fresh(&session->past, dice, &generated, &window);
    }
    ride(session, generated, window, 0);
    ride(session, generated, window, 0);
    if (roll(dice, 8) == 0) work(session, dice, 3, NEVER);
}

static void cut(const struct session *session, const struct disk *disk, const struct past *past, size_t at, int depth,
    struct dice *dice, int outcome);

/* Whether an entry changed the disk, or what the library has promised. */
static int is_place(const struct entry *entry) {
    return entry->kind == CHANGED || entry->kind == MOVED ||
        (entry->kind == ENDED && entry->value != QRCODE_DUPLICATED && entry->value != QRCODE_INFO_EXPIRED);
}

static int is_rare(const struct entry *entry) {
    return entry->kind == CHANGED && (entry->change->kind == TRUNCATE || entry->change->kind == RENAME);
}

void explore(const struct session *session, size_t from, int often, uint32_t chances, int depth, struct dice *dice) {
    struct disk *disk = disk_copy(session->start);
    struct past past = past_copy(&session->before);
    uint32_t places = 1;
    for (size_t i = from; i < session->log.count; i++) places += (uint32_t)is_place(&session->log.entries[i]);
    for (size_t i = 0; i <= session->log.count && !is_hopeless(); i++) {
        const struct entry *last = i ? &session->log.entries[i - 1] : NULL;
        if (last && last->kind == CHANGED) disk_do(disk, last->change);
        else if (last) past_note(&past, last);
        if (last && last->kind == ENDED && last->value == SUCCESS) disk_is_helped(disk);
        if (disk_is_hurt(disk)) continue;
        if (i < from || (last && !is_place(last))) continue;
        if (chances && roll(dice, places) >= chances && !(last && is_rare(last) && roll(dice, 2))) continue;
        for (int j = 0; j < often; j++) cut(session, disk, &past, i, depth, dice, chances ? -1 : j);
    }
    disk_free(disk);
    free(past.rides);
}

static void count_cut(const struct session *session, const struct disk *disk, size_t at, int depth) {
    const struct entry *last = at ? &session->log.entries[at - 1] : NULL;
    int kind = !last || last->kind != CHANGED ? CHANGE_KINDS : (int)last->change->kind, is_other = 0;
    if (last && last->kind == CHANGED && last->change->file >= 0) {
        const char *name = disk_name(disk, last->change->file);
        is_other = !name || strcmp(name, "replay.journal") != 0;
    }
    cut_count[kind][is_other][depth]++;
    cut_total++;
}

/* One cut and the start after it, with the next cuts in that. The first outcomes are the extremes, the others are
 * random. In one of sixteen only the process is killed, and the system writes the rest later. */
static void cut(const struct session *session, const struct disk *disk, const struct past *past, size_t at, int depth,
    struct dice *dice, int outcome) {
    static const char *const how[] = {"nothing", "all", "any"};
    enum survival names = ANY, contents = ANY;
    char text[64];
    struct disk *image;
    count_cut(session, disk, at, depth);
    if (outcome >= 0 && outcome < 4) {
        names = outcome & 1 ? ALL : NOTHING;
        contents = outcome & 2 ? ALL : NOTHING;
    }
    if (outcome < 0 || outcome >= 4 ? roll(dice, 16) == 0 : 0) {
        kill_count++;
        image = disk_copy(disk);
        snprintf(text, sizeof text, "after the process was killed");
    } else {
        image = disk_after_cut(disk, names, contents, dice);
        snprintf(text, sizeof text, "after a power cut, names: %s, contents: %s", how[names], how[contents]);
    }
    struct session *next = begin(image, past, session, at, text);
    recover(next, dice);
    leave(next);
    if (depth < 2) explore(next, 0, 1, 1, depth + 1, dice);
    end(next);
}

static void print_cuts(void) {
    printf("%-36s %10s %10s %10s %10s\n", "cuts right after", "journal", "other file", "in a start", "and again");
    for (int kind = 0; kind <= CHANGE_KINDS; kind++) {
        long(*count)[3] = cut_count[kind];
        printf("%-36s %10ld %10ld %10ld %10ld\n", cut_names[kind], count[0][0], count[1][0], count[0][1] + count[1][1],
            count[0][2] + count[1][2]);
    }
    printf("cut points in all: %ld, at %ld of which only the process was killed; days with a fault: %ld; seed %llu\n",
        cut_total, kill_count, fault_count, (unsigned long long)seed);
}

void the_cuts_were_everywhere(void) {
    print_cuts();
    if (is_hopeless()) return;
    for (int kind = 0; kind <= CHANGE_KINDS; kind++) {
        for (int depth = 0; depth < 3; depth++) {
            set_context("%s, depth %d", cut_names[kind], depth);
            CHECK(cut_count[kind][0][depth] + cut_count[kind][1][depth] >= 100);
        }
    }
    set_context("%ld cuts", cut_total);
    CHECK(cut_total >= 100000);
    CHECK(kill_count >= 1000);
}
