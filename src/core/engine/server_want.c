// SPDX-License-Identifier: Apache-2.0
//
// What zones want: out of the level that its node tells of each, and of many at once without their nodes. A planner
// that chooses among all zones is told of all that have moved before it chooses, hundreds at a time: so this touches
// their requests and what the planner keeps of them, and nothing else.
#include "base/mem.h"
#include "base/num.h"
#include "core/engine/server_fleet.h"
#include "core/engine/server_state.h"

#define WANTED_W_MAX 1000000

static int32_t bounded(int32_t w)
{
    return w < 0 ? 0 : w < WANTED_W_MAX ? w : WANTED_W_MAX;
}

struct heat_request zone_request(const struct zone *z)
{
    struct heat_request r = z->request;
    r.target_w = bounded(r.target_w);
    r.min_w = bounded(r.min_w);
    r.max_w = bounded(r.max_w);
    r.keep_w = bounded(r.keep_w);
    return r;
}

#define TOGETHER 16 // whose records are fetched from memory together: each lies elsewhere

static void some_want(struct server *s, const struct zone_want *want, size_t n)
{
    uint64_t at[TOGETHER];
    for (size_t i = 0; i < n; i++) {
        if (!idmap_get(&s->zone_by_id, want[i].zone, &at[i]))
            at[i] = NONE;
        else
            __builtin_prefetch(&s->zone[at[i]]);
    }
    for (size_t i = 0; i < n; i++) {
        if (at[i] == NONE)
            continue;
        mem_fetch(s->zone[at[i]], 2 * MEM_LINE_BYTES);
        planner_fetch_zone(s->planner, (uint32_t)at[i]);
    }
    for (size_t i = 0; i < n; i++) {
        const struct zone_want *w = &want[i];
        if (at[i] == NONE || s->zone[at[i]]->at.v < 0)
            continue;
        struct zone *z = s->zone[at[i]];
        z->request.target_w = w->target_w;
        z->request.min_w = w->min_w;
        z->request.max_w = w->max_w;
        z->request.keep_w = w->keep_w;
        struct heat_request r = zone_request(z);
        planner_wants(s->planner, (uint32_t)at[i], &r);
    }
}

void server_zones_want(struct server *s, const struct event *ev, struct effects *fx)
{
    (void)fx;
    for (size_t i = 0; i < ev->wants.n; i += TOGETHER)
        some_want(s, ev->wants.zone + i, ev->wants.n - i < TOGETHER ? ev->wants.n - i : TOGETHER);
}
