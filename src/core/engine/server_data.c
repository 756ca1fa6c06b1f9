// SPDX-License-Identifier: Apache-2.0
//
// Data sets that tasks name (core/work/place.h), and copies of them at sites. The planner decides where
// copies are to be; where somebody makes them (server_config.makes_copies) they leave as orders among the
// effects, and EVENT_REPLICA says what became of each. Nothing of this is in the store: what sites hold is
// learned anew.
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "core/engine/server_data.h"
#include "core/engine/server_state.h"

// So many sets nobody names are remembered at least, with the sites that have them.
#define IDLE_SETS 1024

_Static_assert(PLACE_DATA_MAX <= PLAN_DATA_MAX, "a task's data sets fit the planner's record of it");

uint32_t data_number(const struct server *s, uint64_t key)
{
    uint64_t at;
    return idmap_get(&s->data_by_key, key, &at) ? (uint32_t)at : NONE;
}

// Half of the sets that nobody names make room, those of the older half of the time. Looks at all of them,
// once in so many new ones.
static void forget_idle(struct server *s)
{
    size_t idle = 0;
    int64_t oldest = INT64_MAX, newest = INT64_MIN;
    for (size_t i = 0; i < s->n_data; i++) {
        const struct data_set *d = &s->data[i];
        if (!d->key || d->users)
            continue;
        idle++;
        oldest = d->used.v < oldest ? d->used.v : oldest;
        newest = d->used.v > newest ? d->used.v : newest;
    }
    if (idle < IDLE_SETS)
        return;
    idle /= 2;
    for (uint32_t i = 0; i < s->n_data && idle > 0; i++) {
        struct data_set *d = &s->data[i];
        if (!d->key || d->users || d->used.v > oldest + (newest - oldest) / 2)
            continue;
        idle--;
        idmap_remove(&s->data_by_key, d->key);
        planner_data_gone(s->planner, i);
        *d = (struct data_set){0};
        *VEC_PUSH(s->free_data, s->n_free_data, s->cap_free_data) = i;
    }
}

static uint32_t data_new(struct server *s, uint64_t key)
{
    if (s->n_data >= 2 * IDLE_SETS && !s->n_free_data && s->n_data % IDLE_SETS == 0)
        forget_idle(s);
    uint32_t at = (uint32_t)s->n_data;
    if (s->n_free_data)
        at = s->free_data[--s->n_free_data];
    else
        (void)VEC_PUSH(s->data, s->n_data, s->cap_data);
    s->data[at] = (struct data_set){.key = key, .bytes = -1};
    idmap_set(&s->data_by_key, key, at);
    return at;
}

void place_take_data(struct server *s, const struct place *p)
{
    for (int i = 0; i < p->n_data; i++) {
        uint32_t at = data_number(s, p->data[i].key);
        if (at == NONE)
            at = data_new(s, p->data[i].key);
        struct data_set *d = &s->data[at];
        if (d->bytes != p->data[i].bytes) // the latest word counts
            planner_data(s->planner, at, p->data[i].bytes);
        d->bytes = p->data[i].bytes;
        d->users++;
        d->used = s->now;
    }
}

void place_drop_data(struct server *s, const struct place *p)
{
    for (int i = 0; i < p->n_data; i++) {
        uint32_t at = data_number(s, p->data[i].key);
        if (at == NONE)
            continue;
        s->data[at].users--;
        s->data[at].used = s->now;
    }
}

void server_replica(struct server *s, const struct event *ev, struct effects *fx)
{
    uint64_t site;
    uint32_t data = data_number(s, ev->replica.key);
    if (!strmap_get(&s->site_by_name, ev->replica.site, &site)) {
        fx_reply(fx, ev->token, 404, NULL)->message =
            arena_printf(&fx->arena, "No such site: %s", ev->replica.site);
        return;
    }
    if (data != NONE)
        planner_replica(s->planner, data, (uint32_t)site, ev->replica.there ? REPLICA_HERE : REPLICA_NONE);
    server_trace(s, EVENT_REPLICA, (int64_t)ev->replica.key, ev->replica.there);
    fx_reply(fx, ev->token, 200, NULL);
}

// ---- what nodes keep, where data come with the work

// A site counts as having a set when nodes with half of its boards keep it: then work that goes there rather
// finds it than not.
static void count_kept(struct server *s, const struct node_kept *k, int32_t boards)
{
    uint64_t key = hash_mix(k->key ^ hash_i64(HASH_SEED, k->site)) | 1, sum = 0;
    idmap_get(&s->kept_boards, key, &sum);
    sum += (uint64_t)(int64_t)boards;
    if (sum)
        idmap_set(&s->kept_boards, key, sum);
    else
        idmap_remove(&s->kept_boards, key);
    uint32_t data = data_number(s, k->key);
    if (data != NONE)
        planner_replica(s->planner, data, k->site,
                        sum && 2 * (int64_t)sum >= s->site[k->site].n_boards ? REPLICA_HERE : REPLICA_NONE);
}

static void drop_kept(struct server *s, struct node_keeps *keeps, int32_t at)
{
    count_kept(s, &keeps->set[at], -keeps->set[at].boards);
    keeps->n--;
    memmove(&keeps->set[at], &keeps->set[at + 1], (size_t)(keeps->n - at) * sizeof keeps->set[0]);
}

static void keep(struct server *s, struct node *n, uint32_t site, const struct place_data *d)
{
    struct node_keeps *keeps = n->keeps;
    int64_t bytes = d->bytes;
    for (int32_t i = keeps->n - 1; i >= 0; i--) {
        if (keeps->set[i].key == d->key)
            drop_kept(s, keeps, i);
        else
            bytes += keeps->set[i].bytes;
    }
    for (; keeps->n > 0 && (keeps->n == NODE_KEEPS || bytes > NODE_KEEPS_BYTES); drop_kept(s, keeps, 0))
        bytes -= keeps->set[0].bytes;
    struct node_kept *k = &keeps->set[keeps->n++];
    *k = (struct node_kept){.key = d->key, .bytes = d->bytes, .site = site, .boards = (int32_t)n->n_boards};
    count_kept(s, k, k->boards);
}

void node_fetched(struct server *s, uint32_t node, uint32_t site, const struct place *p)
{
    if (s->cfg.makes_copies)
        return;
    for (int i = 0; i < p->n_data; i++) {
        if (p->data[i].bytes > NODE_KEEPS_BYTES)
            continue;
        if (!s->node[node].keeps)
            s->node[node].keeps = mem_alloc(sizeof *s->node[node].keeps);
        keep(s, &s->node[node], site, &p->data[i]);
    }
}

void node_forgets(struct server *s, uint32_t node)
{
    struct node_keeps *keeps = s->node[node].keeps;
    while (keeps && keeps->n > 0)
        drop_kept(s, keeps, keeps->n - 1);
}

// ---- orders

void copies_order(struct server *s, struct effects *fx)
{
    for (size_t i = 0; i < s->plan.n_fetches; i++) {
        const struct plan_fetch *f = &s->plan.fetch[i];
        const struct data_set *d = &s->data[f->data];
        struct copy_order *c = VEC_PUSH(fx->copy, fx->n_copies, fx->cap_copies);
        *c = (struct copy_order){.key = d->key,
                                 .bytes = d->bytes,
                                 .site = arena_strdup(&fx->arena, s->site[f->site].name),
                                 .ahead = f->for_task == PLAN_NONE,
                                 .in_advance = f->in_advance};
        server_trace(s, -(int64_t)EVENT_REPLICA, (int64_t)d->key, (int64_t)s->site[f->site].id);
    }
}

void copies_take_back(struct server *s)
{
    for (size_t i = 0; i < s->plan.n_fetches; i++)
        planner_replica(s->planner, s->plan.fetch[i].data, s->plan.fetch[i].site, REPLICA_NONE);
}
