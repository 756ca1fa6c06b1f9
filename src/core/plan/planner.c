// SPDX-License-Identifier: Apache-2.0
//
// Greedy by marginal value, as the policy values it: classes best paid first; within a class oldest task
// first, each instance to the free board where it is worth most; then, where nothing is free, the boards of
// lower classes are asked back as far as that pays.
#include "core/plan/expect.h"
#include "core/plan/planner_state.h"

#include <stdlib.h>
#include <string.h>

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
        turn_touch(p, t->queue);
    board_count(p, board, -1);
    b->board.task = holds ? task : PLAN_NONE;
    b->board.activity = holds ? p->shape[q->shape].ask.activity : ACTIVITY_IDLE;
    b->board.account = p->account[q->account].id;
    b->board.stopping = b->board.holds = false;
    b->board.lost_s = 0;
    board_count(p, board, 1);
    zone_count(p, b->board.zone);
    zone_stale(p, b->board.zone);
}

void plan_place_maybe(struct planner *p, uint32_t task, uint32_t board, int64_t net, struct plan *out)
{
    plan_hold(p, board, task, true);
    struct plan_assign *as = VEC_PUSH(out->assign, out->n_assigns, out->cap_assigns);
    const struct shape *s = &p->shape[p->queue[p->task[task].queue].shape];
    int64_t missing = s->n_data ? bytes_missing(p, s, p->zone[p->board[board].board.zone].zone.site) : 0;
    *as = (struct plan_assign){.task = task, .board = board, .net_ueur_per_h = net, .stage_bytes = missing};
}

void plan_place(struct planner *p, uint32_t task, uint32_t board, int64_t net, struct plan *out)
{
    plan_place_maybe(p, task, board, net, out);
    data_used(p, &p->shape[p->queue[p->task[task].queue].shape]);
}

// What one that waits since then waives by now of the cost of being under way, in quarters; sets when to look
// again if that might do.
static int64_t waived(struct planner *p, struct plan_ask ask, house_ms since, uint32_t board, int64_t worth)
{
    int64_t cost = crawl_cost(p, ask, board), quarter_ms = plan_run_typical_s(ask.run) * 250;
    if (worth > 0 || !cost)
        return 0;
    int64_t quarters = house_since(p->now, since) / quarter_ms;
    quarters = quarters < 0 ? 0 : quarters < 4 ? quarters : 4;
    house_ms next = house_add(since, (quarters + 1) * quarter_ms);
    if (worth + cost * quarters / 4 <= 0 && quarters < 4 && house_before(next, p->look_again))
        p->look_again = next;
    return cost * quarters / 4;
}

// Whether nobody of the shape has waited for long enough to have this board. Then it is looked at again when
// the first may have.
static bool all_too_early(struct planner *p, uint32_t shape, uint32_t board, int64_t net)
{
    const struct shape *s = &p->shape[shape];
    return net + waived(p, s->ask, s->since, board, net) <= 0;
}

enum placed { PLACED, NOT_THIS, NONE_OF_SHAPE };

// Where its heat is only borne; but for those who have boards made free for them.
static enum placed lift(struct planner *p, uint32_t queue, uint32_t task, uint32_t board, int64_t net,
                        struct plan *out)
{
    if (!p->lifting || net <= 0)
        return NONE_OF_SHAPE;
    if (p->queue[queue].pending <= p->queue[queue].stops)
        return NOT_THIS;
    plan_place(p, task, board, net, out);
    return PLACED;
}

static enum placed place_next(struct planner *p, uint32_t queue, uint32_t task, struct plan *out)
{
    int64_t net = 0;
    uint32_t shape = p->queue[queue].shape;
    if (p->shape[shape].gang > 1)
        return gang_place(p, queue, task, out) ? PLACED : NOT_THIS;
    uint32_t board = best_board(p, shape, SIDE_FREE, &net);
    if (board != PLAN_NONE && is_borne(net))
        return lift(p, queue, task, board, borne_worth(net), out);
    if (board == PLAN_NONE || (net <= 0 && all_too_early(p, shape, board, net)))
        return NONE_OF_SHAPE;
    if (net + waived(p, p->shape[shape].ask, p->task[task].since, board, net) <= 0)
        return NOT_THIS;
    plan_place(p, task, board, net, out);
    const struct line *l = &p->queue[queue].tasks;
    if (l->first + 1 < l->n)
        __builtin_prefetch(&p->task[l->v[l->first + 1].index]); // of its next turn
    return PLACED;
}

// The first queue of every shape of the class that has a board to choose from.
static void take_turns(struct planner *p, enum activity a, enum heap_side side)
{
    for (size_t i = 0; i < p->active_shapes[a].n; i++) {
        uint32_t shape = p->active_shapes[a].v[i], queue;
        bool gang = p->shape[shape].gang > 1;
        int64_t net;
        if (side == SIDE_TAKE && gang)
            continue; // only on the site that is kept for it
        if ((!gang && best_board(p, shape, side, &net) == PLAN_NONE) ||
            (queue = turn_first(p, shape)) == PLAN_NONE)
            continue;
        heap_push(&p->turn, (struct heap_entry){.key = turn_key(p, queue), .index = queue});
    }
}

// Places what it can of a shape until it is another's turn.
static void take_turn(struct planner *p, uint32_t shape, struct plan *out)
{
    for (uint32_t queue; (queue = turn_first(p, shape)) != PLAN_NONE;) {
        int64_t key = turn_key(p, queue);
        if (p->turn.n && p->turn.v[0].key > key) {
            heap_push(&p->turn, (struct heap_entry){.key = key, .index = queue});
            return;
        }
        enum placed got = place_next(p, queue, queue_head(p, queue), out);
        if (got == NONE_OF_SHAPE)
            return; // the others go on
        if (got == NOT_THIS)
            turn_aside(p, queue);
    }
}

// True when something was placed of the classes from `a` to `last`, in turns among all of them.
static bool fill(struct planner *p, enum activity a, enum activity last, struct plan *out)
{
    size_t before = out->n_assigns;
    p->turn.n = 0;
    for (enum activity c = a; c <= last; c++)
        gang_place_kept(p, c, out);
    turns_refresh(p);
    for (; a <= last; a++)
        if (p->pending[a] && best_any(p, a, SIDE_FREE))
            take_turns(p, a, SIDE_FREE);
    while (p->turn.n) {
        uint32_t shape = p->queue[p->turn.v[0].index].shape;
        heap_pop(&p->turn);
        take_turn(p, shape, out);
    }
    turns_back(p);
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

// The queue's first gets the board at once; what has it is set aside.
static void set_aside_for(struct planner *p, uint32_t queue, uint32_t board, bool lift, struct plan *out)
{
    uint32_t task = queue_head(p, queue);
    const struct shape *s = &p->shape[p->queue[queue].shape];
    enum activity holder = p->board[board].board.activity;
    struct plan_ask ask = s->ask;
    ask.lift = lift;
    int64_t net = worth_on(p, ask, board, true, NULL);
    plan_place(p, task, board, net + place_worth(p, s, p->zone[p->board[board].board.zone].zone.site), out);
    out->assign[out->n_assigns - 1].aside = true;
    p->board[board].board.beneath = holder;
}

// Stops so many boards at most for a queue, or sets aside what has them; returns how many.
static int64_t preempt_for(struct planner *p, uint32_t queue, int64_t most, struct plan *out)
{
    int64_t wanted = p->queue[queue].pending - p->queue[queue].stops, n = 0;
    for (; n < wanted && n < most; n++) {
        int64_t gain = 0;
        uint32_t board = best_board(p, p->queue[queue].shape, SIDE_TAKE, &gain);
        if (board == PLAN_NONE || (is_borne(gain) && !p->lifting))
            break;
        if (p->board[board].board.holds) {
            set_aside_for(p, queue, board, is_borne(gain), out);
            continue;
        }
        plan_stop_board(p, board, queue_head(p, queue), out);
        board_stop_for(p, board, queue + 1);
    }
    return n;
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
    turns_refresh(p);
    take_turns(p, a, SIDE_TAKE);
    while (p->turn.n && budget > 0) {
        uint32_t queue = p->turn.v[0].index, shape = p->queue[queue].shape;
        heap_pop(&p->turn);
        budget -= preempt_for(p, queue, budget, out);
        turn_aside(p, queue);
        int64_t gain;
        if ((queue = turn_first(p, shape)) != PLAN_NONE &&
            best_board(p, shape, SIDE_TAKE, &gain) != PLAN_NONE)
            heap_push(&p->turn, (struct heap_entry){.key = turn_key(p, queue), .index = queue});
    }
    turns_back(p);
}

// An urgent class for which there are not enough free boards where heat is wanted: whose board there is asked
// back is settled, and then it goes where heat is borne, before any lower class is served, which would take
// what is given back.
static void lift_urgent(struct planner *p, enum activity a, struct plan *out)
{
    if (!p->policy->keeps_market || !p->pending[a])
        return;
    gang_preempt(p, a, out);
    preempt(p, a, out);
    p->lifting = true;
    fill(p, a, a, out);
    preempt(p, a, out);
    p->lifting = false;
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

static void decide(struct planner *p, struct plan *out)
{
    gang_keep(p);
    data_replicate(p, out);
    if (p->policy->evicts)
        evict(p, out);
    if (p->policy->direct)
        direct_dispatch(p, out);
    if (p->policy->classless) {
        fill(p, ACTIVITY_RESERVED, ACTIVITY_DONATED, out);
        return;
    }
    for (int a = 0; a < PLAN_CLASSES;) {
        // What one class places can make a zone worth more to a better one (its heat above the target is
        // spent already).
        p->kept_moved = false;
        bool placed = p->pending[a] && fill(p, (enum activity)a, (enum activity)a, out);
        if (activity_is_urgent((enum activity)a))
            lift_urgent(p, (enum activity)a, out);
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

void planner_run(struct planner *p, house_ms now, struct plan *out)
{
    p->now = now;
    turns_begin(p);
    if (!p->dirty && house_before(now, p->look_again))
        return;
    p->dirty = false;
    p->look_again = HOUSE_MS(INT64_MAX);
    decide(p, out);
    log_rest(p);
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
    for (int run = 0; run < PLAN_RUNS; run++)
        free(p->reach_mw[run]);
    for (size_t i = 0; i < p->n_queues; i++)
        line_free(&p->queue[i].tasks);
    for (size_t i = 0; i < p->n_shapes; i++) {
        free(p->shape[i].fits);
        free(p->shape[i].best[SIDE_FREE].v);
        free(p->shape[i].best[SIDE_TAKE].v);
        free(p->shape[i].turn[0].v);
        free(p->shape[i].turn[1].v);
    }
    for (size_t f = 0; f < p->n_families; f++)
        free(p->family[f].fresh);
    for (unsigned l = 0; l < PLAN_LANES; l++) {
        for (size_t f = 0; f < p->n_families; f++) {
            line_free(&p->family[f].free[l]);
            free(p->family[f].taken[l].v);
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
    for (int a = 0; a < PLAN_CLASSES; a++)
        free(p->active_shapes[a].v);
    for (size_t i = 0; i < p->n_datas; i++)
        free(p->data[i].on_site);
    for (size_t i = 0; i < p->n_circuits; i++)
        free(p->circuit[i].capped.v);
    void *const vectors[] = {p->site,
                             p->circuit,
                             p->zone,
                             p->board,
                             p->task,
                             p->family,
                             p->kind,
                             p->shape,
                             p->queue,
                             p->account,
                             p->turn.v,
                             p->sites.v,
                             p->free_family.v,
                             p->free_kind.v,
                             p->free_shape.v,
                             p->free_queue.v,
                             p->changed[SIDE_FREE].v,
                             p->changed[SIDE_TAKE].v,
                             p->running,
                             p->warm.v,
                             p->data,
                             p->coming,
                             p->stored,
                             p->submitted.v,
                             p->freed.v,
                             p->touched.v,
                             p->aside.v,
                             p->lowered.v};
    for (size_t i = 0; i < ARRAY_LEN(vectors); i++)
        free(vectors[i]);
    struct idmap *const maps[] = {&p->family_at, &p->kind_at, &p->shape_at, &p->queue_at, &p->account_at};
    for (size_t i = 0; i < ARRAY_LEN(maps); i++)
        idmap_deinit(maps[i]);
    free(p);
}
