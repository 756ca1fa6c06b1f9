// SPDX-License-Identifier: Apache-2.0
//
// Whose turn it is: of every shape the queue that comes first, kept from run to run.
//
// Larger keys go first. Between customers inside a class: by the cores each holds, less what the wait of
// their first task is worth, so that everybody comes up in the end. Waits are counted by the clock's own
// minutes (or whatever a core's worth is), so that of two customers who wait the same stays ahead until one
// gets more. With
//
//   due = cores held + minute since when the first task waits
//
// the key is max(due - minute now, 0), then age. So a shape has two heaps: of queues whose minute has come,
// by age alone; and of the others, by due and age. Time only moves queues from the second to the first.
//
// Entries are never removed from the middle: a queue's stamp says which one counts.
//
// A queue's place may be too good (its first task was placed, its customer got more): it is looked at again
// when it comes up. What makes a place better (an older task, a customer who lost boards) is told by
// turn_touch and turn_lowered, and done at the next turns_refresh.
#include "core/plan/planner_state.h"

enum { WAYS = 4, SOON = 3 }; // of the heaps; levels where what comes is asked for

static bool goes_before(const struct turn_entry *a, const struct turn_entry *b, enum turn_heap h)
{
    if (h == TURN_LATER && a->due != b->due)
        return a->due < b->due;
    return a->key != b->key ? a->key > b->key : a->queue < b->queue;
}

static void push(struct turns *t, enum turn_heap h, struct turn_entry e)
{
    if (t->n == t->cap)
        mem_grow(&t->v, &t->cap, t->n + 1, sizeof *t->v);
    size_t i = t->n++;
    for (; i && goes_before(&e, &t->v[(i - 1) / WAYS], h); i = (i - 1) / WAYS)
        t->v[i] = t->v[(i - 1) / WAYS];
    t->v[i] = e;
}

// Those that move up next to the front are written to `up`, the new first first.
static void replace_first(struct turns *t, enum turn_heap h, struct turn_entry e, uint32_t up[SOON])
{
    size_t i = 0, n = t->n;
    for (int level = 0; level < SOON; level++)
        up[level] = PLAN_NONE;
    for (size_t c, level = 0; (c = WAYS * i + 1) < n; i = c, level++) {
        size_t end = c + WAYS < n ? c + WAYS : n;
        for (size_t k = c + 1; k < end; k++)
            c = goes_before(&t->v[k], &t->v[c], h) ? k : c;
        if (!goes_before(&t->v[c], &e, h))
            break;
        t->v[i] = t->v[c];
        if (level < SOON)
            up[level] = t->v[c].queue;
    }
    t->v[i] = e;
}

// Who comes up soon: first the queue is asked for, nearer to the front its customer and its first task, at last that
// task.
MEM_FETCHES void look_ahead(const struct planner *p, const uint32_t up[SOON])
{
    if (up[2] != PLAN_NONE)
        __builtin_prefetch(&p->queue[up[2]]);
    if (up[1] != PLAN_NONE) {
        const struct queue *q = &p->queue[up[1]];
        __builtin_prefetch(&p->account[q->account].of[ACTIVITY_ONDEMAND]);
        __builtin_prefetch(q->tasks.v + q->tasks.first);
    }
    if (up[0] != PLAN_NONE) {
        const struct line *l = &p->queue[up[0]].tasks;
        if (l->first < l->n)
            __builtin_prefetch(&p->task[l->v[l->first].index]);
    }
}

static void pop(const struct planner *p, struct turns *t, enum turn_heap h)
{
    struct turn_entry last = t->v[--t->n];
    uint32_t up[SOON];
    if (!t->n)
        return;
    replace_first(t, h, last, up);
    look_ahead(p, up);
}

static bool counts(const struct planner *p, const struct turn_entry *e, uint32_t shape)
{
    const struct queue *q = &p->queue[e->queue];
    return q->in != TURN_NONE && q->stamp == e->stamp && q->shape == shape;
}

// Without the entries that others replaced.
static void tidy(const struct planner *p, struct turns *t, enum turn_heap h, uint32_t shape)
{
    size_t n = t->n;
    t->n = 0;
    for (size_t i = 0; i < n; i++) { // pushing writes at or before the place that was read last
        struct turn_entry e = t->v[i];
        if (counts(p, &e, shape))
            push(t, h, e);
    }
}

void turn_remove(struct planner *p, uint32_t queue)
{
    p->queue[queue].in = TURN_NONE;
    p->queue[queue].stamp = ++p->turn_stamp;
}

static bool by_share(const struct planner *p)
{
    return p->policy->fair && p->prices.fair_ms_per_core;
}

static int64_t minute(const struct planner *p, house_ms at)
{
    return by_share(p) ? at.v / p->prices.fair_ms_per_core : 0;
}

void turns_begin(struct planner *p)
{
    p->minute = minute(p, p->now);
}

static int64_t held_by(const struct planner *p, const struct queue *q)
{
    return by_share(p) ? p->account[q->account].of[p->shape[q->shape].ask.activity].cores : 0;
}

// To where its due and key belong. An entry that it has already is void from now on.
static void move(struct planner *p, uint32_t queue, int64_t due, int64_t key)
{
    struct queue *q = &p->queue[queue];
    struct shape *s = &p->shape[q->shape];
    enum turn_heap from = (enum turn_heap)q->in, h = due > p->minute ? TURN_LATER : TURN_NOW;
    struct turns *t = &s->turn[h - 1];
    q->in = (uint8_t)h;
    q->due = due;
    q->key = key;
    q->stamp = ++p->turn_stamp;
    struct turn_entry e = {.due = due, .key = key, .queue = queue, .stamp = q->stamp};
    if (from == h && t->n && t->v[0].queue == queue) {
        uint32_t up[SOON];
        replace_first(t, h, e, up);
        look_ahead(p, up);
        return;
    }
    if (t->n > 64 && t->n > 2 * (size_t)s->queues)
        tidy(p, t, h, q->shape);
    push(t, h, e);
}

// To the place that is right for it now.
static void turn_put(struct planner *p, uint32_t queue)
{
    struct queue *q = &p->queue[queue];
    uint32_t head = q->members ? queue_head(p, queue) : PLAN_NONE;
    if (head == PLAN_NONE) {
        turn_remove(p, queue);
        return;
    }
    struct shape *s = &p->shape[q->shape];
    int64_t held = held_by(p, q), *basis = &p->account[q->account].of[s->ask.activity].basis;
    *basis = held > *basis ? held : *basis;
    if (house_before(p->task[head].since, s->since))
        s->since = p->task[head].since;
    q->minute = minute(p, p->task[head].since);
    move(p, queue, held + q->minute, task_key(p, head));
}

// Its customer holds more or less than when it was put where it is.
static void turn_moved(struct planner *p, uint32_t queue)
{
    const struct queue *q = &p->queue[queue];
    int64_t held = held_by(p, q), *basis = &p->account[q->account].of[p->shape[q->shape].ask.activity].basis;
    *basis = held > *basis ? held : *basis;
    move(p, queue, held + q->minute, q->key);
}

static void drop_void(const struct planner *p, struct turns *t, enum turn_heap h, uint32_t shape)
{
    while (t->n && !counts(p, &t->v[0], shape))
        pop(p, t, h);
}

uint32_t turn_first(struct planner *p, uint32_t shape)
{
    struct shape *s = &p->shape[shape];
    struct turns *now = &s->turn[TURN_NOW - 1], *later = &s->turn[TURN_LATER - 1];
    for (;;) {
        drop_void(p, now, TURN_NOW, shape);
        drop_void(p, later, TURN_LATER, shape);
        if (!now->n && !later->n)
            return PLAN_NONE;
        bool come = later->n && later->v[0].due <= p->minute;
        uint32_t queue = come || !now->n ? later->v[0].queue : now->v[0].queue;
        const struct queue *q = &p->queue[queue];
        if (held_by(p, q) + q->minute != q->due) {
            turn_moved(p, queue); // its first task is not looked at for that
            continue;
        }
        uint32_t head = come ? PLAN_NONE : queue_head(p, queue);
        if (head != PLAN_NONE && task_key(p, head) == q->key)
            return queue;
        turn_put(p, queue);
    }
}

int64_t turn_key(const struct planner *p, uint32_t queue)
{
    const struct queue *q = &p->queue[queue];
    int64_t cores = q->due - p->minute;
    cores = cores < 0 ? 0 : cores < 1 << 22 ? cores : 1 << 22;
    return -(cores << 40) + q->key;
}

void turn_aside(struct planner *p, uint32_t queue)
{
    turn_remove(p, queue);
    list_add(&p->aside, queue);
}

// When all of a shape are aside, how long its oldest waits becomes known again.
void turns_back(struct planner *p)
{
    for (size_t i = 0; i < p->aside.n; i++) {
        uint32_t shape = p->queue[p->aside.v[i]].shape;
        struct shape *s = &p->shape[shape];
        drop_void(p, &s->turn[0], TURN_NOW, shape);
        drop_void(p, &s->turn[1], TURN_LATER, shape);
        if (!s->turn[0].n && !s->turn[1].n)
            s->since = HOUSE_MS(INT64_MAX);
    }
    for (size_t i = 0; i < p->aside.n; i++)
        turn_put(p, p->aside.v[i]);
    p->aside.n = 0;
}

void turn_touch(struct planner *p, uint32_t queue)
{
    if (p->queue[queue].touched)
        return;
    p->queue[queue].touched = true;
    list_add(&p->touched, queue);
}

void turn_lowered(struct planner *p, uint32_t account)
{
    if (p->account[account].lowered)
        return;
    p->account[account].lowered = true;
    list_add(&p->lowered, account);
}

static void account_refresh(struct planner *p, uint32_t account)
{
    struct known_account *a = &p->account[account];
    bool lower[PLAN_CLASSES];
    a->lowered = false;
    for (int c = 0; c < PLAN_CLASSES; c++) {
        lower[c] = a->of[c].cores < a->of[c].basis;
        a->of[c].basis = a->of[c].cores;
    }
    for (uint32_t q = a->queues; q; q = p->queue[q - 1].next_of_account)
        if (lower[p->shape[p->queue[q - 1].shape].ask.activity])
            turn_touch(p, q - 1);
}

void turns_refresh(struct planner *p)
{
    for (size_t i = 0; i < p->lowered.n; i++)
        account_refresh(p, p->lowered.v[i]);
    p->lowered.n = 0;
    for (size_t i = 0; i < p->touched.n; i++) {
        p->queue[p->touched.v[i]].touched = false;
        turn_put(p, p->touched.v[i]);
    }
    p->touched.n = 0;
}
