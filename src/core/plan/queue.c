// SPDX-License-Identifier: Apache-2.0
//
// Queues: tasks that wait, by shape and account. A queue lives while it has a task.
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "core/plan/planner_state.h"

uint32_t account_of(struct planner *p, uint64_t id)
{
    uint64_t at;
    if (idmap_get(&p->account_at, hash_mix(id) | 1, &at))
        for (uint32_t a = (uint32_t)at; a; a = p->account[a - 1].next)
            if (p->account[a - 1].id == id)
                return a - 1;
    uint64_t first = 0;
    idmap_get(&p->account_at, hash_mix(id) | 1, &first);
    struct known_account *a = VEC_PUSH(p->account, p->n_accounts, p->cap_accounts);
    *a = (struct known_account){.id = id, .next = (uint32_t)first};
    idmap_set(&p->account_at, hash_mix(id) | 1, p->n_accounts);
    return (uint32_t)p->n_accounts - 1;
}

static bool queue_is_of(const struct planner *p, const struct queue *q, const struct plan_task *t)
{
    return p->account[q->account].id == t->account && shape_is_of(&p->shape[q->shape], t);
}

static uint64_t queue_hash(uint32_t shape, uint32_t account)
{
    return hash_mix(hash_i64(hash_i64(HASH_SEED, shape), account)) | 1;
}

static uint32_t queue_of(struct planner *p, const struct plan_task *t)
{
    uint32_t shape = shape_of(p, t), account = account_of(p, t->account);
    uint64_t hash = queue_hash(shape, account), first = 0;
    idmap_get(&p->queue_at, hash, &first);
    for (uint32_t q = (uint32_t)first; q; q = p->queue[q - 1].next)
        if (p->queue[q - 1].shape == shape && p->queue[q - 1].account == account)
            return q - 1;
    uint32_t at = (uint32_t)p->n_queues;
    if (p->free_queue.n)
        at = p->free_queue.v[--p->free_queue.n];
    else
        (void)VEC_PUSH(p->queue, p->n_queues, p->cap_queues);
    p->queue[at] =
        (struct queue){.shape = shape, .account = account, .next = (uint32_t)first, .active = PLAN_NONE};
    p->queue[at].next_of_account = p->account[account].queues;
    if (p->account[account].queues)
        p->queue[p->account[account].queues - 1].prev_of_account = at + 1;
    p->account[account].queues = at + 1;
    p->shape[shape].members++;
    idmap_set(&p->queue_at, hash, (uint64_t)at + 1);
    return at;
}

static void queue_leave(struct planner *p, uint32_t queue)
{
    struct queue *q = &p->queue[queue];
    if (--q->members)
        return;
    uint64_t hash = queue_hash(q->shape, q->account), first = 0;
    idmap_get(&p->queue_at, hash, &first);
    if (first == (uint64_t)queue + 1) {
        if (q->next)
            idmap_set(&p->queue_at, hash, q->next);
        else
            idmap_remove(&p->queue_at, hash);
    } else {
        uint32_t i = (uint32_t)first;
        while (p->queue[i - 1].next != queue + 1)
            i = p->queue[i - 1].next;
        p->queue[i - 1].next = q->next;
    }
    for (uint32_t b = 0; b < p->n_boards && q->stops; b++)
        if (p->board[b].stop_for == queue + 1)
            board_stop_for(p, b, 0);
    *(q->prev_of_account ? &p->queue[q->prev_of_account - 1].next_of_account
                         : &p->account[q->account].queues) = q->next_of_account;
    if (q->next_of_account)
        p->queue[q->next_of_account - 1].prev_of_account = q->prev_of_account;
    turn_remove(p, queue);
    line_free(&q->tasks);
    shape_leave(p, q->shape);
    *q = (struct queue){.active = PLAN_NONE};
    list_add(&p->free_queue, queue);
}

static void shape_activate(struct planner *p, uint32_t shape, int sign)
{
    struct shape *s = &p->shape[shape];
    struct index_list *list = &p->active_shapes[s->ask.activity];
    p->gangs[s->ask.activity] += s->gang > 1 ? sign : 0;
    p->with_data += s->n_data ? sign : 0;
    s->queues += (uint32_t)sign;
    if (sign > 0 && s->queues == 1) {
        s->active = (uint32_t)list->n;
        list_add(list, shape);
    } else if (sign < 0 && !s->queues) {
        uint32_t last = list->v[--list->n];
        list->v[s->active] = last;
        p->shape[last].active = s->active;
    }
}

// Into and out of its class's list of queues where something waits.
static void queue_activate(struct planner *p, uint32_t queue)
{
    struct queue *q = &p->queue[queue];
    struct index_list *list = &p->active[p->shape[q->shape].ask.activity];
    if (q->pending > 0 && q->active == PLAN_NONE) {
        q->active = (uint32_t)list->n;
        list_add(list, queue);
        shape_activate(p, q->shape, 1);
    } else if (q->pending <= 0 && q->active != PLAN_NONE) {
        uint32_t last = list->v[--list->n];
        list->v[q->active] = last;
        p->queue[last].active = q->active;
        q->active = PLAN_NONE;
        shape_activate(p, q->shape, -1);
    }
}

void task_count(struct planner *p, const struct known_task *t, int sign)
{
    struct queue *q = &p->queue[t->queue];
    q->pending += sign * t->pending;
    p->pending[p->shape[q->shape].ask.activity] += sign * t->pending;
    p->lane[lane_of(p->shape[q->shape].ask)].pending += sign * t->pending;
    queue_activate(p, t->queue);
}

int64_t task_key(const struct planner *p, uint32_t task)
{
    int64_t running = p->policy->fewest_running_first && task < p->n_running ? p->running[task] : 0;
    return -(running << 40) - (int64_t)p->task[task].order;
}

// ---- the line of a queue

static bool still_waits(const struct planner *p, uint32_t queue, const struct heap_entry *e)
{
    const struct known_task *t = &p->task[e->index];
    return t->known && t->queued && t->queue == queue && task_key(p, e->index) == e->key;
}

// Drops what is void, and the entries of `task`, which gets a new one.
static void line_tidy(struct planner *p, uint32_t queue, uint32_t task)
{
    struct line *l = &p->queue[queue].tasks;
    size_t n = l->late.n, kept = 0;
    for (size_t i = l->first; i < l->n; i++)
        if (still_waits(p, queue, &l->v[i]) && l->v[i].index != task)
            l->v[kept++] = l->v[i];
    l->first = 0;
    l->n = kept;
    l->late.n = 0;
    for (size_t i = 0; i < n; i++) { // pushing writes at or before the place that was read last
        struct heap_entry e = l->late.v[i];
        if (still_waits(p, queue, &e) && e.index != task)
            heap_push(&l->late, e);
    }
}

// Entries of tasks that are gone are dropped once they are the larger part.
static void queue_push(struct planner *p, uint32_t queue, uint32_t task)
{
    struct queue *q = &p->queue[queue];
    size_t length = line_length(&q->tasks);
    if (length > 64 && length > 2 * (size_t)q->members)
        line_tidy(p, queue, task);
    line_push(&q->tasks, (struct heap_entry){.key = task_key(p, task), .index = task});
    turn_touch(p, queue);
}

void task_running(struct planner *p, uint32_t task, int32_t change)
{
    if (!p->policy->fewest_running_first)
        return;
    mem_grow(&p->running, &p->cap_running, (size_t)task + 1, sizeof *p->running);
    if (task >= p->n_running)
        p->n_running = (size_t)task + 1;
    p->running[task] += change;
    if (task < p->n_tasks && p->task[task].known && p->task[task].queued)
        queue_push(p, p->task[task].queue, task); // its old entry no longer has its key
}

void planner_task(struct planner *p, uint32_t task, const struct plan_task *t)
{
    mem_grow(&p->task, &p->cap_tasks, (size_t)task + 1, sizeof *p->task);
    if (task >= p->n_tasks)
        p->n_tasks = (size_t)task + 1;
    struct known_task *to = &p->task[task];
    if (to->known && (!queue_is_of(p, &p->queue[to->queue], t) || to->order != t->order))
        planner_task_gone(p, task);
    if (to->known && to->pending == t->pending)
        return;
    if (to->known) {
        task_count(p, to, -1);
    } else {
        uint32_t queue = queue_of(p, t);
        p->queue[queue].members++;
        *to = (struct known_task){.queue = queue, .known = true};
    }
    to->order = t->order;
    to->since = t->since;
    to->pending = t->pending;
    task_count(p, to, 1);
    if (p->policy->copies && t->n_data && to->pending && !to->copied) {
        to->copied = true;
        list_add(&p->submitted, task);
    }
    if (to->pending && !to->queued) {
        to->queued = true;
        queue_push(p, to->queue, task);
    }
    if (to->pending)
        turn_touch(p, to->queue);
    planner_changed(p);
}

void planner_task_gone(struct planner *p, uint32_t task)
{
    if (task >= p->n_tasks || !p->task[task].known)
        return;
    struct known_task *t = &p->task[task];
    task_count(p, t, -1);
    queue_leave(p, t->queue);
    *t = (struct known_task){0}; // an entry in the queue's heap is skipped
    planner_changed(p);
}

uint32_t queue_head(struct planner *p, uint32_t queue)
{
    struct line *l = &p->queue[queue].tasks;
    for (const struct heap_entry *e; (e = line_front(l));) {
        struct known_task *t = &p->task[e->index];
        bool same = t->known && t->queue == queue && task_key(p, e->index) == e->key;
        if (same && t->pending > 0)
            return e->index;
        if (same)
            t->queued = false;
        line_pop(l, e);
    }
    return PLAN_NONE;
}

void queue_rebuild(struct planner *p)
{
    for (uint32_t q = 0; q < p->n_queues; q++) {
        line_clear(&p->queue[q].tasks);
        turn_remove(p, q);
    }
    for (uint32_t t = 0; t < p->n_tasks; t++) {
        p->task[t].queued = p->task[t].known && p->task[t].pending > 0;
        if (p->task[t].queued)
            queue_push(p, p->task[t].queue, t);
    }
}

bool planner_task_at(const struct planner *p, uint32_t task, struct plan_task *out)
{
    if (task >= p->n_tasks || !p->task[task].known)
        return false;
    const struct known_task *t = &p->task[task];
    const struct queue *q = &p->queue[t->queue];
    const struct shape *s = &p->shape[q->shape];
    *out = (struct plan_task){.activity = s->ask.activity,
                              .run = s->ask.run,
                              .account = p->account[q->account].id,
                              .order = t->order,
                              .constraint = s->constraint,
                              .where = s->where,
                              .gang = s->gang,
                              .n_data = s->n_data,
                              .pending = t->pending,
                              .since = t->since};
    memcpy(out->data, s->data, sizeof s->data);
    return true;
}
