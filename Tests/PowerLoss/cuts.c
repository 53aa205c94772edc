/* cuts: power cuts, dying processes and failing disks at every moment of a terminal's life (docs/testing.md, "Power
 * cuts"). What a disk was told is replayed up to a moment, the power goes, the library starts on what is left, and must
 * know every code that it has accepted; then the power goes during that start, and once more.
 *
 *   cuts [SEED [PART_OF_A_TEST'S_NAME...]]
 *
 * CUTS_LIE in the environment names a promise that the disk breaks (lies, below); the program must then fail. */
#define _POSIX_C_SOURCE 200809L
#include "harness.h"
#include "fixtures.h"
#include "seam.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEYS "[{\"key_id\":1,\"public_key\":\"" ISSUER_1 "\"}]"

/* ------------------------------------------------------------------------------------------------------------------
 * Codes, signed once each
 * ------------------------------------------------------------------------------------------------------------------ */

enum { LONG = 65535, SHORT = 60 };
#define EARLIEST (NOW - (1u << 18))

static const struct code *code_of(uint32_t generated, int window) {
    static struct code *signed_codes[2][1u << 19];
    if (generated - EARLIEST >= 1u << 19) abort();
    struct code **place = &signed_codes[window == SHORT][generated - EARLIEST];
    if (!*place) {
        struct code code = milled_code(generated, window);
        size_t size = offsetof(struct code, bytes) + code.count;
        if (!(*place = malloc(size))) abort();
        memcpy(*place, &code, size);
    }
    return *place;
}

static int present(const struct code *code, int old) {
    static char uid[17], record[3072], card_no[64], card_type[9];
    static unsigned char card_data[128];
    if (old) {
        VERIFY_REQUEST request = {code->bytes, (int)code->count, ISSUER_1, GOOD_POS_PARAM, 1};
        VERIFY_RESPONSE response = {uid, 17, record, 3072};
        return verify_qrcode(&request, &response);
    }
    VERIFY_REQUEST_V2 request = {code->bytes, (int)code->count, GOOD_POS_PARAM, 1};
    VERIFY_RESPONSE_V2 response = {uid, 17, record, 3072, card_no, 64, card_data, 128, card_type, 9};
    return verify_qrcode_v2(&request, &response);
}

/* ------------------------------------------------------------------------------------------------------------------
 * What the terminal was asked, and what it answered
 * ------------------------------------------------------------------------------------------------------------------ */

struct ride {
    uint32_t generated;
    int window;
    enum {
        REFUSED, /* the disk failed, and the library has not been started since */
        UNSURE,  /* asked for, and nobody was told that it was accepted */
        ACCEPTED
    } state;
};

struct past {
    struct ride *rides;
    int count, room;
    uint32_t clock, latest; /* latest: the most that the clock has been */
    int directory;
};

static struct past past_copy(const struct past *past) {
    struct past copy = *past;
    copy.room = past->count + 16;
    if (!(copy.rides = malloc((size_t)copy.room * sizeof *copy.rides))) abort();
    if (past->count) memcpy(copy.rides, past->rides, (size_t)past->count * sizeof *copy.rides);
    return copy;
}

static struct ride *past_find(const struct past *past, uint32_t generated, int window) {
    for (int i = past->count - 1; i >= 0; i--)
        if (past->rides[i].generated == generated && past->rides[i].window == window) return &past->rides[i];
    return NULL;
}

/* Whoever was refused may be remembered after a start: the disk may have got that far. */
static void past_restart(struct past *past) {
    for (int i = 0; i < past->count; i++)
        if (past->rides[i].state == REFUSED) past->rides[i].state = UNSURE;
}

static void past_note(struct past *past, const struct entry *entry) {
    struct ride *ride;
    switch (entry->kind) {
    case CLOCK_SET:
        past->clock = (uint32_t)entry->value;
        if (past->clock > past->latest) past->latest = past->clock;
        break;
    case STARTED: past_restart(past); break;
    case MOVED:
        if (entry->value == SUCCESS) past->directory = entry->directory;
        break;
    case BEGUN:
        if (past_find(past, entry->generated, entry->window)) break;
        if (past->count == past->room) {
            past->room = 2 * past->room + 16;
            if (!(past->rides = realloc(past->rides, (size_t)past->room * sizeof *past->rides))) abort();
        }
        past->rides[past->count++] = (struct ride){entry->generated, entry->window, UNSURE};
        break;
    case ENDED:
        ride = past_find(past, entry->generated, entry->window);
        if (entry->value == SUCCESS) ride->state = ACCEPTED;
        else if (ride->state != ACCEPTED && entry->value != QRCODE_DUPLICATED) ride->state = REFUSED;
        break;
    default: break;
    }
}

static int is_in_window(const struct past *past, uint32_t generated, int window) {
    int64_t age = (int64_t)past->clock - generated;
    return age <= window && -age <= window;
}

/* Whether docs/rules.md says that a code which was not accepted passes: it is no older than all that may have been
 * dropped. */
static int is_healthy(const struct past *past, uint32_t generated, int window) {
    uint32_t latest_generated = 0, latest_end = 0;
    for (int i = 0; i < past->count; i++) {
        uint32_t made = past->rides[i].generated, end = made + (uint32_t)past->rides[i].window;
        if (end >= past->latest) continue;
        if (made > latest_generated) latest_generated = made;
        if (end > latest_end) latest_end = end;
    }
    return generated > latest_generated || generated + (uint32_t)window > latest_end;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Sessions: the library at work on one disk
 * ------------------------------------------------------------------------------------------------------------------ */

struct session {
    struct disk *start, *disk; /* as it was, and as it is */
    struct past before, past;
    struct log log;
    int is_running;
    /* Where it comes from, for the report of a failure. */
    const struct session *parent;
    size_t cut_at;
    char how[64];
};

static struct session *session_now;
static int complaints, library_directory = -1;

/* What goes wrong ends soon: the reader has seen enough. */
static int is_hopeless(void) { return complaints >= 3; }

static void tell_entry(const struct entry *entry, uint32_t clock) {
    static const char *const kinds[] = {"create", "write", "truncate", "sync", "rename", "remove", "sync directory"};
    const struct change *change = entry->change;
    switch (entry->kind) {
    case CHANGED:
        printf("        %s", kinds[change->kind]);
        if (change->kind == CREATE || change->kind == REMOVE) printf(" %s", change->name);
        if (change->kind == RENAME) printf(" %s to %s", change->name, change->to);
        if (change->kind != SYNC_DIRECTORY && change->file >= 0) printf(" file %d", change->file);
        if (change->kind == WRITE) printf(" at %zu: %zu bytes", change->offset, change->count);
        if (change->kind == TRUNCATE) printf(" to %zu bytes", change->offset);
        printf("%s\n", change->fails ? ", which fails" : "");
        break;
    case CLOCK_SET: printf("      the clock is NOW%+lld\n", entry->value - NOW); break;
    case STARTED: printf("      start: %lld\n", entry->value); break;
    case MOVED: printf("      move to %s: %lld\n", seam_paths[entry->directory], entry->value); break;
    case BEGUN:
        printf("      code of clock%+lld, window %d\n", (long long)entry->generated - clock, entry->window);
        break;
    default: printf("      code of clock%+lld: %lld\n", (long long)entry->generated - clock, entry->value);
    }
}

static void tell(const struct session *session, size_t end) {
    if (session->parent) tell(session->parent, session->cut_at);
    uint32_t clock = session->before.clock;
    printf("    -- %s, with %d codes presented before:\n", session->how, session->before.count);
    for (size_t i = 0; i < end; i++) {
        const struct entry *entry = &session->log.entries[i];
        if (entry->kind == CLOCK_SET) clock = (uint32_t)entry->value;
        if (i + 60 == end) printf("      (%zu lines more before)\n", i);
        if (i + 60 >= end) tell_entry(entry, clock);
    }
}

static void demand(int holds, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void demand(int holds, const char *format, ...) {
    if (holds || is_hopeless()) return;
    char what[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    about("%s", "");
    check(0, what, session_now->how, (int)session_now->log.count);
    if (complaints++ == 0) tell(session_now, session_now->log.count);
}

static struct entry *note(struct session *session, int kind, long long value, uint32_t generated, int window) {
    struct entry *entry = log_add(&session->log, kind);
    entry->value = value;
    entry->generated = generated;
    entry->window = window;
    past_note(&session->past, entry);
    return entry;
}

static void set_time(struct session *session, uint32_t now) {
    seam_clock = now;
    note(session, CLOCK_SET, now, 0, 0);
}

/* Begins on a disk, which it makes its own. */
static struct session *begin(struct disk *disk, const struct past *past, const struct session *parent, size_t cut_at,
                             const char *how) {
    struct session *session = calloc(1, sizeof *session);
    if (!session) abort();
    session->start = disk;
    session->disk = disk_copy(disk);
    session->past = past_copy(past);
    past_restart(&session->past);
    session->before = past_copy(&session->past);
    session->parent = parent;
    session->cut_at = cut_at;
    snprintf(session->how, sizeof session->how, "%s", how);
    session_now = session;
    seam_fail(0, NEVER, (struct dice){0});
    seam_mount(session->disk, &session->log);
    seam_clock = past->clock;
    return session;
}

/* The library leaves; the session's log stays, for those who look into its past. */
static void leave(struct session *session) {
    if (!session->disk) return;
    free_pos_verify();
    demand(seam_open_handles() == 0, "%d handles are left open", seam_open_handles());
    demand(seam_misuses() == 0, "%d times the library misused the platform", seam_misuses());
    disk_free(session->disk);
    session->disk = NULL;
}

static void end(struct session *session) {
    leave(session);
    disk_free(session->start);
    free(session->past.rides);
    free(session->before.rides);
    log_free(&session->log);
    free(session);
}

/* A result that is allowed because something failed. */
static int is_excused(int result) {
    return seam_has_failed() && (result == SYSTEM_ERROR || (result == NO_ENOUGH_MEMORY && seam_memory_has_failed()));
}

static void start(struct session *session) {
    int directory = session->past.directory, result = SUCCESS;
    if (library_directory != directory) {
        result = posoffline_set_state_dir(seam_paths[directory]);
        if (result == SUCCESS) library_directory = directory;
    }
    if (result == SUCCESS) result = init_pos_verify(KEYS, CARD_TYPES);
    note(session, STARTED, result, 0, 0);
    demand(result == SUCCESS || is_excused(result), "the library starts, and not %d", result);
    session->is_running = result == SUCCESS;
}

static void restart(struct session *session) {
    free_pos_verify();
    start(session);
    if (!session->is_running) start(session);
}

static void move(struct session *session) {
    int directory = !session->past.directory;
    int result = posoffline_set_state_dir(seam_paths[directory]);
    if (result == SUCCESS) library_directory = directory;
    struct entry *entry = log_add(&session->log, MOVED);
    entry->value = result;
    entry->directory = directory;
    past_note(&session->past, entry);
    demand(result == SUCCESS || is_excused(result), "the move succeeds, and not with %d", result);
}

/* Presents a code and checks the answer. */
static int ride(struct session *session, uint32_t generated, int window, int old) {
    const struct past *past = &session->past;
    const struct ride *known = past_find(past, generated, window);
    int state = known ? (int)known->state : -1;
    int accepts = is_in_window(past, generated, window) && state != ACCEPTED;
    int refuses = state >= UNSURE || !is_healthy(past, generated, window);
    note(session, BEGUN, 0, generated, window);
    int result = present(code_of(generated, window), old);
    note(session, ENDED, result, generated, window);
    if (result == SUCCESS) disk_is_helped(session->disk);
    static const char *const names[] = {"a new", "a refused", "an uncertain", "an accepted"};
    const char *answer = accepts && refuses ? "accepted or refused" : accepts ? "accepted" : refuses ? "refused"
                         : "out of its window";
    demand((result == SUCCESS && accepts) || (result == QRCODE_DUPLICATED && refuses) ||
               (result == QRCODE_INFO_EXPIRED && !is_in_window(past, generated, window)) || is_excused(result),
           "%s code is %s, and not answered with %d", names[state + 1], answer, result);
    return result;
}

/* A code that nobody has presented. */
static void fresh(const struct past *past, struct dice *dice, uint32_t *generated, int *window) {
    *window = roll(dice, 3) ? SHORT : LONG;
    for (uint32_t reach = 40;; reach += 20) {
        *generated = past->clock - reach / 2 + roll(dice, reach);
        if (reach > (uint32_t)SHORT) *window = LONG;
        if (!past_find(past, *generated, *window)) return;
    }
}

/* A ride by a rider who holds the code up again when the terminal says that it has failed. */
static void new_ride(struct session *session, struct dice *dice, enum extent extent) {
    uint32_t generated;
    int window, old = roll(dice, 4) == 0;
    fresh(&session->past, dice, &generated, &window);
    int result = ride(session, generated, window, old);
    if (result == SUCCESS || result == QRCODE_DUPLICATED) return;
    result = ride(session, generated, window, old);
    demand(extent != ONCE || result == SUCCESS || result == QRCODE_DUPLICATED,
           "a disk that failed once is used again, and not answered with %d", result);
}

static void any_ride(struct session *session, struct dice *dice) {
    if (!session->past.count) return;
    struct ride ridden = session->past.rides[roll(dice, (uint32_t)session->past.count)];
    ride(session, ridden.generated, ridden.window, roll(dice, 4) == 0);
}

static void jump(struct session *session, struct dice *dice) {
    set_time(session, NOW - 70000 + roll(dice, 200000));
}

/* Some of a terminal's day. */
static void work(struct session *session, struct dice *dice, int actions, enum extent extent) {
    while (actions-- > 0 && session->is_running && !is_hopeless()) {
        uint32_t what = roll(dice, 100);
        if (what < 60) new_ride(session, dice, extent);
        else if (what < 75) any_ride(session, dice);
        else if (what < 88) set_time(session, session->past.clock + roll(dice, 40));
        else if (what < 92) jump(session, dice);
        else if (!disk_is_hurt(session->disk)) restart(session);
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Cuts
 * ------------------------------------------------------------------------------------------------------------------ */

static long cut_count[CHANGE_KINDS + 1][2][3], kill_count, cut_total, fault_count;
static const char *const cut_names[CHANGE_KINDS + 1] = {
    "a file is made", "a file is written", "a file is cut off", "a file is synced", "the rewritten file takes its name",
    "a file is removed", "the directory is synced", "an answer is given"};

/* All that is remembered, or, where that is too much, the latest and some. */
static void check_remembered(struct session *session, struct dice *dice) {
    const struct past *past = &session->past;
    uint32_t clock = past->clock;
    int all = past->count <= 48;
    for (int i = 0; i < past->count; i++) {
        struct ride ridden = past->rides[i];
        if (ridden.state != ACCEPTED) continue;
        if (!all && i < past->count - 16 && roll(dice, (uint32_t)past->count) >= 24) continue;
        /* Once it is out of its window, only with the clock set back would it be accepted again. */
        if (!is_in_window(past, ridden.generated, ridden.window)) {
            if (roll(dice, 4)) continue;
            set_time(session, ridden.generated - 20 + roll(dice, 40));
        }
        ride(session, ridden.generated, ridden.window, 0);
        if (past->clock != clock) set_time(session, clock);
        if (is_hopeless()) return;
    }
}

/* What must hold after every start, and a little work after it. */
static void recover(struct session *session, struct dice *dice) {
    if (roll(dice, 8) == 0) {
        /* The first that the library hears of may be a code, by the older function. */
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

/* Whether an entry left the disk, or what was promised, other than it was. */
static int is_place(const struct entry *entry) {
    return entry->kind == CHANGED || entry->kind == MOVED ||
           (entry->kind == ENDED && entry->value != QRCODE_DUPLICATED && entry->value != QRCODE_INFO_EXPIRED);
}

static int is_rare(const struct entry *entry) {
    return entry->kind == CHANGED && (entry->change->kind == TRUNCATE || entry->change->kind == RENAME);
}

/* Runs through a session once more and cuts it at every place from entry `from` on, `often` times each; or, if
 * `chances` is not 0, at about so many places in all, and every other time at a rare one. */
static void explore(const struct session *session, size_t from, int often, uint32_t chances, int depth,
                    struct dice *dice) {
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

/* One cut and the start after it, with the next cuts in that. The first outcomes are the extremes, the others are left
 * to chance; in one of sixteen the process dies alone, and the system writes the rest when it likes. */
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
        snprintf(text, sizeof text, "after the process died");
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

/* ------------------------------------------------------------------------------------------------------------------
 * Tests
 * ------------------------------------------------------------------------------------------------------------------ */

static uint64_t seed = 1;
static struct past empty_past;

static struct dice dice_of(const char *test, uint32_t number) {
    struct dice dice = {seed};
    for (; *test; test++) dice.state = dice.state * 31 + (unsigned char)*test;
    dice.state += (uint64_t)number << 32;
    roll(&dice, 2);
    return dice;
}

static void begin_test(void) {
    check(!is_hopeless(), "an earlier test fails, and this one is not run", __FILE__, __LINE__);
}

static struct session *begin_on(struct disk *disk, const struct past *past, const char *name, uint32_t number) {
    char how[64];
    snprintf(how, sizeof how, "%s, number %u", name, (unsigned)number);
    return begin(disk, past, NULL, 0, how);
}

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

/* The disk at the end of a session. */
static struct disk *replayed(const struct session *session) {
    struct disk *disk = disk_copy(session->start);
    for (size_t i = 0; i < session->log.count; i++)
        if (session->log.entries[i].change) disk_do(disk, session->log.entries[i].change);
    return disk;
}

/* A journal that is about to be rewritten: 2,700 rides, of which 300 can still be in their window two minutes later. */
static struct disk *full_disk;
static struct past full_past;

static void fill_disk(void) {
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

/* Where the rewritten journal takes its name; 0 when none does. */
static size_t find_rename(const struct log *log) {
    for (size_t i = 0; i < log->count; i++)
        if (log->entries[i].change && log->entries[i].change->kind == RENAME) return i;
    return 0;
}

/* A few rides, the first of which has the journal rewritten. */
static void work_through_rewriting(struct session *session, struct dice *dice, enum extent extent) {
    start(session);
    if (!session->is_running) start(session);
    set_time(session, session->past.clock + 100 + roll(dice, 3));
    for (int i = 0; i < 4 && session->is_running; i++) new_ride(session, dice, extent);
    work(session, dice, (int)roll(dice, 4), extent);
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

/* The same without a start in between, and thousands of rides long. */
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

/* Codes that are remembered already go into the directory; should the call fail, all stays where it was. */
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

/* Every call fails in turn, in every way. */
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
            about("%s, kind of call %d", name, call);
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

/* Bytes that have changed by themselves cost the ride that they tell of, and nobody else's. */
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
        /* Half of the time in the first record, which tells of those that were dropped. */
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
            forgotten += present(code_of(ridden->generated, ridden->window), 0) == SUCCESS;
        }
        demand(live > 290 && forgotten <= (at > 0), "a damaged record costs %d rides", forgotten);
        /* No code of later times is refused, and no healthy one whose time is set back. */
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

static void print_cuts(void) {
    printf("%-36s %10s %10s %10s %10s\n", "cuts right after", "journal", "other file", "in a start", "and again");
    for (int kind = 0; kind <= CHANGE_KINDS; kind++) {
        long(*count)[3] = cut_count[kind];
        printf("%-36s %10ld %10ld %10ld %10ld\n", cut_names[kind], count[0][0], count[1][0], count[0][1] + count[1][1],
               count[0][2] + count[1][2]);
    }
    printf("cut points in all: %ld, at %ld of which the process died alone; days with a fault: %ld; seed %llu\n",
           cut_total, kill_count, fault_count, (unsigned long long)seed);
}

/* That the test has been where it says. */
static void the_cuts_were_everywhere(void) {
    print_cuts();
    if (is_hopeless()) return;
    for (int kind = 0; kind <= CHANGE_KINDS; kind++) {
        for (int depth = 0; depth < 3; depth++) {
            about("%s, depth %d", cut_names[kind], depth);
            CHECK(cut_count[kind][0][depth] + cut_count[kind][1][depth] >= 100);
        }
    }
    about("%ld cuts", cut_total);
    CHECK(cut_total >= 100000);
    CHECK(kill_count >= 1000);
}

int main(int argc, char **argv) {
    static const struct test tests[] = {
        {"no power cut loses a ride", no_cut_loses_a_ride},
        {"no power cut while the journal is rewritten loses a ride", no_cut_of_a_rewriting_loses_a_ride},
        {"no power cut of a long day loses a ride", no_cut_of_a_long_day_loses_a_ride},
        {"no power cut while the directory changes loses a ride", no_cut_of_a_move_loses_a_ride},
        {"no fault of the disk loses a ride", no_fault_loses_a_ride},
        {"no fault of the disk after a power cut loses a ride", no_fault_after_a_cut_loses_a_ride},
        {"no fault of the disk while the directory changes loses a ride", no_fault_of_a_move_loses_a_ride},
        {"no fault of the disk while the journal is rewritten loses a ride", no_fault_of_a_rewriting_loses_a_ride},
        {"a damaged record harms no other", damage_harms_no_other},
        {"the cuts were everywhere", the_cuts_were_everywhere},
        {0}};
    static const struct test *const lists[] = {tests, NULL};
    static const char *const lies[] = {"", "no-sync", "no-directory-sync", "no-sync-after-rename",
                                       "rename-before-sync", "untold-fault"};
    const char *lie = getenv("CUTS_LIE");
    for (size_t i = 0; i < COUNT_OF(lies); i++)
        if (lie && strcmp(lie, lies[i]) == 0) seam_lie = (enum lie)i;
    if (argc > 1) seed = strtoull(argv[1], NULL, 0);
    empty_past.clock = empty_past.latest = NOW;
    printf("seed %llu\n", (unsigned long long)seed);
    int skipped = argc > 1;
    return run_tests(argc - skipped, argv + skipped, lists, begin_test);
}
