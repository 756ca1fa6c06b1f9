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
// A queue's place may be too good (its first task was placed, its customer got more): it is looked at again
// when it comes up. What makes a place better (an older task, a customer who lost boards) is told by
// turn_touch and turn_lowered, and done at the next turns_refresh.
#include "core/plan/planner_state.h"

static bool goes_before(const struct planner *p, uint32_t x, uint32_t y, enum turn_heap h)
{
    const struct queue *a = &p->queue[x], *b = &p->queue[y];
    if (h == TURN_LATER && a->due != b->due)
        return a->due < b->due;
    return a->key != b->key ? a->key > b->key : x < y;
}

static void set_at(struct planner *p, struct index_list *l, size_t at, uint32_t queue)
{
    l->v[at] = queue;
    p->queue[queue].at = (uint32_t)at;
}

static void rise(struct planner *p, struct index_list *l, enum turn_heap h, uint32_t queue)
{
    size_t i = p->queue[queue].at;
    for (; i && goes_before(p, queue, l->v[(i - 1) / 2], h); i = (i - 1) / 2)
        set_at(p, l, i, l->v[(i - 1) / 2]);
    set_at(p, l, i, queue);
}

static void sink(struct planner *p, struct index_list *l, enum turn_heap h, uint32_t queue)
{
    size_t i = p->queue[queue].at;
    for (size_t c; (c = 2 * i + 1) < l->n; i = c) {
        c += c + 1 < l->n && goes_before(p, l->v[c + 1], l->v[c], h);
        if (!goes_before(p, l->v[c], queue, h))
            break;
        set_at(p, l, i, l->v[c]);
    }
    set_at(p, l, i, queue);
}

static struct index_list *heap_of(struct planner *p, uint32_t queue, enum turn_heap h)
{
    return &p->shape[p->queue[queue].shape].turn[h - 1];
}

void turn_remove(struct planner *p, uint32_t queue)
{
    struct queue *q = &p->queue[queue];
    enum turn_heap h = q->in;
    q->in = TURN_NONE;
    if (h == TURN_NONE)
        return;
    struct index_list *l = heap_of(p, queue, h);
    uint32_t last = l->v[--l->n];
    if (last == queue)
        return;
    p->queue[last].at = q->at;
    rise(p, l, h, last);
    sink(p, l, h, last);
}

static bool by_share(const struct planner *p)
{
    return p->policy->fair && p->prices.fair_ms_per_core;
}

static int64_t minute(const struct planner *p, house_ms at)
{
    return by_share(p) ? at.v / p->prices.fair_ms_per_core : 0;
}

static int64_t due_of(const struct planner *p, const struct queue *q, uint32_t head)
{
    if (!by_share(p))
        return 0;
    return p->account[q->account].cores[p->shape[q->shape].ask.activity] + minute(p, p->task[head].since);
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
    struct known_account *a = &p->account[q->account];
    int64_t held = a->cores[s->ask.activity], *basis = &a->basis[s->ask.activity];
    *basis = held > *basis ? held : *basis;
    if (house_before(p->task[head].since, s->since))
        s->since = p->task[head].since;
    int64_t due = due_of(p, q, head);
    enum turn_heap h = due > minute(p, p->now) ? TURN_LATER : TURN_NOW;
    if (q->in != h)
        turn_remove(p, queue);
    q->due = due;
    q->key = task_key(p, head);
    struct index_list *l = heap_of(p, queue, h);
    if (q->in == TURN_NONE) {
        q->in = h;
        q->at = (uint32_t)l->n;
        list_add(l, queue);
    }
    rise(p, l, h, queue);
    sink(p, l, h, queue);
}

uint32_t turn_first(struct planner *p, uint32_t shape)
{
    struct shape *s = &p->shape[shape];
    const struct index_list *now = &s->turn[TURN_NOW - 1], *later = &s->turn[TURN_LATER - 1];
    for (;;) {
        bool come = later->n && p->queue[later->v[0]].due <= minute(p, p->now);
        if (!now->n && !later->n)
            return PLAN_NONE;
        uint32_t queue = come || !now->n ? later->v[0] : now->v[0];
        const struct queue *q = &p->queue[queue];
        uint32_t head = queue_head(p, queue);
        if (!come && head != PLAN_NONE && task_key(p, head) == q->key && due_of(p, q, head) == q->due)
            return queue;
        turn_put(p, queue);
    }
}

int64_t turn_key(const struct planner *p, uint32_t queue)
{
    const struct queue *q = &p->queue[queue];
    int64_t cores = q->due - minute(p, p->now);
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
        struct shape *s = &p->shape[p->queue[p->aside.v[i]].shape];
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
        lower[c] = a->cores[c] < a->basis[c];
        a->basis[c] = a->cores[c];
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
