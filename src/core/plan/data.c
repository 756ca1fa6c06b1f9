// SPDX-License-Identifier: Apache-2.0
//
// Data sets, their replicas on sites, and what is fetched where.
//
// The market never gives a board to work whose data is not on the site: the board would stand blocked. It
// orders the data and leaves the board to others meanwhile. What to order, for a shape of task that still
// waits after the run:
//
//   need   = instances that wait - boards free on sites where the data is on its way
//   site   = where min(need, boards free there) x worth of the best x its run, less the bytes, is most, if above zero;
//            who has waited as long as fetching takes gets the data in any case; where the bytes cost more
//            than an instance is worth, so many times as long
//
// and, where nobody waits, the sets that are used most: a set is fetched ahead to a site that would use it
// often enough, by the share of the boards that stand there.
//
// The published policies give boards at once and stage the data while the board waits; those that replicate
// order copies when a task is new, on the sites with the emptiest disks.
#include "base/num.h"
#include "core/plan/expect.h"
#include "core/plan/planner_state.h"

#include <stdlib.h>

enum { DEAR_MOST = 100 };
enum { DAY_MS = 86400000, USE = 1024 }; // uses are kept in 1024ths

void planner_data(struct planner *p, uint32_t data, int64_t bytes)
{
    mem_grow(&p->data, &p->cap_datas, (size_t)data + 1, sizeof *p->data);
    if (data >= p->n_datas)
        p->n_datas = (size_t)data + 1;
    struct known_data *d = &p->data[data];
    for (size_t site = 0; site < d->n_sites; site++)
        p->stored[site] += d->on_site[site] != REPLICA_NONE ? bytes - d->bytes : 0;
    d->bytes = bytes;
    p->place_epoch++;
    planner_changed(p);
}

static enum plan_replica replica(const struct planner *p, uint32_t data, uint32_t site)
{
    if (data >= p->n_datas || site >= p->data[data].n_sites)
        return REPLICA_NONE;
    return (enum plan_replica)p->data[data].on_site[site];
}

void planner_replica(struct planner *p, uint32_t data, uint32_t site, enum plan_replica r)
{
    if (data >= p->n_datas || replica(p, data, site) == r)
        return;
    struct known_data *d = &p->data[data];
    mem_grow(&d->on_site, &d->cap_sites, (size_t)site + 1, sizeof *d->on_site);
    if (site >= d->n_sites)
        d->n_sites = (size_t)site + 1;
    mem_grow(&p->coming, &p->cap_coming, (size_t)site + 1, sizeof *p->coming);
    p->n_coming = site >= p->n_coming ? (size_t)site + 1 : p->n_coming;
    p->coming[site] += (r == REPLICA_COMING) - (d->on_site[site] == REPLICA_COMING);
    mem_grow(&p->stored, &p->cap_stored, (size_t)site + 1, sizeof *p->stored);
    p->n_stored = site >= p->n_stored ? (size_t)site + 1 : p->n_stored;
    p->stored[site] += d->bytes * ((r != REPLICA_NONE) - (d->on_site[site] != REPLICA_NONE));
    if (r == REPLICA_HERE || d->on_site[site] == REPLICA_HERE)
        p->place_epoch++; // who may run there has changed
    d->on_site[site] = (uint8_t)r;
    planner_changed(p);
}

enum plan_replica planner_replica_at(const struct planner *p, uint32_t data, uint32_t site)
{
    return replica(p, data, site);
}

void planner_data_gone(struct planner *p, uint32_t data)
{
    if (data >= p->n_datas)
        return;
    for (size_t site = 0; site < p->data[data].n_sites; site++)
        planner_replica(p, data, (uint32_t)site, REPLICA_NONE);
    free(p->data[data].on_site);
    p->data[data] = (struct known_data){0};
}

void planner_makes_copies(struct planner *p, bool makes)
{
    p->no_copies = !makes;
}

int64_t bytes_missing(const struct planner *p, const struct shape *s, uint32_t site)
{
    int64_t sum = 0;
    for (int i = 0; i < s->n_data; i++)
        if (replica(p, s->data[i], site) != REPLICA_HERE)
            sum += s->data[i] < p->n_datas ? p->data[s->data[i]].bytes : 0;
    return sum;
}

bool data_is_there(const struct planner *p, const struct shape *s, uint32_t site)
{
    for (int i = 0; i < s->n_data; i++)
        if (replica(p, s->data[i], site) != REPLICA_HERE)
            return false;
    return true;
}

static void order(struct planner *p, uint32_t data, uint32_t site, uint32_t for_task, struct plan *out)
{
    if (data >= p->n_datas || replica(p, data, site) != REPLICA_NONE)
        return;
    bool was_dirty = p->dirty, there = p->policy->in_advance;
    planner_replica(p, data, site, there ? REPLICA_HERE : REPLICA_COMING);
    p->dirty = was_dirty; // what is on its way changes nobody's mind until it is there
    struct plan_fetch *f = VEC_PUSH(out->fetch, out->n_fetches, out->cap_fetches);
    *f = (struct plan_fetch){.data = data, .site = site, .for_task = for_task, .in_advance = there};
}

// ---- what is used

static void age(struct known_data *d, house_ms now)
{
    int64_t days = house_since(now, d->aged) / DAY_MS;
    if (days <= 0)
        return;
    d->uses = days < 40 ? d->uses >> days : 0;
    d->aged = house_add(d->aged, days * DAY_MS);
}

void data_used(struct planner *p, const struct shape *s)
{
    for (int i = 0; i < s->n_data; i++) {
        if (s->data[i] >= p->n_datas)
            continue;
        struct known_data *d = &p->data[s->data[i]];
        if (!d->uses)
            d->aged = p->now;
        age(d, p->now);
        d->uses += USE;
        d->touched = true;
    }
}

static int64_t boards_on(const struct planner *p, uint32_t site)
{
    int64_t n = 0;
    for (size_t i = 0; i < p->site[site].kinds.n; i++)
        n += p->kind[p->site[site].kinds.v[i]].boards;
    return n;
}

// Fetches ahead what a site would use often: one set at a time on its link.
static void prefetch(struct planner *p, uint32_t data, struct plan *out)
{
    struct known_data *d = &p->data[data];
    d->touched = false;
    age(d, p->now);
    for (uint32_t site = 0; site < p->n_sites && d->uses >= USE * p->prices.prefetch_uses_per_day; site++) {
        bool busy = site < p->n_coming && p->coming[site] > 0;
        if (!p->site[site].known || busy || replica(p, data, site) != REPLICA_NONE)
            continue;
        if (d->uses * boards_on(p, site) >= USE * p->prices.prefetch_uses_per_day * (int64_t)p->n_boards)
            order(p, data, site, PLAN_NONE, out);
    }
}

// ---- what is waited for

struct offer {
    int64_t worth; // of the best board
    int64_t free;  // boards that could take it now, had they the data
    int64_t all;   // boards that fit
};

// Entries of the heap that hold: neither old nor spoiled by a cap.
static void count_entries(const struct planner *p, const struct heap *h, unsigned lane, struct offer *o)
{
    for (size_t i = 0; i < h->n; i++) {
        const struct heap_entry *e = &h->v[i];
        if (e->stamp != stamp_of(p, e->index) || is_borne(e->key) ||
            board_bar(p, ask_of(lane), e->index, false) != BAR_NONE)
            continue;
        o->worth = !o->free || e->key > o->worth ? e->key : o->worth;
        o->free++;
    }
}

static struct offer offer_of(struct planner *p, struct shape *s, uint32_t site)
{
    struct offer o = {0};
    unsigned lane = lane_of(s->ask);
    for (size_t i = 0; i < p->site[site].kinds.n; i++) {
        uint32_t kind = p->site[site].kinds.v[i];
        if (!constraint_holds(&s->constraint, &family_of_kind(p, kind)->spec))
            continue;
        o.all += p->kind[kind].boards;
        count_entries(p, &p->kind[kind].lane[lane].heap[SIDE_FREE], lane, &o);
    }
    return o;
}

int64_t staging_ms(const struct planner *p, const struct shape *s, uint32_t site)
{
    int64_t mbit_s = p->site[site].site.link_mbit_s > 0 ? p->site[site].site.link_mbit_s : 100;
    return bytes_missing(p, s, site) / (mbit_s * 125); // bytes for each millisecond
}

static bool on_its_way(const struct planner *p, const struct shape *s, uint32_t site)
{
    bool coming = false;
    for (int i = 0; i < s->n_data; i++) {
        enum plan_replica r = replica(p, s->data[i], site);
        if (r == REPLICA_NONE)
            return false;
        coming = coming || r == REPLICA_COMING;
    }
    return coming;
}

// How good it would be to have the shape's data on a site: 0 or less, it does not pay (now).
static int64_t fetch_gain(struct planner *p, struct shape *s, uint32_t site, int64_t need, int64_t waited_ms,
                          bool nowhere)
{
    struct offer o = offer_of(p, s, site);
    int64_t worth = o.worth + place_worth(p, s, site), stage = staging_ms(p, s, site);
    int64_t boards = need < o.free ? need : o.free;
    if (!o.all || (o.free && worth <= 0))
        return 0;
    int64_t cost = bytes_missing(p, s, site) / 1000 * p->prices.data_ueur_per_gb / 1000000;
    int64_t run_s = plan_run_typical_s(s->ask.run), one = worth / 3600 * run_s;
    int64_t gain = boards * one - cost;
    if (gain > 0)
        return gain;
    // As long as fetching takes, and so often again as the bytes cost what one instance is worth.
    if (one > 0)
        stage += stage * int_clamp(cost / one, 0, DEAR_MOST);
    if (boards && waited_ms < stage) {
        house_ms due = house_add(p->now, stage - waited_ms);
        p->look_again = house_before(due, p->look_again) ? due : p->look_again;
    }
    if (!nowhere && (!boards || waited_ms < stage))
        return 0;
    return 1 + (boards ? boards : 0) +
           o.all / (1 + stage / 1000); // needed in any case: many boards, quickly there
}

static void fetch_for(struct planner *p, uint32_t queue, struct plan *out)
{
    struct shape *s = &p->shape[p->queue[queue].shape];
    uint32_t head = queue_head(p, queue);
    if (!s->n_data || head == PLAN_NONE)
        return;
    best_by_kind(p, lane_of(s->ask));
    int64_t need = p->queue[queue].pending;
    bool nowhere = true;
    for (uint32_t site = 0; site < p->n_sites; site++) {
        bool may = where_holds(&s->where, &p->site[site].site, site), coming = on_its_way(p, s, site);
        if (!may || (!coming && !data_is_there(p, s, site)))
            continue;
        struct offer o = offer_of(p, s, site);
        nowhere = nowhere && !o.all;
        need -= coming ? o.free : 0;
    }
    while (need > 0) {
        uint32_t best = PLAN_NONE;
        int64_t most = 0;
        for (uint32_t site = 0; site < p->n_sites; site++) {
            if (!p->site[site].known || !where_holds(&s->where, &p->site[site].site, site) ||
                data_is_there(p, s, site) || on_its_way(p, s, site))
                continue;
            int64_t gain = fetch_gain(p, s, site, need, house_since(p->now, p->task[head].since), nowhere);
            if (gain > most) {
                most = gain;
                best = site;
            }
        }
        if (best == PLAN_NONE)
            return;
        for (int i = 0; i < s->n_data; i++)
            order(p, s->data[i], best, head, out);
        struct offer o = offer_of(p, s, best);
        need -= o.free ? o.free : need;
        nowhere = false;
    }
}

// ---- copies for new tasks

// What is free beside the copies that were ordered.
static int64_t disk_left(const struct planner *p, uint32_t site)
{
    return p->site[site].site.disk_free_mb * 1000000 - (site < p->n_stored ? p->stored[site] : 0);
}

static void replicate(struct planner *p, uint32_t task, struct plan *out)
{
    const struct shape *s = &p->shape[p->queue[p->task[task].queue].shape];
    int32_t copies = p->policy->copies < 0 ? INT32_MAX : p->policy->copies;
    for (int i = 0; i < s->n_data; i++) {
        if (s->data[i] >= p->n_datas || p->data[s->data[i]].copied)
            continue;
        p->data[s->data[i]].copied = true;
        p->sites.n = 0;
        for (uint32_t site = 0; site < p->n_sites; site++)
            if (p->site[site].known && boards_on(p, site) &&
                where_holds(&s->where, &p->site[site].site, site))
                heap_push(&p->sites, (struct heap_entry){.key = disk_left(p, site), .index = site});
        for (int32_t n = 0; p->sites.n && n < copies; n++, heap_pop(&p->sites))
            order(p, s->data[i], p->sites.v[0].index, task, out);
    }
}

void data_replicate(struct planner *p, struct plan *out)
{
    for (size_t i = 0; i < p->submitted.n && !p->no_copies; i++)
        if (p->task[p->submitted.v[i]].known)
            replicate(p, p->submitted.v[i], out);
    p->submitted.n = 0;
}

void data_fetch(struct planner *p, struct plan *out)
{
    if (!data_goes_first(p) || !p->n_datas)
        return;
    for (int a = 0; a < PLAN_CLASSES && p->with_data; a++)
        for (size_t i = 0; i < p->active[a].n; i++)
            fetch_for(p, p->active[a].v[i], out);
    for (uint32_t d = 0; d < p->n_datas; d++)
        if (p->data[d].touched)
            prefetch(p, d, out);
}
