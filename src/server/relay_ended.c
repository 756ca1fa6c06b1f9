// SPDX-License-Identifier: Apache-2.0
//
// Members of clusters that have ended while others of theirs go on: who sends to one is told so, instead of trying
// again for minutes. One that has not come yet, or whose link is broken, is another matter: who knocks early tries
// again. Which it is the store says.
#include <stdlib.h>

#include "base/mem.h"
#include "core/work/netplan.h"
#include "core/work/ranges.h"
#include "server/relay_inside.h"

// Of more the oldest are forgotten, and asked for again.
#define ENDED_MAX 4096
// Between questions to the store, of all members together: packets come by the thousand.
#define ASK_MS 50

uint64_t relay_member_key(const struct relay_who *w)
{
    return w->task << 16 | (w->address & 0xffff);
}

static size_t find(const struct relay_ended *e, uint64_t key)
{
    size_t i = 0;
    while (i < e->n && e->key[i] != key)
        i++;
    return i;
}

static void drop(struct relay_ended *e, size_t i)
{
    for (; i + 1 < e->n; i++)
        e->key[i] = e->key[i + 1];
    e->n--;
}

static bool is_in(const char *set, uint32_t id)
{
    struct ranges r = RANGES_NULL;
    bool in = set && *set && ranges_parse(&r, set, RANGES_ID_MAX, NULL) == 0 && ranges_has(&r, id);
    ranges_deinit(&r);
    return in;
}

// Addresses are given in the order of the ids (core/work/netplan.h).
static bool instance_at(const char *ranges, uint32_t address, uint32_t *id)
{
    struct ranges all = RANGES_NULL;
    bool found = false;
    if (ranges && ranges_parse(&all, ranges, RANGES_ID_MAX, NULL) == 0) {
        uint32_t at = 0;
        for (uint64_t k = 0; !found && ranges_next(&all, at, &at); k++, at++) {
            found = netplan_address(k) == address;
            *id = at;
        }
    }
    ranges_deinit(&all);
    return found;
}

static bool store_says(const struct store_reader *reader, const struct relay_who *w)
{
    struct arena a = ARENA_NULL;
    struct row_task row = {0};
    struct err e = ERR_NULL;
    uint32_t id;
    bool over =
        reader->task_by_id(reader->ctx, w->task, &a, &row, &e) == 0 &&
        instance_at(row.ranges, w->address, &id) &&
        (is_in(row.live.succeeded, id) || is_in(row.live.failed, id) || is_in(row.live.cancelled, id));
    arena_deinit(&a);
    return over;
}

bool relay_has_ended(struct relay_ended *e, const struct store_reader *reader, const struct relay_who *w,
                     int64_t now_ms)
{
    uint64_t key = relay_member_key(w);
    if (find(e, key) < e->n)
        return true;
    if (e->asked_ms && now_ms - e->asked_ms < ASK_MS)
        return false;
    e->asked_ms = now_ms;
    if (!store_says(reader, w))
        return false;
    if (e->n == ENDED_MAX)
        drop(e, 0);
    *VEC_PUSH(e->key, e->n, e->cap) = key;
    return true;
}

void relay_came_back(struct relay_ended *e, const struct relay_who *w)
{
    size_t i = find(e, relay_member_key(w));
    if (i < e->n)
        drop(e, i);
}

void relay_ended_deinit(struct relay_ended *e)
{
    free(e->key);
    *e = (struct relay_ended){0};
}
