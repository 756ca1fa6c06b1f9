// SPDX-License-Identifier: Apache-2.0
#include "core/ledger/ledger.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"

static int64_t hour_of(int64_t ms)
{
    return ms - ((ms % LEDGER_HOUR_MS) + LEDGER_HOUR_MS) % LEDGER_HOUR_MS;
}

void ledger_init(struct ledger *l, house_ms horizon)
{
    *l = (struct ledger){.horizon_ms = hour_of(horizon.v)};
}

void ledger_deinit(struct ledger *l)
{
    free(l->work);
    free(l->billed);
    free(l->zone);
    idmap_deinit(&l->task_at);
    idmap_deinit(&l->zone_at);
    free(l->dirty_work.v);
    free(l->dirty_zone.v);
    *l = (struct ledger){0};
}

static int64_t booking_hour(const struct ledger *l, house_ms at)
{
    return at.v < l->horizon_ms ? l->horizon_ms : hour_of(at.v);
}

// Of keys in memory only: nothing depends on them but where in the map they are.
static uint64_t task_key(int64_t hour_ms, uint64_t board, enum activity activity, uint64_t task)
{
    uint64_t h = hash_mix((uint64_t)hour_ms * UINT64_C(0x9e3779b97f4a7c15) + board);
    return hash_mix(h ^ (task << 4 | activity)) | 1; // 0 is no key
}

static uint64_t zone_key(int64_t hour_ms, uint64_t zone)
{
    return hash_mix((uint64_t)hour_ms * UINT64_C(0x9e3779b97f4a7c15) + zone) | 1;
}

static void mark(struct ledger_list *list, bool *dirty, size_t index)
{
    if (*dirty)
        return;
    *dirty = true;
    uint32_t *at = VEC_PUSH(list->v, list->n, list->cap);
    *at = (uint32_t)index;
}

static bool take(struct ledger_list *list, uint32_t *index)
{
    if (list->taken == list->n) {
        list->taken = list->n = 0;
        return false;
    }
    *index = list->v[list->taken++];
    return true;
}

const struct ledger_work *ledger_take_work(struct ledger *l)
{
    for (uint32_t i; take(&l->dirty_work, &i);) {
        if (!l->work[i].dirty)
            continue; // cleaned by its owner, as at load
        l->work[i].dirty = false;
        return &l->work[i];
    }
    return NULL;
}

const struct ledger_zone *ledger_take_zone(struct ledger *l)
{
    for (uint32_t i; take(&l->dirty_zone, &i);) {
        if (!l->zone[i].dirty)
            continue;
        l->zone[i].dirty = false;
        return &l->zone[i];
    }
    return NULL;
}

struct ledger_billed *ledger_billed(const struct ledger *l, const struct ledger_work *c)
{
    return c->of_task ? &l->billed[c->billed] : NULL;
}

static struct ledger_work *work_new(struct ledger *l, int64_t hour_ms, uint64_t board, enum activity activity)
{
    struct ledger_work *c = VEC_PUSH(l->work, l->n_work, l->cap_work);
    *c = (struct ledger_work){.hour_ms = hour_ms, .board = board, .activity = (uint8_t)activity};
    mark(&l->dirty_work, &c->dirty, l->n_work - 1);
    return c;
}

// Of cells that are forgotten, chains are not told. Where one of them began may be no cell any more, or another's;
// it is no other of the same board's: one that stayed would begin the chain.
static uint32_t chain_first(const struct ledger *l, uint64_t board, const struct ledger_chain *own)
{
    uint32_t first = own ? own->first : 0;
    if (!first || first > l->n_work || l->work[first - 1].board != board || l->work[first - 1].of_task)
        return 0;
    return first;
}

struct ledger_work *ledger_board_cell(struct ledger *l, house_ms at, uint64_t board, struct ledger_chain *own,
                                      enum activity activity)
{
    int64_t hour = booking_hour(l, at);
    uint32_t first = chain_first(l, board, own);
    for (uint32_t i = first; i; i = l->work[i - 1].next) {
        struct ledger_work *c = &l->work[i - 1];
        if (c->hour_ms == hour && c->activity == activity) {
            mark(&l->dirty_work, &c->dirty, i - 1);
            return c;
        }
    }
    struct ledger_work *c = work_new(l, hour, board, activity);
    c->next = first;
    if (own)
        own->first = (uint32_t)l->n_work;
    return c;
}

static bool is_of_task(const struct ledger *l, const struct ledger_work *c, int64_t hour_ms, uint64_t board,
                       enum activity activity, uint64_t task)
{
    return c->hour_ms == hour_ms && c->board == board && c->activity == activity &&
           l->billed[c->billed].task == task;
}

struct ledger_work *ledger_task_cell(struct ledger *l, house_ms at, uint64_t board, enum activity activity,
                                     uint64_t task, uint64_t account)
{
    int64_t hour = booking_hour(l, at);
    uint64_t key = task_key(hour, board, activity, task), i;
    for (; idmap_get(&l->task_at, key, &i);
         key = hash_mix(key) | 1) { // another cell with the same hash: go on
        struct ledger_work *c = &l->work[i - 1];
        if (is_of_task(l, c, hour, board, activity, task)) {
            mark(&l->dirty_work, &c->dirty, i - 1);
            return c;
        }
    }
    struct ledger_work *c = work_new(l, hour, board, activity);
    struct ledger_billed *b = VEC_PUSH(l->billed, l->n_billed, l->cap_billed);
    *b = (struct ledger_billed){.task = task, .account = account};
    c->of_task = true;
    c->billed = (uint32_t)(l->n_billed - 1);
    idmap_set(&l->task_at, key, l->n_work);
    return c;
}

struct ledger_zone *ledger_zone_cell(struct ledger *l, house_ms at, uint64_t zone)
{
    int64_t hour = booking_hour(l, at);
    uint64_t key = zone_key(hour, zone), i;
    for (; idmap_get(&l->zone_at, key, &i); key = hash_mix(key) | 1) {
        struct ledger_zone *c = &l->zone[i - 1];
        if (c->hour_ms == hour && c->zone == zone) {
            mark(&l->dirty_zone, &c->dirty, i - 1);
            return c;
        }
    }
    struct ledger_zone *c = VEC_PUSH(l->zone, l->n_zone, l->cap_zone);
    *c = (struct ledger_zone){.hour_ms = hour, .zone = zone};
    mark(&l->dirty_zone, &c->dirty, l->n_zone - 1);
    idmap_set(&l->zone_at, key, l->n_zone);
    return c;
}

// A cell of a past hour that is still to be written: its hour stays open.
static bool past_is_dirty(const struct ledger *l, int64_t hour)
{
    for (size_t i = 0; i < l->n_work; i++)
        if (l->work[i].dirty && l->work[i].hour_ms < hour)
            return true;
    for (size_t i = 0; i < l->n_zone; i++)
        if (l->zone[i].dirty && l->zone[i].hour_ms < hour)
            return true;
    return false;
}

static void stay(struct ledger *l, const struct ledger_work *c, struct ledger_chains chains)
{
    struct ledger_work *to;
    if (c->of_task) {
        struct ledger_billed b = l->billed[c->billed];
        to = ledger_task_cell(l, HOUSE_MS(c->hour_ms), c->board, (enum activity)c->activity, b.task,
                              b.account);
        l->billed[to->billed] = b;
    } else {
        to = ledger_board_cell(l, HOUSE_MS(c->hour_ms), c->board, chains.of(chains.ctx, c->board),
                               (enum activity)c->activity);
    }
    to->energy_mj = c->energy_mj;
    to->ms = c->ms;
    to->dirty = c->dirty;
}

// Those that stay move up: none comes to stand where one is that was not looked at yet.
static void forget_work(struct ledger *l, int64_t hour, struct ledger_chains chains)
{
    size_t n = l->n_work;
    l->n_work = l->n_billed = l->dirty_work.n = l->dirty_work.taken = 0;
    idmap_clear(&l->task_at);
    for (size_t i = 0; i < n; i++) {
        struct ledger_work c = l->work[i];
        if (c.hour_ms >= hour)
            stay(l, &c, chains);
    }
}

static void forget_zones(struct ledger *l, int64_t hour)
{
    size_t n = l->n_zone;
    l->n_zone = l->dirty_zone.n = l->dirty_zone.taken = 0;
    idmap_clear(&l->zone_at);
    for (size_t i = 0; i < n; i++) {
        struct ledger_zone c = l->zone[i];
        if (c.hour_ms >= hour)
            *ledger_zone_cell(l, HOUSE_MS(c.hour_ms), c.zone) = c;
    }
}

// The maps are filled anew, as cells move when others are forgotten: once an hour, when few are left.
void ledger_forget(struct ledger *l, house_ms now, struct ledger_chains chains)
{
    int64_t hour = hour_of(now.v);
    if (hour <= l->horizon_ms || past_is_dirty(l, hour))
        return;
    forget_work(l, hour, chains);
    forget_zones(l, hour);
    l->horizon_ms = hour;
}
