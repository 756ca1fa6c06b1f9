// SPDX-License-Identifier: Apache-2.0
//
// What a batch collects: rows, answers, notes; and the small machinery every part of the engine uses: ids,
// timers, the hash of actions. Tasks that changed are only marked; their rows are made once, when the batch
// is settled.
#include "base/hash.h"
#include "base/mem.h"
#include "core/engine/server_pool.h"
#include "core/engine/server_state.h"
#include "core/engine/server_task.h"

#include <stdlib.h>
#include <string.h>

void effects_init(struct effects *fx)
{
    *fx = (struct effects){0};
}

void effects_clear(struct effects *fx)
{
    arena_clear(&fx->arena);
    fx->n_changes = fx->n_replies = fx->n_syncs = fx->n_wakes = fx->n_notes = fx->n_copies = 0;
}

void effects_deinit(struct effects *fx)
{
    arena_deinit(&fx->arena);
    free(fx->change);
    free(fx->reply);
    free(fx->sync);
    free(fx->wake);
    free(fx->note);
    free(fx->copy);
    *fx = (struct effects){0};
}

struct change *fx_change(struct effects *fx, enum change_kind kind)
{
    if (fx->no_rows) // one place for all, and nobody reads it
        fx->n_changes = 0;
    struct change *c = VEC_PUSH(fx->change, fx->n_changes, fx->cap_changes);
    if (!fx->no_rows)
        memset(c, 0, sizeof *c); // the vector is reused from batch to batch
    c->kind = kind;
    return c;
}

struct reply *fx_reply(struct effects *fx, uint64_t token, int code, const char *message)
{
    struct reply *r = VEC_PUSH(fx->reply, fx->n_replies, fx->cap_replies);
    *r = (struct reply){.token = token, .code = code, .message = arena_strdup(&fx->arena, message)};
    return r;
}

void fx_note(struct effects *fx, const char *kind, char *json)
{
    if (fx->no_rows)
        return;
    struct note *n = VEC_PUSH(fx->note, fx->n_notes, fx->cap_notes);
    *n = (struct note){.kind = kind, .json = json};
}

void task_touch(struct server *s, uint32_t slot)
{
    struct task *t = &s->task[slot];
    if (t->holder) { // it has no row of its own
        pool_touch(s, t->pool);
        return;
    }
    t->modified_ms = s->now.v;
    if (t->dirty)
        return;
    t->dirty = true;
    uint32_t *d = VEC_PUSH(s->dirty_task, s->n_dirty, s->cap_dirty);
    *d = slot;
}

static void touch(struct touched *list, bool *mark, uint32_t index)
{
    if (*mark)
        return;
    *mark = true;
    uint32_t *at = VEC_PUSH(list->v, list->n, list->cap);
    *at = index;
}

void node_wake(struct server *s, uint32_t node)
{
    if (node == NONE)
        return;
    s->node[node].version++;
    s->node[node].woken = true;
    touch(&s->dirty_node, &s->node[node].listed, node);
}

void node_touch(struct server *s, uint32_t node)
{
    s->node[node].dirty = true;
    touch(&s->dirty_node, &s->node[node].listed, node);
}

void zone_touch(struct server *s, uint32_t zone)
{
    touch(&s->dirty_zone, &s->zone[zone]->dirty, zone);
}

void board_touch(struct server *s, uint32_t board)
{
    touch(&s->dirty_board, &s->board[board]->dirty, board);
}

void meter_touch(struct server *s, uint32_t board)
{
    touch(&s->dirty_meter, &s->board[board]->meter_dirty, board);
}

uint64_t server_new_id(struct server *s)
{
    return s->next_id++;
}

void server_trace(struct server *s, int64_t what, int64_t a, int64_t b)
{
    s->hash = hash_i64(hash_i64(hash_i64(s->hash, what), a), b);
}

// ---- timers: a binary heap by (time, id, kind)

static bool timer_before(const struct timer *a, const struct timer *b)
{
    if (a->at.v != b->at.v)
        return a->at.v < b->at.v;
    return a->id != b->id ? a->id < b->id : a->kind < b->kind;
}

static bool timer_lives(const struct server *s, const struct timer *t)
{
    switch ((enum timer_kind)t->kind) {
    case TIMER_NODE:
        return true;
    case TIMER_BOARD: {
        uint64_t at;
        return idmap_get(&s->board_by_id, t->id, &at) && s->board[at]->rests_until.v == t->at.v;
    }
    case TIMER_LEASE:
    case TIMER_MOVE:
    case TIMER_HOLD:
        return idmap_get(&s->lease_by_id, t->id, NULL);
    case TIMER_TASK_EXPIRE:
        return idmap_get(&s->expiring_by_id, t->id, NULL);
    case TIMER_JOB_WALL:
    case TIMER_JOB_EXPIRE:
        return idmap_get(&s->job_by_id, t->id, NULL);
    case TIMER_POOL: {
        uint64_t at;
        return idmap_get(&s->pool_by_id, t->id, &at) && s->pool[at].wake.v == t->at.v;
    }
    default:
        return server_task_slot(s, t->id, NULL);
    }
}

static void timer_push(struct server *s, struct timer t);

// Timers of what is long gone would pile up when they are far away: once they can be the larger part, they
// are dropped.
static void drop_dead_timers(struct server *s)
{
    size_t owners =
        s->counts.tasks_live + s->counts.leases + s->n_nodes + s->n_jobs + s->n_expiring + s->n_pools;
    if (s->n_timers < 1024 || s->n_timers < 4 * owners)
        return;
    size_t n = s->n_timers;
    s->n_timers = 0;
    for (size_t i = 0; i < n; i++) { // pushing writes at or before the place that was read last
        struct timer t = s->timer[i];
        if (timer_lives(s, &t))
            timer_push(s, t);
    }
}

void timer_add(struct server *s, enum timer_kind kind, uint64_t id, house_ms at)
{
    drop_dead_timers(s);
    timer_push(s, (struct timer){.at = at, .id = id, .kind = (uint8_t)kind});
}

static void timer_push(struct server *s, struct timer t)
{
    (void)VEC_PUSH(s->timer, s->n_timers, s->cap_timers);
    size_t i = s->n_timers - 1;
    while (i && timer_before(&t, &s->timer[(i - 1) / 2])) {
        s->timer[i] = s->timer[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    s->timer[i] = t;
}

bool timer_pop_due(struct server *s, house_ms now, struct timer *out)
{
    if (!s->n_timers || house_before(now, s->timer[0].at))
        return false;
    *out = s->timer[0];
    struct timer last = s->timer[--s->n_timers];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= s->n_timers)
            break;
        if (child + 1 < s->n_timers && timer_before(&s->timer[child + 1], &s->timer[child]))
            child++;
        if (!timer_before(&s->timer[child], &last))
            break;
        s->timer[i] = s->timer[child];
        i = child;
    }
    if (s->n_timers)
        s->timer[i] = last;
    return true;
}
