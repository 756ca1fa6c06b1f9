// SPDX-License-Identifier: Apache-2.0
//
// Greedy by marginal value, as the policy values it: classes best paid first; within a class oldest task
// first, each instance to the free board where it is worth most; then, where nothing is free, the boards of
// lower classes are asked back as far as that pays.
#include "core/plan/expect.h"
#include "core/plan/planner_state.h"

#include <stdlib.h>
#include <string.h>

// Larger goes first. Between customers inside a class: by what each holds, less what the wait of their first
// task is worth, so that everybody comes up in the end.
static int64_t turn_key(const struct planner *p, uint32_t queue, uint32_t head)
{
    const struct queue *q = &p->queue[queue];
    if (!p->policy->fair || !p->prices.fair_ms_per_core)
        return task_key(p, head);
    int64_t cores = p->account[q->account].cores[p->shape[q->shape].ask.activity];
    cores -= house_since(p->now, p->task[head].since) / p->prices.fair_ms_per_core;
    cores = cores < 0 ? 0 : cores < 1 << 22 ? cores : 1 << 22;
    return -(cores << 40) + task_key(p, head);
}

static void take_turn(struct planner *p, uint32_t queue)
{
    uint32_t head = queue_head(p, queue);
    if (head != PLAN_NONE)
        heap_push(&p->turn, (struct heap_entry){.key = turn_key(p, queue, head), .index = queue});
}

static void take_turns(struct planner *p, enum activity a)
{
    for (size_t i = 0; i < p->active[a].n; i++)
        take_turn(p, p->active[a].v[i]);
}

// Marks the slot as held, so that the next instance sees the zone as it will be; or takes that back.
void plan_hold(struct planner *p, uint32_t board, uint32_t task, bool holds)
{
    struct board_state *b = &p->board[board];
    struct known_task *t = &p->task[task];
    const struct queue *q = &p->queue[t->queue];
    task_count(p, t, -1);
    t->pending += holds ? -1 : 1;
    task_count(p, t, 1);
    if (!holds)
        board_count(p, board, -1);
    b->board.task = holds ? task : PLAN_NONE;
    b->board.activity = holds ? p->shape[q->shape].ask.activity : ACTIVITY_IDLE;
    b->board.account = p->account[q->account].id;
    b->board.stopping = false;
    if (holds)
        board_count(p, board, 1);
    zone_count(p, b->board.zone);
    zone_stale(p, b->board.zone);
}

void plan_place(struct planner *p, uint32_t task, uint32_t board, int64_t net, struct plan *out)
{
    plan_hold(p, board, task, true);
    struct plan_assign *as = VEC_PUSH(out->assign, out->n_assigns, out->cap_assigns);
    const struct shape *s = &p->shape[p->queue[p->task[task].queue].shape];
    int64_t missing = s->n_data ? bytes_missing(p, s, p->zone[p->board[board].board.zone].zone.site) : 0;
    *as = (struct plan_assign){.task = task, .board = board, .net_ueur_per_h = net, .stage_bytes = missing};
    data_used(p, s);
}

// What it waives by now of the cost of being under way, in quarters; sets when to look again if that might
// do.
static int64_t waived(struct planner *p, struct plan_ask ask, uint32_t task, uint32_t board, int64_t worth)
{
    int64_t cost = crawl_cost(p, ask, board), quarter_ms = plan_run_typical_s(ask.run) * 250;
    if (worth > 0 || !cost)
        return 0;
    int64_t quarters = house_since(p->now, p->task[task].since) / quarter_ms;
    quarters = quarters < 0 ? 0 : quarters < 4 ? quarters : 4;
    house_ms next = house_add(p->task[task].since, (quarters + 1) * quarter_ms);
    if (worth + cost * quarters / 4 <= 0 && quarters < 4 && house_before(next, p->look_again))
        p->look_again = next;
    return cost * quarters / 4;
}

static bool place_next(struct planner *p, uint32_t queue, uint32_t task, struct plan *out)
{
    int64_t net = 0;
    if (p->shape[p->queue[queue].shape].gang > 1)
        return gang_place(p, queue, task, out);
    uint32_t board = best_board(p, p->queue[queue].shape, SIDE_FREE, &net);
    if (board == PLAN_NONE || net + waived(p, p->shape[p->queue[queue].shape].ask, task, board, net) <= 0)
        return false;
    plan_place(p, task, board, net, out);
    return true;
}

// True when something was placed of the classes from `a` to `last`, in turns among all of them.
static bool fill(struct planner *p, enum activity a, enum activity last, struct plan *out)
{
    size_t before = out->n_assigns;
    p->turn.n = 0;
    for (enum activity c = a; c <= last; c++)
        gang_place_kept(p, c, out);
    for (; a <= last; a++)
        if (p->pending[a] && best_any(p, a, SIDE_FREE))
            take_turns(p, a);
    while (p->turn.n) {
        uint32_t queue = p->turn.v[0].index;
        heap_pop(&p->turn);
        for (uint32_t task; (task = queue_head(p, queue)) != PLAN_NONE;) {
            int64_t key = turn_key(p, queue, task);
            if (p->turn.n && p->turn.v[0].key > key) {
                heap_push(&p->turn, (struct heap_entry){.key = key, .index = queue}); // another's turn
                break;
            }
            if (!place_next(p, queue, task, out))
                break; // nothing for this shape: the others go on
        }
    }
    return out->n_assigns > before;
}

void plan_stop_board(struct planner *p, uint32_t board, uint32_t for_task, struct plan *out)
{
    struct plan_stop *s = VEC_PUSH(out->stop, out->n_stops, out->cap_stops);
    *s = (struct plan_stop){.board = board, .for_task = for_task};
    struct plan_board *b = &p->board[board].board;
    board_count(p, board, -1);
    b->stopping = true;
    board_count(p, board, 1);
    zone_stale(p, b->zone);
}

// Stops boards of lower classes for a class. What is stopping already will be free soon: so many fewer are
// stopped.
static void preempt(struct planner *p, enum activity a, struct plan *out)
{
    int64_t budget = -p->stopping;
    for (int c = 0; c <= (int)a; c++)
        budget += p->pending[c];
    if (budget <= 0 || !best_any(p, a, SIDE_TAKE))
        return;
    p->turn.n = 0;
    take_turns(p, a);
    for (; p->turn.n && budget > 0; heap_pop(&p->turn)) {
        uint32_t queue = p->turn.v[0].index;
        if (p->shape[p->queue[queue].shape].gang > 1)
            continue; // only on the site that is kept for it
        for (int64_t wanted = p->queue[queue].pending - p->queue[queue].stops; wanted > 0 && budget > 0;
             wanted--, budget--) {
            int64_t gain = 0;
            uint32_t board = best_board(p, p->queue[queue].shape, SIDE_TAKE, &gain);
            if (board == PLAN_NONE)
                break;
            plan_stop_board(p, board, queue_head(p, queue), out);
            board_stop_for(p, board, queue + 1);
        }
    }
}

// Stops what the policy does not bear in zones that changed, whoever waits.
static void evict(struct planner *p, struct plan *out)
{
    size_t n = p->warm.n; // what is stopped here makes its zone stale again
    for (size_t i = 0; i < n; i++) {
        struct zone_state *z = &p->zone[p->warm.v[i]];
        z->warm = false;
        for (size_t k = 0; k < z->n_boards; k++) {
            const struct plan_board *b = &p->board[z->board[k]].board;
            if (b->task == PLAN_NONE || b->stopping || !zone_sited(p, z) ||
                !p->policy->evicts(p, z->board[k]))
                continue;
            plan_stop_board(p, z->board[k], PLAN_NONE, out);
        }
    }
    if (n)
        memmove(p->warm.v, p->warm.v + n, (p->warm.n - n) * sizeof *p->warm.v);
    p->warm.n -= n;
}

void planner_run(struct planner *p, house_ms now, struct plan *out)
{
    p->now = now;
    if (!p->dirty && house_before(now, p->look_again))
        return;
    p->dirty = false;
    p->look_again = HOUSE_MS(INT64_MAX);
    gang_keep(p);
    data_replicate(p, out);
    if (p->policy->evicts)
        evict(p, out);
    if (p->policy->classless) {
        fill(p, ACTIVITY_RESERVED, ACTIVITY_DONATED, out);
        return;
    }
    for (int a = 0; a < PLAN_CLASSES;) {
        // What one class places can make a zone worth more to a better one (its heat above the target is
        // spent already).
        p->kept_moved = false;
        bool placed = p->pending[a] && fill(p, (enum activity)a, (enum activity)a, out);
        a = (placed && a > 0) || p->kept_moved ? 0 : a + 1;
    }
    data_fetch(p, out);
    if (!p->policy->gain)
        return;
    for (int a = 0; a + 1 < PLAN_CLASSES; a++)
        gang_preempt(p, (enum activity)a, out);
    int64_t lower = p->held[1] + p->held[2] + p->held[3];
    for (int a = 0; a + 1 < PLAN_CLASSES && lower > 0; a++) {
        if (p->pending[a])
            preempt(p, (enum activity)a, out);
        lower = 0;
        for (int c = a + 2; c < PLAN_CLASSES; c++)
            lower += p->held[c];
    }
}

void planner_run_full(struct planner *p, house_ms now, struct plan *out)
{
    best_reset(p);
    queue_rebuild(p);
    p->dirty = true;
    planner_run(p, now, out);
}

house_ms planner_look_again(const struct planner *p)
{
    return p->look_again;
}

const struct price_table *planner_prices(const struct planner *p)
{
    return &p->prices;
}

uint64_t planner_version(const struct planner *p)
{
    return p->version;
}

// ---- life

struct planner *planner_new_with(const struct price_table *prices, const struct plan_policy *policy)
{
    struct planner *p = mem_alloc(sizeof *p);
    p->policy = policy;
    p->look_again = HOUSE_MS(INT64_MAX);
    p->prices = *prices;
    for (int a = 0; a < PLAN_CLASSES; a++)
        p->kept[a] = (struct kept){.task = PLAN_NONE, .site = PLAN_NONE, .tried = PLAN_NONE};
    return p;
}

struct planner *planner_new(const struct price_table *prices)
{
    return planner_new_with(prices, &policy_market);
}

const struct plan_policy *planner_policy(const struct planner *p)
{
    return p->policy;
}

void planner_free(struct planner *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->n_sites; i++) {
        free(p->site[i].fuse.capped.v);
        free(p->site[i].zones.v);
        free(p->site[i].kinds.v);
    }
    for (size_t i = 0; i < p->n_zones; i++)
        free(p->zone[i].board);
    for (size_t i = 0; i < p->n_queues; i++)
        free(p->queue[i].tasks.v);
    for (size_t i = 0; i < p->n_shapes; i++) {
        free(p->shape[i].fits);
        free(p->shape[i].best[SIDE_FREE].v);
        free(p->shape[i].best[SIDE_TAKE].v);
    }
    for (unsigned l = 0; l < PLAN_LANES; l++) {
        for (size_t f = 0; f < p->n_families; f++) {
            free(p->family[f].best[l][SIDE_FREE].v);
            free(p->family[f].best[l][SIDE_TAKE].v);
        }
        for (size_t k = 0; k < p->n_kinds; k++) {
            free(p->kind[k].lane[l].heap[SIDE_FREE].v);
            free(p->kind[k].lane[l].heap[SIDE_TAKE].v);
        }
        free(p->lane[l].unsettled.v);
        free(p->lane[l].topped.v);
    }
    for (int a = 0; a < PLAN_CLASSES; a++)
        free(p->active[a].v);
    for (size_t i = 0; i < p->n_datas; i++)
        free(p->data[i].on_site);
    for (size_t i = 0; i < p->n_circuits; i++)
        free(p->circuit[i].capped.v);
    void *const vectors[] = {
        p->site,          p->circuit,     p->zone,         p->board,        p->task,      p->family,
        p->kind,          p->shape,       p->queue,        p->account,      p->turn.v,    p->sites.v,
        p->free_family.v, p->free_kind.v, p->free_shape.v, p->free_queue.v, p->changed.v, p->running,
        p->warm.v,        p->data,        p->coming,       p->submitted.v};
    for (size_t i = 0; i < ARRAY_LEN(vectors); i++)
        free(vectors[i]);
    struct idmap *const maps[] = {&p->family_at, &p->kind_at, &p->shape_at, &p->queue_at, &p->account_at};
    for (size_t i = 0; i < ARRAY_LEN(maps); i++)
        idmap_deinit(maps[i]);
    free(p);
}
