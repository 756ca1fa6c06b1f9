// SPDX-License-Identifier: Apache-2.0
//
// Data sets at sites: what their disks hold, what is on its way over their links to the outside, and the
// boards that wait for it.
//
//   asked for (by work on a board, or ordered by the engine) --> moving --> landing --> here
//                                                             the link   its latency
//
// What moves shares the link evenly: of n copies each gets an n-th of its bandwidth, in whole bytes, until
// the next comes or goes. A link that is cut moves nothing. When a set is here, and when it had to make room,
// the engine is told. Sets on their way are never the ones to go.
#include "sim/run.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"

enum set_state { SET_MOVING, SET_LANDING, SET_HERE };

static struct site_set *held(struct sim_site *x, uint64_t set)
{
    for (size_t i = 0; i < x->n_cache; i++)
        if (x->cache[i].set == set)
            return &x->cache[i];
    return NULL;
}

static void tell(struct sim_run *r, uint32_t site, uint64_t set, bool there)
{
    struct event ev = {.kind = EVENT_REPLICA,
                       .token = 1,
                       .replica = {.site = r->s->site[site].name, .key = set, .there = there}};
    link_event(r, &ev);
}

// ---- the link

static int64_t bytes_per_ms(const struct sim_run *r, uint32_t site)
{
    int64_t rate = num_round(r->s->site[site].wan_mbit_s * 125);
    return rate > 0 ? rate : 1;
}

// Books what came since the last time.
static void link_book(struct sim_run *r, uint32_t site)
{
    struct sim_site *x = &r->site[site];
    int64_t came =
        x->n_moving && !x->wan_cut ? bytes_per_ms(r, site) * (r->now - x->link_at) / (int64_t)x->n_moving : 0;
    for (size_t i = 0; came > 0 && i < x->n_cache; i++)
        if (x->cache[i].state == SET_MOVING)
            x->cache[i].left -= came < x->cache[i].left ? came : x->cache[i].left;
    x->link_at = r->now;
}

// When the first of what moves will be over it.
static void link_foresee(struct sim_run *r, uint32_t site)
{
    struct sim_site *x = &r->site[site];
    int64_t least = INT64_MAX, rate = bytes_per_ms(r, site);
    for (size_t i = 0; i < x->n_cache; i++)
        if (x->cache[i].state == SET_MOVING && x->cache[i].left < least)
            least = x->cache[i].left;
    x->link_stamp++;
    if (least == INT64_MAX || x->wan_cut)
        return;
    int64_t ms = (least * (int64_t)x->n_moving + rate - 1) / rate;
    queue_push(&r->queue, (struct happening){
                              .at = r->now + ms, .kind = HAPPEN_LINK, .index = site, .stamp = x->link_stamp});
}

void data_link(struct sim_run *r, uint32_t site)
{
    struct sim_site *x = &r->site[site];
    link_book(r, site);
    for (size_t i = 0; i < x->n_cache; i++) {
        struct site_set *c = &x->cache[i];
        if (c->state != SET_MOVING || c->left > 0)
            continue;
        c->state = SET_LANDING;
        x->n_moving--;
        queue_push(&r->queue, (struct happening){.at = r->now + num_round(r->s->site[site].wan_latency_ms),
                                                 .kind = HAPPEN_COPIED,
                                                 .index = site,
                                                 .extra = (int64_t)c->set});
    }
    link_foresee(r, site);
}

// ---- the disk

// The least recently used go first, and nothing that is used at this moment: if that fills the disk it is
// over-full, as nobody can be refused what it needs to start.
static void make_room(struct sim_run *r, uint32_t site, int64_t bytes)
{
    struct sim_site *x = &r->site[site];
    while (x->n_cache > 0 && x->cached_bytes + bytes > (int64_t)r->s->site[site].cache_bytes) {
        size_t old = x->n_cache;
        for (size_t i = 0; i < x->n_cache; i++)
            if (x->cache[i].state == SET_HERE && x->cache[i].used_at < r->now &&
                (old == x->n_cache || x->cache[i].used_at < x->cache[old].used_at))
                old = i;
        if (old == x->n_cache)
            return;
        uint64_t set = x->cache[old].set;
        x->cached_bytes -= x->cache[old].bytes;
        x->cache[old] = x->cache[--x->n_cache];
        tell(r, site, set, false);
    }
}

static struct site_set *copy_begin(struct sim_run *r, uint32_t site, uint64_t set, int64_t bytes)
{
    struct sim_site *x = &r->site[site];
    make_room(r, site, bytes);
    link_book(r, site);
    struct site_set *c = VEC_PUSH(x->cache, x->n_cache, x->cap_cache);
    *c = (struct site_set){.set = set, .bytes = bytes, .left = bytes, .used_at = r->now, .state = SET_MOVING};
    x->cached_bytes += bytes;
    x->n_moving++;
    r->out->site[site].moved_bytes += bytes;
    r->out->site[site].transfers++;
    return c;
}

// ---- who waits

static bool all_here(struct sim_run *r, uint32_t site, const struct sim_task *t)
{
    bool here = true;
    for (size_t i = 0; i < t->n_data; i++) {
        struct site_set *c = held(&r->site[site], t->data[i].set);
        if (!c) { // it had to make room meanwhile
            c = copy_begin(r, site, t->data[i].set, t->data[i].bytes);
            link_foresee(r, site);
        }
        c->used_at = r->now;
        here = here && c->state == SET_HERE;
    }
    return here;
}

// From the site's disk to the board, where boards have to copy what they read.
static int64_t to_board_ms(const struct sim_run *r, uint32_t site, const struct sim_task *t)
{
    double lan_mbit_s = r->s->site[site].lan_mbit_s;
    int64_t bytes = 0;
    for (size_t i = 0; i < t->n_data; i++)
        bytes += t->data[i].bytes;
    return lan_mbit_s > 0 ? num_round((double)bytes * 8e-3 / lan_mbit_s) : 0;
}

static void stage(struct sim_run *r, uint32_t board, uint32_t site, const struct sim_task *t)
{
    struct sim_board *b = &r->board[board];
    int64_t ms = to_board_ms(r, site, t);
    b->data_missing = ms > 0;
    if (ms > 0)
        queue_push(&r->queue,
                   (struct happening){
                       .at = r->now + ms, .kind = HAPPEN_STAGED, .index = board, .extra = (int64_t)b->lease});
}

void data_for_board(struct sim_run *r, uint32_t board)
{
    struct sim_board *b = &r->board[board];
    uint32_t site = r->zone[b->zone].site;
    struct sim_site *x = &r->site[site];
    const struct sim_task *t = &r->task[b->task];
    for (size_t i = 0; i < t->n_data; i++)
        r->out->site[site].asked_bytes += t->data[i].bytes;
    if (all_here(r, site, t)) {
        stage(r, board, site, t);
        return;
    }
    b->data_missing = true;
    *VEC_PUSH(x->data_wait, x->n_data_wait, x->cap_data_wait) = (struct data_wait){board, b->lease};
}

void data_copied(struct sim_run *r, uint32_t site, uint64_t set)
{
    struct sim_site *x = &r->site[site];
    struct site_set *c = held(x, set);
    if (!c || c->state != SET_LANDING)
        return;
    c->state = SET_HERE;
    c->used_at = r->now;
    tell(r, site, set, true);
    size_t n = x->n_data_wait, kept = 0;
    for (size_t i = 0; i < n; i++) {
        struct data_wait w = x->data_wait[i];
        const struct sim_board *b = &r->board[w.board];
        if (b->lease != w.lease || b->phase != BOARD_WAITS)
            continue;
        const struct sim_task *t = &r->task[b->task];
        if (!all_here(r, site, t)) {
            x->data_wait[kept++] = w;
            continue;
        }
        // at this moment, but as a thing that happens of its own
        queue_push(&r->queue, (struct happening){.at = r->now + to_board_ms(r, site, t),
                                                 .kind = HAPPEN_STAGED,
                                                 .index = w.board,
                                                 .extra = (int64_t)w.lease});
    }
    x->n_data_wait = kept;
}

// What the engine ordered.
void data_copy(struct sim_run *r, const struct copy_order *o)
{
    uint64_t site;
    if (!strmap_get(&r->site_of_name, o->site, &site))
        return;
    struct site_set *c = held(&r->site[site], o->key);
    if (!c)
        c = copy_begin(r, (uint32_t)site, o->key, o->bytes);
    if (o->in_advance && c->state == SET_MOVING) {
        c->state = SET_HERE;
        c->left = 0;
        r->site[site].n_moving--;
    }
    if (c->state == SET_HERE && !o->in_advance)
        tell(r, (uint32_t)site, o->key, true);
    link_foresee(r, (uint32_t)site);
}

void data_free(struct sim_run *r)
{
    for (size_t i = 0; r->site && i < r->s->n_sites; i++) {
        free(r->site[i].cache);
        free(r->site[i].data_wait);
    }
}
