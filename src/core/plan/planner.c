// SPDX-License-Identifier: Apache-2.0
//
// Greedy by marginal value, as the policy values it: classes best paid first; within a class oldest task first, each instance to the
// free board where it is worth most; then, where nothing is free, the boards of lower classes are asked back as far as
// that pays.
//
// A heap's top is the best there is: every zone whose worth changed, also by what this run places, is stale and is
// valued anew before the next look. Only a site's cap can spoil an entry from afar, so it is asked again at the top.
#include "core/plan/planner_state.h"

#include <stdlib.h>
#include <string.h>

static void compact(struct planner *p, struct heap *h, enum activity a)
{
    if (h->n < 64 || h->n < 2 * p->n_boards)
        return;
    size_t n = h->n;
    h->n = 0;
    for (size_t i = 0; i < n; i++) { // pushing writes at or before the place that was read last
        struct heap_entry e = h->v[i];
        if (e.stamp == p->board[e.index].stamp[a])
            heap_push(h, e);
    }
}

static void value_board(struct planner *p, uint32_t board, enum activity a)
{
    struct board_state *b = &p->board[board];
    enum plan_bar why;
    b->stamp[a]++;
    if (p->zone[b->board.zone].zone.site >= p->n_sites)
        return;
    bool is_free = b->board.task == PLAN_NONE;
    int64_t key = is_free ? worth_on(p, a, board, false, &why) : gain_of_stopping(p, a, board, &why);
    if (why == BAR_SITE_CAP)
        zone_capped(p, b->board.zone);
    if (key <= 0)
        return;
    struct heap *h = is_free ? &p->kind[b->kind].free[a] : &p->kind[b->kind].take[a];
    compact(p, h, a);
    heap_push(h, (struct heap_entry){.key = key, .index = board, .stamp = b->stamp[a]});
}

// Values what changed anew for a class. A list grows by its own work only when a cap gives way, and ends.
static void refresh(struct planner *p, enum activity a)
{
    for (size_t i = 0; i < p->stale[a].n; i++) {
        struct zone_state *z = &p->zone[p->stale[a].v[i]];
        z->stale &= (uint8_t)~(1U << a);
        for (size_t k = 0; k < z->n_boards; k++)
            value_board(p, z->board[k], a);
    }
    p->stale[a].n = 0;
}

// The best entry of a heap that holds; NULL: none.
static const struct heap_entry *top_of(struct planner *p, struct heap *h, enum activity a, bool is_free)
{
    for (; h->n; heap_pop(h)) {
        const struct heap_entry *e = &h->v[0];
        const struct board_state *b = &p->board[e->index];
        enum plan_bar why = BAR_NONE;
        if (e->stamp != b->stamp[a])
            continue;
        if (p->site[p->zone[b->board.zone].zone.site].site.cap_mw >= 0)
            (void)(is_free ? worth_on(p, a, e->index, false, &why) : gain_of_stopping(p, a, e->index, &why));
        if (why != BAR_SITE_CAP)
            return e;
        zone_capped(p, b->board.zone);
    }
    return NULL;
}

static uint32_t best_board(struct planner *p, struct queue *q, bool is_free, int64_t *worth)
{
    uint32_t best = PLAN_NONE;
    refresh(p, q->activity);
    for (uint32_t k = 0; k < p->n_kinds; k++) {
        struct heap *h = is_free ? &p->kind[k].free[q->activity] : &p->kind[k].take[q->activity];
        if (!h->n || !queue_fits(p, q, k))
            continue;
        const struct heap_entry *e = top_of(p, h, q->activity, is_free);
        if (e && (best == PLAN_NONE || e->key > *worth || (e->key == *worth && e->index < best))) {
            best = e->index;
            *worth = e->key;
        }
    }
    return best;
}

static bool any_top(struct planner *p, enum activity a, bool is_free)
{
    refresh(p, a);
    for (uint32_t k = 0; k < p->n_kinds; k++)
        if (top_of(p, is_free ? &p->kind[k].free[a] : &p->kind[k].take[a], a, is_free))
            return true;
    return false;
}

// A queue comes up by its first waiting task.
static void take_turn(struct planner *p, uint32_t queue)
{
    uint32_t head = queue_head(p, queue);
    if (head != PLAN_NONE)
        heap_push(&p->turn, (struct heap_entry){.key = task_key(p, head), .index = queue});
}

static void take_turns(struct planner *p, enum activity a)
{
    for (size_t i = 0; i < p->active[a].n; i++)
        take_turn(p, p->active[a].v[i]);
}

// Marks the slot as held, so that the next instance sees the zone as it will be.
static void hold(struct planner *p, uint32_t board, uint32_t task)
{
    struct board_state *b = &p->board[board];
    struct known_task *t = &p->task[task];
    b->board.task = task;
    b->board.activity = p->queue[t->queue].activity;
    b->board.account = t->account;
    b->board.stopping = false;
    task_count(p, t, -1);
    t->pending--;
    task_count(p, t, 1);
    board_count(p, &b->board, 1);
    zone_count(p, b->board.zone);
    zone_stale(p, b->board.zone);
}

// True when something was placed of the classes from `a` to `last`, in turns among all of them.
static bool fill(struct planner *p, enum activity a, enum activity last, struct plan *out)
{
    size_t before = out->n_assigns;
    p->turn.n = 0;
    for (; a <= last; a++)
        if (p->pending[a] && any_top(p, a, true))
            take_turns(p, a);
    while (p->turn.n) {
        uint32_t queue = p->turn.v[0].index, task = queue_head(p, queue), board = PLAN_NONE;
        heap_pop(&p->turn);
        while (task != PLAN_NONE && p->task[task].pending > 0) {
            int64_t net = 0;
            board = best_board(p, &p->queue[queue], true, &net);
            if (board == PLAN_NONE)
                break; // nothing for this signature: the others go on
            hold(p, board, task);
            struct plan_assign *as = VEC_PUSH(out->assign, out->n_assigns, out->cap_assigns);
            *as = (struct plan_assign){.task = task, .board = board, .net_ueur_per_h = net};
            if (p->policy->fewest_running_first)
                break; // it is another's turn now
        }
        if (board != PLAN_NONE)
            take_turn(p, queue);
    }
    return out->n_assigns > before;
}

static void mark_stopping(struct planner *p, uint32_t board)
{
    struct plan_board *b = &p->board[board].board;
    board_count(p, b, -1);
    b->stopping = true;
    board_count(p, b, 1);
    zone_stale(p, b->zone);
}

// Stops boards of lower classes for a class. What is stopping already will be free soon: so many fewer are stopped.
static void preempt(struct planner *p, enum activity a, struct plan *out)
{
    int64_t budget = -p->stopping;
    for (int c = 0; c <= (int)a; c++)
        budget += p->pending[c];
    if (budget <= 0 || !any_top(p, a, false))
        return;
    p->turn.n = 0;
    take_turns(p, a);
    for (; p->turn.n && budget > 0; heap_pop(&p->turn)) {
        uint32_t queue = p->turn.v[0].index;
        for (int64_t wanted = p->queue[queue].pending - p->queue[queue].stops; wanted > 0 && budget > 0; wanted--, budget--) {
            int64_t gain = 0;
            uint32_t board = best_board(p, &p->queue[queue], false, &gain);
            if (board == PLAN_NONE)
                break;
            struct plan_stop *s = VEC_PUSH(out->stop, out->n_stops, out->cap_stops);
            *s = (struct plan_stop){.board = board, .for_task = queue_head(p, queue)};
            mark_stopping(p, board);
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
        z->stale &= (uint8_t)~(1U << PLAN_CLASSES);
        for (size_t k = 0; k < z->n_boards; k++) {
            const struct plan_board *b = &p->board[z->board[k]].board;
            if (b->task == PLAN_NONE || b->stopping || z->zone.site >= p->n_sites || !p->policy->evicts(p, z->board[k]))
                continue;
            struct plan_stop *s = VEC_PUSH(out->stop, out->n_stops, out->cap_stops);
            *s = (struct plan_stop){.board = z->board[k], .for_task = PLAN_NONE};
            mark_stopping(p, z->board[k]);
        }
    }
    if (n)
        memmove(p->warm.v, p->warm.v + n, (p->warm.n - n) * sizeof *p->warm.v);
    p->warm.n -= n;
}

void planner_run(struct planner *p, house_ms now, struct plan *out)
{
    (void)now;
    if (!p->dirty)
        return;
    p->dirty = false;
    if (p->policy->evicts)
        evict(p, out);
    if (p->policy->classless) {
        fill(p, ACTIVITY_RESERVED, ACTIVITY_DONATED, out);
        return;
    }
    for (int a = 0; a < PLAN_CLASSES;) {
        // What one class places can make a zone worth more to a better one (its heat above the target is spent already).
        bool placed = p->pending[a] && fill(p, (enum activity)a, (enum activity)a, out);
        a = placed && a > 0 ? 0 : a + 1;
    }
    if (!p->policy->gain)
        return;
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
    for (size_t k = 0; k < p->n_kinds; k++)
        for (int a = 0; a < PLAN_CLASSES; a++)
            p->kind[k].free[a].n = p->kind[k].take[a].n = 0;
    queue_rebuild(p);
    for (uint32_t z = 0; z < p->n_zones; z++)
        zone_stale(p, z);
    p->dirty = true;
    planner_run(p, now, out);
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
    p->prices = *prices;
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
    for (size_t i = 0; i < p->n_sites; i++)
        free(p->site[i].capped.v);
    for (size_t i = 0; i < p->n_zones; i++)
        free(p->zone[i].board);
    for (size_t i = 0; i < p->n_queues; i++) {
        free(p->queue[i].tasks.v);
        free(p->queue[i].fits);
    }
    for (int a = 0; a < PLAN_CLASSES; a++) {
        for (size_t k = 0; k < p->n_kinds; k++) {
            free(p->kind[k].free[a].v);
            free(p->kind[k].take[a].v);
        }
        free(p->stale[a].v);
        free(p->active[a].v);
    }
    void *const vectors[] = {p->site, p->zone, p->board, p->task, p->kind, p->queue, p->turn.v,
                             p->free_kind.v, p->free_queue.v, p->running, p->warm.v};
    for (size_t i = 0; i < ARRAY_LEN(vectors); i++)
        free(vectors[i]);
    idmap_deinit(&p->kind_at);
    idmap_deinit(&p->queue_at);
    free(p);
}
