#include "history.h"

#include <stdlib.h>
#include <string.h>

struct past past_copy(const struct past *past) {
    struct past copy = *past;
    copy.capacity = past->count + 16;
    if (!(copy.rides = malloc((size_t)copy.capacity * sizeof *copy.rides))) abort();
    if (past->count) memcpy(copy.rides, past->rides, (size_t)past->count * sizeof *copy.rides);
    return copy;
}

struct ride *past_find(const struct past *past, uint32_t generated, int window) {
    for (int i = past->count - 1; i >= 0; i--)
        if (past->rides[i].generated == generated && past->rides[i].window == window) return &past->rides[i];
    return NULL;
}

void past_restart(struct past *past) {
    for (int i = 0; i < past->count; i++)
        if (past->rides[i].state == REFUSED) past->rides[i].state = UNSURE;
}

void past_note(struct past *past, const struct entry *entry) {
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
        if (past->count == past->capacity) {
            past->capacity = 2 * past->capacity + 16;
            if (!(past->rides = realloc(past->rides, (size_t)past->capacity * sizeof *past->rides))) abort();
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

int is_in_window(const struct past *past, uint32_t generated, int window) {
    int64_t age = (int64_t)past->clock - generated;
    return age <= window && -age <= window;
}

int is_healthy(const struct past *past, uint32_t generated, int window) {
    uint32_t latest_generated = 0, latest_end = 0;
    for (int i = 0; i < past->count; i++) {
        uint32_t made = past->rides[i].generated, end = made + (uint32_t)past->rides[i].window;
        if (end >= past->latest) continue;
        if (made > latest_generated) latest_generated = made;
        if (end > latest_end) latest_end = end;
    }
    return generated > latest_generated || generated + (uint32_t)window > latest_end;
}
