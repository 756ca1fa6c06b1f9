// SPDX-License-Identifier: Apache-2.0
//
// What a pool shows: its state from what its nodes add up to, and its row, once when a batch is settled.
#include "core/engine/server_job.h"
#include "core/engine/server_pool.h"
#include "core/engine/server_state.h"
#include "core/engine/server_task.h"

#include "base/mem.h"

void pool_touch(struct server *s, uint32_t slot)
{
    struct pool *p = &s->pool[slot];
    if (p->dirty)
        return;
    p->dirty = true;
    uint32_t *at = VEC_PUSH(s->dirty_pool.v, s->dirty_pool.n, s->dirty_pool.cap);
    *at = slot;
}

struct pool_load pool_load(const struct server *s, const struct pool *p)
{
    struct pool_load l = {0};
    for (uint32_t i = p->first; i != NONE; i = s->task[i].pool_next) {
        const struct task *t = &s->task[i];
        if (!t->aborting && !t->deleting && !t->held_back && !task_waits(t))
            l.queued += (int64_t)ranges_count(&t->pending);
        l.running += t->n_assigned + t->n_started;
    }
    return l;
}

struct tally {
    int32_t coming, ready, cores;
};

static struct tally tally(const struct server *s, const struct pool *p)
{
    struct tally n = {0};
    for (uint32_t i = s->task[p->holder].first_lease; i != NONE; i = s->lease[i].next) {
        const struct lease *l = &s->lease[i];
        bool goes_on = l->state != LEASE_STOPPING;
        n.ready += goes_on && l->ready;
        n.coming += goes_on && !l->ready;
        n.cores += l->state == LEASE_STARTED ? l->cores : 0;
    }
    return n;
}

static enum pool_state state_of(const struct server *s, const struct pool *p, const struct tally *n)
{
    bool left = s->task[p->holder].first_lease != NONE || p->n_tasks;
    if (p->deleting)
        return POOL_PENDING_DELETE;
    if (p->failed)
        return POOL_FAILURE;
    if (p->closing && p->state == POOL_CLOSED)
        return POOL_CLOSED;
    if (p->closing)
        return p->state == POOL_CLOSING && !left && s->now.v - p->state_ms >= POOL_CLOSING_MS ? POOL_CLOSED
                                                                                              : POOL_CLOSING;
    if (p->held_back)
        return POOL_SUBMITTED;
    return pool_state_of(p->wanted, n->coming, n->ready);
}

static void go(struct server *s, uint32_t slot, enum pool_state next, struct effects *fx)
{
    struct pool *p = &s->pool[slot];
    if (p->state == next)
        return;
    p->previous_state = p->state;
    p->previous_state_ms = p->state_ms;
    p->state = (uint8_t)next;
    p->state_ms = p->modified_ms = s->now.v;
    server_trace(s, CHANGE_POOL, (int64_t)p->id, next);
    if (next == POOL_CLOSING)
        pool_wake_at(s, slot, house_add(s->now, POOL_CLOSING_MS));
    if ((next == POOL_CLOSED || next == POOL_FAILURE) && p->auto_delete && p->keep_ms > 0)
        pool_wake_at(s, slot, house_add(s->now, p->keep_ms));
    char uuid[UUID_TEXT_BYTES];
    uuid_format(uuid, p->uuid);
    fx_note(fx, "pool",
            arena_printf(&fx->arena, "{\"uuid\":\"%s\",\"account\":%llu,\"state\":\"%s\"}", uuid,
                         (unsigned long long)s->account[p->account].id, pool_state_name(next)));
}

static const char *hardware_text(const struct task *holder, struct arena *a)
{
    struct buf text = BUF_INIT(1024);
    if (holder->constraint)
        constraint_format(holder->constraint, &text);
    char *copy = arena_strdup(a, buf_str(&text));
    buf_deinit(&text);
    return copy;
}

static void make_row(const struct server *s, const struct pool *p, const struct tally *n, struct arena *a,
                     struct row_pool *row)
{
    const struct task *holder = &s->task[p->holder];
    struct pool_load load = pool_load(s, p);
    *row = (struct row_pool){
        .id = p->id,
        .name = arena_strdup(a, p->name),
        .profile = arena_strdup(a, p->profile),
        .account = s->account[p->account].id,
        .activity = holder->activity,
        .state = p->state,
        .previous_state = p->previous_state,
        .auto_delete = p->auto_delete,
        .created_ms = p->created_ms,
        .state_ms = p->state_ms,
        .previous_state_ms = p->previous_state_ms,
        .modified_ms = p->modified_ms,
        .keep_ms = p->keep_ms,
        .queue_max_ms = p->queue_max_ms,
        .hardware = hardware_text(holder, a),
        .scaling = arena_strdup(a, p->scaling),
        .slots_per_node = p->slots_per_node,
        .policy = p->active,
        .slots = p->slots,
        .opened_ms = p->opened_ms,
        .starts = p->starts,
        .failures = p->failures,
        .wanted = p->wanted,
        .running = n->ready,
        .running_cores = n->cores,
        .busy = load.queued + load.running,
        .started_once = "",
        .errors = p->errors ? arena_strdup(a, p->errors) : "[]",
        .body = arena_strdup(a, p->body),
        .project = holder->project != NONE ? s->project[holder->project].id : 0,
        .reservation = holder->reservation != NONE ? s->reservation[holder->reservation].id : 0,
    };
    uuid_format(row->uuid, p->uuid);
    row->shortname = arena_strdup(a, p->shortname ? p->shortname : row->uuid);
    if (!holder->sets)
        return;
    row->started_once = ranges_text(&holder->sets->started_once, a);
    row->exec_ms = holder->sets->exec_ms;
    row->wall_ms = holder->sets->wall_ms;
    row->core_ms = holder->sets->core_ms;
    row->energy_mj = holder->sets->energy_mj;
}

static void settle_one(struct server *s, uint32_t slot, struct effects *fx)
{
    struct pool *p = &s->pool[slot];
    struct tally n = tally(s, p);
    go(s, slot, state_of(s, p, &n), fx);
    p->dirty = false;
    if (p->deleting && s->task[p->holder].first_lease == NONE && !p->n_tasks)
        p->gone = true;
    if (p->gone) {
        fx_change(fx, CHANGE_POOL_GONE)->gone = p->id;
        server_trace(s, CHANGE_POOL_GONE, (int64_t)p->id, 0);
        pool_slot_free(s, slot);
        return;
    }
    struct change *c = fx_change(fx, CHANGE_POOL);
    make_row(s, p, &n, &fx->arena, &c->pool);
}

void server_pools_settle(struct server *s, struct effects *fx)
{
    for (size_t i = 0; i < s->dirty_pool.n; i++)
        if (s->pool[s->dirty_pool.v[i]].id && s->pool[s->dirty_pool.v[i]].dirty)
            settle_one(s, s->dirty_pool.v[i], fx);
    s->dirty_pool.n = 0;
}
