// SPDX-License-Identifier: Apache-2.0
//
// How many nodes a pool has, and which of its tasks runs on which node. Both are looked at when the batch is
// settled, before the planner: what the pool wants more of waits for boards like any work, what it wants less
// of goes when it is idle. Its tasks go, oldest first, to a node that is partly busy already, else to the
// idle one whose room wants heat most.
#include "base/mem.h"
#include "core/engine/server_fleet.h"
#include "core/engine/server_job.h"
#include "core/engine/server_lease.h"
#include "core/engine/server_pool.h"
#include "core/engine/server_state.h"
#include "core/engine/server_task.h"

#include <stdlib.h>
#include <string.h>

#define FAILURES_MAX 3 // nodes in a row that could not be prepared: it is the preparation

void pool_look(struct server *s, uint32_t slot)
{
    struct pool *p = &s->pool[slot];
    pool_touch(s, slot);
    if (p->look)
        return;
    p->look = true;
    uint32_t *at = VEC_PUSH(s->dirty_pool_look.v, s->dirty_pool_look.n, s->dirty_pool_look.cap);
    *at = slot;
}

void pool_join(struct server *s, uint32_t task, uint32_t pool)
{
    struct task *t = &s->task[task];
    struct pool *p = &s->pool[pool];
    t->pool = pool;
    t->pool_prev = p->last;
    t->pool_next = NONE;
    if (p->last != NONE)
        s->task[p->last].pool_next = task;
    else
        p->first = task;
    p->last = task;
    p->n_tasks++;
    pool_look(s, pool);
}

void pool_leave(struct server *s, uint32_t task)
{
    struct task *t = &s->task[task];
    if (t->pool == NONE || t->holder)
        return;
    struct pool *p = &s->pool[t->pool];
    if (t->pool_next != NONE)
        s->task[t->pool_next].pool_prev = t->pool_prev;
    else
        p->last = t->pool_prev;
    if (t->pool_prev != NONE)
        s->task[t->pool_prev].pool_next = t->pool_next;
    else
        p->first = t->pool_next;
    p->n_tasks--;
    pool_look(s, t->pool);
    t->pool = NONE;
}

void pool_wake_at(struct server *s, uint32_t slot, house_ms at)
{
    struct pool *p = &s->pool[slot];
    if (p->wake.v == at.v || at.v == INT64_MAX)
        return;
    p->wake = at;
    timer_add(s, TIMER_POOL, p->id, at);
}

void server_pool_timer(struct server *s, uint64_t pool_id)
{
    uint64_t slot;
    if (!idmap_get(&s->pool_by_id, pool_id, &slot))
        return;
    s->pool[slot].wake = HOUSE_MS(0);
    pool_look(s, (uint32_t)slot);
}

void pool_shut(struct server *s, uint32_t slot, const char *code, const char *why, struct effects *fx)
{
    struct pool *p = &s->pool[slot];
    struct task *holder = &s->task[p->holder];
    for (uint32_t t = p->first; t != NONE; t = s->task[t].pool_next) // they leave when the batch is settled
        if (!task_ended(&s->task[t]) && !s->task[t].aborting && !s->task[t].deleting)
            task_stop(s, t, code, why, fx);
    ranges_clear(&holder->pending);
    task_plan(s, p->holder);
    for (uint32_t l = holder->first_lease; l != NONE; l = s->lease[l].next)
        lease_stop(s, l, ATTEMPT_CANCELLED, fx);
    pool_look(s, slot);
}

void pool_fail(struct server *s, uint32_t slot, const char *code, const char *why, struct effects *fx)
{
    struct pool *p = &s->pool[slot];
    if (p->closing || p->failed || p->deleting)
        return;
    errors_add(&p->errors, code, why, "");
    p->failed = true;
    pool_shut(s, slot, "ONDOL-POOL-FAILED", why, fx);
}

void task_or_pool_stop(struct server *s, uint32_t task, const char *code, const char *why, struct effects *fx)
{
    if (s->task[task].holder)
        pool_fail(s, s->task[task].pool, code, why, fx);
    else
        task_stop(s, task, code, why, fx);
}

bool pools_hold(const struct server *s, uint32_t account)
{
    for (size_t i = 0; i < s->n_pools; i++) {
        const struct pool *p = &s->pool[i];
        bool open = !p->closing && !p->failed && !p->deleting;
        if (p->id && p->account == account && (open || s->task[p->holder].first_lease != NONE))
            return true;
    }
    return false;
}

void pool_node_ended(struct server *s, uint32_t slot, enum attempt_end end, const struct attempt_figures *f,
                     struct effects *fx)
{
    struct pool *p = &s->pool[slot];
    pool_look(s, slot);
    if (end != ATTEMPT_FAILURE)
        return;
    p->failures++;
    errors_add(&p->errors, f->code && *f->code ? f->code : "ONDOL-POOL-NODE",
               f->message && *f->message ? f->message : "a node could not be prepared", "");
    if (p->failures >= FAILURES_MAX)
        pool_fail(s, slot, "ONDOL-POOL-FAILED", "three nodes in a row could not be prepared", fx);
}

void pool_node_ready(struct server *s, uint32_t lease, struct effects *fx)
{
    struct lease *l = &s->lease[lease];
    uint32_t slot = s->task[l->task].pool;
    s->pool[slot].failures = 0;
    if (l->ready || l->state != LEASE_STARTED) // it may have been asked to stop before it could say so
        return;
    l->ready = true;
    l->phase = PHASE_EXECUTION;
    l->idle_since = s->now;
    struct change *c = fx_change(fx, CHANGE_LEASE);
    lease_row(s, l, &c->lease);
    server_trace(s, CHANGE_LEASE, (int64_t)l->id, LEASE_READY);
    pool_look(s, slot);
}

// ---- how many

static bool goes_on(const struct lease *l)
{
    return l->state != LEASE_STOPPING;
}

static bool is_idle(const struct lease *l)
{
    return goes_on(l) && l->ready && !l->n_inside;
}

// Slots that may be closed, and when the next will be.
static int64_t idle_slots(const struct server *s, const struct pool *p, int64_t idle_ms, house_ms *next)
{
    const struct task *holder = &s->task[p->holder];
    int64_t nodes = (int64_t)ranges_count(&holder->pending);
    for (uint32_t i = holder->first_lease; i != NONE; i = s->lease[i].next) {
        const struct lease *l = &s->lease[i];
        house_ms until = house_add(l->idle_since, idle_ms);
        if (!is_idle(l))
            continue;
        nodes += !house_before(s->now, until);
        if (house_before(s->now, until) && house_before(until, *next))
            *next = until;
    }
    return nodes * p->slots_per_node;
}

// Sets how many are wanted. Gives when to look again.
static house_ms decide(struct server *s, struct pool *p)
{
    const struct scaling_policy *in = scaling_active(p->policy, p->n_policies, s->now.v);
    house_ms next = HOUSE_MS(scaling_next_change(p->policy, p->n_policies, s->now.v));
    struct pool_load load = pool_load(s, p);
    struct scaling_load l = {.queued = load.queued, .running = load.running, .open = p->slots};
    bool queue = in && in->type == SCALING_QUEUE;
    house_ms step = queue && p->opened_ms >= 0 ? HOUSE_MS(p->opened_ms + in->step_s * 1000) : HOUSE_MS(0);
    l.step_due = !house_before(s->now, step);
    if (queue)
        l.idle = idle_slots(s, p, in->idle_s * 1000, &next);
    int64_t want = scaling_want(in, &l);
    if (want > p->slots)
        p->opened_ms = s->now.v;
    if (queue && !l.step_due && house_before(step, next))
        next = step;
    if (queue && want > p->slots && in->step_s > 0 &&
        house_before(house_add(s->now, in->step_s * 1000), next))
        next = house_add(s->now, in->step_s * 1000);
    p->slots = want;
    p->active = in ? (int32_t)(in - p->policy) : -1;
    p->wanted = (int32_t)((want + p->slots_per_node - 1) / p->slots_per_node);
    return next;
}

// Numbers that no node has, the lowest first.
static void seek(struct server *s, const struct pool *p, int64_t n)
{
    struct task *holder = &s->task[p->holder];
    struct ranges used = RANGES_NULL;
    ranges_copy(&used, &holder->pending);
    for (uint32_t i = holder->first_lease; i != NONE; i = s->lease[i].next)
        ranges_add(&used, s->lease[i].instance);
    for (uint32_t id = 0; n > 0;) {
        uint32_t taken;
        int64_t room = ranges_next(&used, id, &taken) ? (int64_t)taken - id : n;
        room = room < n ? room : n;
        if (room > 0)
            ranges_add_span(&holder->pending, id, id + (uint32_t)room - 1);
        n -= room;
        id += (uint32_t)room + 1;
    }
    ranges_deinit(&used);
}

// Those that have no board yet, the highest numbers first. Gives how many are still too many.
static int64_t seek_less(struct server *s, const struct pool *p, int64_t n)
{
    struct ranges *pending = &s->task[p->holder].pending;
    for (uint32_t top; n > 0 && ranges_highest(pending, &top); n--)
        ranges_remove(pending, top);
    return n;
}

// The one that is missed least: idle for longest, then one that is not prepared yet. NONE: all are busy.
static uint32_t least_missed(const struct server *s, const struct pool *p)
{
    uint32_t best = NONE;
    for (uint32_t i = s->task[p->holder].first_lease; i != NONE; i = s->lease[i].next) {
        const struct lease *l = &s->lease[i], *b = best != NONE ? &s->lease[best] : NULL;
        if (!goes_on(l) || l->n_inside)
            continue;
        if (!b || (l->ready && !b->ready) ||
            (l->ready == b->ready && house_before(l->idle_since, b->idle_since)))
            best = i;
    }
    return best;
}

static void mark_spare(struct server *s, const struct pool *p, int64_t n)
{
    for (uint32_t i = s->task[p->holder].first_lease; i != NONE; i = s->lease[i].next) {
        struct lease *l = &s->lease[i];
        l->spare = goes_on(l) && n > 0;
        n -= l->spare;
    }
}

static void resize(struct server *s, const struct pool *p, struct effects *fx)
{
    struct task *holder = &s->task[p->holder];
    int64_t have = (int64_t)ranges_count(&holder->pending), waited = have;
    for (uint32_t i = holder->first_lease; i != NONE; i = s->lease[i].next)
        have += goes_on(&s->lease[i]);
    if (have < p->wanted)
        seek(s, p, p->wanted - have);
    int64_t more = have > p->wanted ? seek_less(s, p, have - p->wanted) : 0;
    if ((int64_t)ranges_count(&holder->pending) != waited)
        task_plan(s, p->holder);
    for (uint32_t l; more > 0 && (l = least_missed(s, p)) != NONE; more--)
        lease_stop(s, l, ATTEMPT_CANCELLED, fx);
    mark_spare(s, p, more);
}

// ---- what runs where

static bool has_room(const struct server *s, const struct pool *p, const struct lease *l)
{
    return l->state == LEASE_STARTED && l->ready && !l->spare && l->n_inside < p->slots_per_node &&
           !board_rests(s, s->board[l->board]);
}

static uint32_t best_node(const struct server *s, const struct pool *p, const uint32_t *node, size_t n)
{
    uint32_t best = NONE;
    int32_t most_w = 0;
    for (size_t i = 0; i < n; i++) {
        const struct lease *l = &s->lease[node[i]];
        int32_t want_w = s->zone[s->board[l->board]->zone]->request.target_w;
        if (!has_room(s, p, l))
            continue;
        if (l->n_inside)
            return node[i];
        if (best == NONE || want_w > most_w) {
            best = node[i];
            most_w = want_w;
        }
    }
    return best;
}

static void place(struct server *s, const struct pool *p, struct effects *fx)
{
    uint32_t *node = NULL;
    size_t n = 0, cap = 0;
    for (uint32_t i = s->task[p->holder].first_lease; i != NONE; i = s->lease[i].next)
        if (has_room(s, p, &s->lease[i])) {
            uint32_t *at = VEC_PUSH(node, n, cap);
            *at = i;
        }
    uint32_t best = n ? best_node(s, p, node, n) : NONE;
    for (uint32_t i = p->first; i != NONE && best != NONE; i = s->task[i].pool_next) {
        const struct task *t = &s->task[i];
        if (t->aborting || t->deleting || t->held_back || task_waits(t))
            continue;
        while (best != NONE && task_ready_count(&s->task[i])) {
            lease_grant_in(s, i, s->lease[best].board, best, fx);
            best = best_node(s, p, node, n);
        }
    }
    free(node);
}

// The moment at which it fails for want of a board; v INT64_MAX: it does not.
static house_ms patience(const struct server *s, const struct pool *p)
{
    const struct task *holder = &s->task[p->holder];
    bool begun = holder->first_lease != NONE || (holder->sets && ranges_count(&holder->sets->started_once));
    return p->queue_max_ms < 0 || begun || !p->wanted ? HOUSE_MS(INT64_MAX)
                                                      : HOUSE_MS(p->created_ms + p->queue_max_ms);
}

// It is over, or about to be: when it may be seen Closed, and when it deletes itself.
static void fade(struct server *s, uint32_t slot)
{
    struct pool *p = &s->pool[slot];
    bool over = p->state == POOL_CLOSED || p->state == POOL_FAILURE;
    bool left = s->task[p->holder].first_lease != NONE || p->n_tasks;
    house_ms end = HOUSE_MS(p->state_ms + (over ? p->keep_ms : POOL_CLOSING_MS));
    if (over && (left || !p->auto_delete || p->keep_ms <= 0))
        return;
    if (house_before(s->now, end))
        pool_wake_at(s, slot, end);
    else
        p->gone = over;
}

static void work(struct server *s, uint32_t slot, struct effects *fx)
{
    struct pool *p = &s->pool[slot];
    if (p->closing || p->failed || p->deleting) {
        fade(s, slot);
        return;
    }
    house_ms next = decide(s, p), until = patience(s, p);
    if (!house_before(s->now, until)) {
        pool_fail(s, slot, "ONDOL-QUEUE-TIME", "no board was found in time (maxTimeQueueSeconds)", fx);
        return;
    }
    resize(s, p, fx);
    place(s, p, fx);
    pool_wake_at(s, slot, house_before(until, next) ? until : next);
}

void server_pools_work(struct server *s, struct effects *fx)
{
    size_t n = s->dirty_pool_look.n; // what is looked at again because of this is for the next batch
    for (size_t i = 0; i < n; i++) {
        uint32_t slot = s->dirty_pool_look.v[i];
        if (!s->pool[slot].id || !s->pool[slot].look)
            continue;
        s->pool[slot].look = false;
        pool_touch(s, slot);
        work(s, slot, fx);
        s->pool[slot].look = false;
    }
    s->dirty_pool_look.n -= n;
    if (s->dirty_pool_look.n)
        memmove(s->dirty_pool_look.v, s->dirty_pool_look.v + n, s->dirty_pool_look.n * sizeof(uint32_t));
}
