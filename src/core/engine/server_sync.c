// SPDX-License-Identifier: Apache-2.0
//
// A node calls home. Rules in sync.h: epochs are granted for a nonce, reports are applied once and in order,
// what comes down is whole. Hearing from a node renews its leases.
#include "base/mem.h"
#include "core/engine/server_data.h"
#include "core/engine/server_fleet.h"
#include "core/engine/server_lease.h"
#include "core/engine/server_state.h"
#include "core/engine/server_task.h"

#include <string.h>

// Versions begin at the time, finely enough that those of a life after a restart are above all of the life
// before.
uint64_t server_first_version(house_ms now)
{
    return now.v > 0 ? (uint64_t)now.v << 10 : 0;
}

// `node` NONE: nobody that is known.
static void answer_sync(const struct server *s, struct effects *fx, const struct event *ev, uint32_t node,
                        bool now)
{
    struct sync_wait *w = VEC_PUSH(fx->sync, fx->n_syncs, fx->cap_syncs);
    *w = (struct sync_wait){
        .token = ev->token, .node = node == NONE ? 0 : s->node[node].id, .at = node + 1, .now = now};
}

// NONE: it was never heard of.
static uint32_t node_calling(const struct server *s, const struct sync_up *up)
{
    uint64_t at = NONE;
    if (up->known && up->known <= s->n_nodes && strcmp(s->node[up->known - 1].name, up->node) == 0)
        return up->known - 1;
    strmap_get(&s->node_by_name, up->node, &at);
    return (uint32_t)at;
}

static void lose_leases(struct server *s, uint32_t node, const char *message, struct effects *fx)
{
    for (uint32_t l; (l = s->node[node].first_lease) != NONE;) { // one may take others along
        enum attempt_end end =
            s->lease[l].state == LEASE_STOPPING ? (enum attempt_end)s->lease[l].stop_end : ATTEMPT_LOST;
        lease_end(s, l, end,
                  &(struct attempt_figures){
                      .exit_code = -1, .signal = -1, .code = "ONDOL-LOST", .message = message},
                  fx);
    }
}

static void set_online(struct server *s, uint32_t node, bool online)
{
    struct node *n = &s->node[node];
    if (n->online == online)
        return;
    n->online = online;
    if (online)
        s->counts.nodes_online++;
    else
        s->counts.nodes_online--;
    for (size_t i = 0; i < n->n_zones; i++)
        zone_plan(s, n->zone[i]);
    for (size_t i = 0; i < n->n_boards; i++) {
        if (online)
            s->counts.boards_online++;
        else
            s->counts.boards_online--;
        board_plan(s, n->board[i]);
    }
}

// A node that started: the next epoch for a new nonce, the same one for a repeated call. A repeated call
// changes nothing (it may be an old copy that comes late). `node` NONE: it was never heard of; it gets a
// record when its offer is good. Gives NONE when the call was refused.
static uint32_t begin_epoch(struct server *s, uint32_t node, const struct event *ev, struct effects *fx)
{
    const struct sync_up *up = &ev->sync;
    const char *refusal = NULL;
    if (node != NONE && s->node[node].epoch && s->node[node].nonce == up->nonce)
        return node;
    if (!up->has_offer) {
        fx_reply(fx, ev->token, 400, "offer: a node without an epoch must send what it has");
        return NONE;
    }
    int code = server_offer_check(s, node, &up->offer, &fx->arena, &refusal);
    if (code) {
        fx_reply(fx, ev->token, code, refusal);
        return NONE;
    }
    if (node == NONE) {
        node = server_node_new(s, server_new_id(s), up->node);
        s->node[node].version = server_first_version(s->now);
    }
    lose_leases(s, node, "the node started again", fx);
    set_online(s, node, false); // its boards are counted anew with the offer
    node_forgets(s, node);
    struct node *n = &s->node[node];
    n->epoch++;
    n->nonce = up->nonce;
    n->seq = 0;
    server_trace(s, CHANGE_NODE, (int64_t)n->id, (int64_t)n->epoch);
    server_offer(s, node, &up->offer, fx);
    s->node[node].version++;
    node_touch(s, node);
    return node;
}

// Its leases are renewed by that it was heard (lease_until). What is to stop is not: the node drops it at `until`,
// and the parent may count on that. But what a cancelled one was asked to leave behind may take its time, as long as
// it moves.
static void heard(struct server *s, uint32_t node)
{
    struct node *n = &s->node[node];
    n->seen = s->now;
    for (uint32_t l = n->n_stopping ? n->first_lease : NONE; l != NONE; l = s->lease[l].next_on_node)
        if (lease_is_moving(s, &s->lease[l]))
            s->lease[l].until = house_add(s->now, s->cfg.lease_ms);
}

static void watch(struct server *s, uint32_t node, house_ms from)
{
    if (s->node[node].timed)
        return;
    s->node[node].timed = true;
    timer_add(s, TIMER_NODE, s->node[node].id, house_add(from, s->cfg.lease_ms + s->cfg.lease_margin_ms));
}

void server_sync_up(struct server *s, const struct event *ev, struct effects *fx)
{
    const struct sync_up *up = &ev->sync;
    uint32_t node = node_calling(s, up);
    if (!up->epoch) {
        node = begin_epoch(s, node, ev, fx);
        if (node == NONE)
            return;
    } else if (node == NONE) { // of another life of this server: refused by server_sync_refused, so that it
                               // introduces itself
        answer_sync(s, fx, ev, NONE, true);
        return;
    } else if (up->epoch != s->node[node].epoch || up->nonce != s->node[node].nonce) {
        answer_sync(s, fx, ev, node, true); // the program tells it so: server_sync_refused
        return;
    }
    heard(s, node);
    set_online(s, node, true);
    watch(s, node, s->now);
    for (size_t i = 0; i < up->n_reports; i++) {
        const struct report *r = &up->report[i];
        if (r->seq <= s->node[node].seq) {
            s->counts.duplicates++;
            continue;
        }
        if (r->seq != s->node[node].seq + 1)
            break; // one was lost on the way; the node sends it again
        s->node[node].seq = r->seq;
        node_touch(s, node);
        server_report(s, node, r, fx);
    }
    int64_t cap_mw = s->node[node].cap_mw;
    server_node_cap(s, node);
    bool capped = cap_mw != s->node[node].cap_mw;
    answer_sync(s, fx, ev, node, capped || up->n_reports || !up->epoch || up->have != s->node[node].version);
}

// Nothing was heard for the length of a lease: its boards are gone for the planner, its instances wait again.
void server_node_timer(struct server *s, uint64_t node_id, struct effects *fx)
{
    uint64_t at;
    if (!idmap_get(&s->node_by_id, node_id, &at))
        return;
    uint32_t node = (uint32_t)at;
    house_ms lapse = house_add(s->node[node].seen, s->cfg.lease_ms + s->cfg.lease_margin_ms);
    s->node[node].timed = false;
    if (!s->node[node].online)
        return;
    if (house_before(s->now, lapse)) { // heard since
        watch(s, node, s->node[node].seen);
        return;
    }
    set_online(s, node, false);
    lose_leases(s, node, "the node was not heard from any more", fx);
    fx_note(fx, "node", arena_printf(&fx->arena, "{\"node\":\"%s\",\"online\":false}", s->node[node].name));
}

// The k-th of a node's leases; NONE: it has fewer.
static uint32_t lease_at(const struct server *s, const struct node *n, int k)
{
    uint32_t l = n->first_lease;
    while (l != NONE && k-- > 0)
        l = s->lease[l].next_on_node;
    return l;
}

#define NODE_BOARDS_NEAR 4 // of a node with more, the others are waited for

void server_fetch_node(const struct server *s, uint32_t known, enum fetch_of what)
{
    if (!known || known > s->n_nodes)
        return;
    const struct node *n = &s->node[known - 1];
    if (what == FETCH_OF_NODE) {
        mem_fetch(n, sizeof *n);
        return;
    }
    uint32_t l = lease_at(s, n, what - FETCH_OF_LEASES);
    if (l != NONE)
        mem_fetch(&s->lease[l], sizeof *s->lease);
    if (what == FETCH_OF_LEASES) {
        __builtin_prefetch(n->zone);
        __builtin_prefetch(n->board);
    }
    if (what == FETCH_OF_BOARDS && n->n_zones) {
        planner_fetch_zone(s->planner, n->zone[0]);
        __builtin_prefetch(&s->zone[n->zone[0]]);
    }
    if (what == FETCH_OF_RECORDS && n->n_zones)
        mem_fetch(s->zone[n->zone[0]], 3 * MEM_LINE_BYTES);
    for (size_t i = 0; what > FETCH_OF_LEASES && i < n->n_boards && i < NODE_BOARDS_NEAR; i++) {
        uint32_t board = n->board[i];
        if (what == FETCH_OF_RECORDS) {
            mem_fetch(s->board[board], 2 * MEM_LINE_BYTES);
            continue;
        }
        planner_fetch_board(s->planner, board);
        __builtin_prefetch(&s->board[board]);
    }
}

bool server_sync_refused(const struct server *s, uint64_t node_id, uint64_t epoch, uint64_t nonce)
{
    uint64_t at;
    if (!idmap_get(&s->node_by_id, node_id, &at))
        return true;
    return epoch && (epoch != s->node[at].epoch || nonce != s->node[at].nonce);
}

static void desired_zones(const struct server *s, const struct node *n, house_ms now, struct arena *a,
                          struct sync_down *down)
{
    down->zone = arena_alloc(a, (n->n_zones + 1) * sizeof *down->zone);
    for (size_t i = 0; i < n->n_zones; i++) {
        const struct zone *z = s->zone[n->zone[i]];
        struct desired_zone *d = &down->zone[down->n_zones++];
        memcpy(d->name, z->name, NAME_BYTES);
        d->mode = z->mode;
        d->setpoint_mc = z->setpoint_mc;
        d->boost_until = z->boost_until;
        d->lid_open = z->lid_open.v > 0;
        d->lid_clear = house_since(now, z->lid_clear) < s->cfg.lease_ms ? z->lid_clear : HOUSE_MS(0);
        d->schedule = arena_strdup(a, z->schedule);
        d->utc_offset_min = s->site[z->site].utc_offset_min;
        d->work_only = zone_work_only(s, z);
    }
}

static void desired_lease(const struct server *s, const struct lease *l, struct arena *a,
                          struct assignment *d)
{
    const struct task *t = &s->task[l->task];
    *d = (struct assignment){.lease = l->id,
                             .instance = l->instance,
                             .instance_count = (uint32_t)t->instances,
                             .attempt = l->attempt,
                             .activity = l->activity,
                             .until = lease_until(s, l),
                             .on_lapse = LAPSE_DROP,
                             .stop = l->state == LEASE_STOPPING,
                             .hold = l->state == LEASE_HELD,
                             .memory_mb = t->constraint ? t->constraint->memory_mb_min : 0,
                             .stop_end =
                                 l->stop_end == ATTEMPT_CANCELLED ? ATTEMPT_CANCELLED : ATTEMPT_PREEMPTED,
                             .need_body = l->state == LEASE_ASSIGNED,
                             .task = t->id};
    if (t->pool != NONE) {
        d->pool = s->pool[t->pool].id;
        d->slots = t->holder ? s->pool[t->pool].slots_per_node : 0;
        d->within = l->within != NONE ? s->lease[l->within].id : 0;
        if (t->holder)
            d->instance_count = (uint32_t)s->pool[t->pool].wanted;
    }
    d->orders = orders_down(t, l, a);
    memcpy(d->board, s->board[l->board]->name, NAME_BYTES);
    uuid_format(d->task_uuid, t->uuid);
}

void server_desired(const struct server *s, uint64_t node_id, uint32_t known, house_ms now, struct arena *a,
                    struct sync_down *down)
{
    uint64_t at = known - 1;
    *down = (struct sync_down){.house = now,
                               .until = house_add(now, s->cfg.lease_ms),
                               .cap_mw = -1,
                               .filler_allowed = s->cfg.filler_allowed,
                               .donated_allowed = s->cfg.donated_allowed};
    if ((!known || known > s->n_nodes || s->node[at].id != node_id) &&
        !idmap_get(&s->node_by_id, node_id, &at))
        return;
    const struct node *n = &s->node[at];
    down->epoch = n->epoch;
    down->acked = n->seq;
    down->version = n->version;
    down->cap_mw = n->cap_mw;
    desired_zones(s, n, now, a, down);
    size_t count = 0;
    for (uint32_t l = n->first_lease; l != NONE; l = s->lease[l].next_on_node)
        count++;
    down->assignment = arena_alloc(a, (count + 1) * sizeof *down->assignment);
    for (uint32_t i = n->first_lease; i != NONE; i = s->lease[i].next_on_node)
        desired_lease(s, &s->lease[i], a, &down->assignment[down->n_assignments++]);
}
