// SPDX-License-Identifier: Apache-2.0
//
// Queues: tasks that wait, by class and constraint signature. A queue lives while a task has its signature, so that
// signatures that strangers invent cost nothing once their tasks are gone.
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "core/plan/planner_state.h"

bool queue_fits(struct planner *p, struct queue *q, uint32_t kind)
{
    while (q->n_fits <= kind) {
        bool *fits = VEC_PUSH(q->fits, q->n_fits, q->cap_fits);
        *fits = constraint_holds(&q->constraint, &p->kind[q->n_fits - 1].spec);
    }
    return q->fits[kind];
}

void queue_kind_changed(struct planner *p, uint32_t kind)
{
    for (size_t i = 0; i < p->n_queues; i++)
        if (kind < p->queue[i].n_fits)
            p->queue[i].fits[kind] = constraint_holds(&p->queue[i].constraint, &p->kind[kind].spec);
}

static bool same_constraint(const struct constraint *a, const struct constraint *b)
{
    return a->cores_min == b->cores_min && a->cores_max == b->cores_max && a->memory_mb_min == b->memory_mb_min &&
           a->memory_mb_max == b->memory_mb_max && a->mb_per_core_min == b->mb_per_core_min &&
           a->mb_per_core_max == b->mb_per_core_max && a->gpu == b->gpu && a->ssd == b->ssd && strcmp(a->key, b->key) == 0 &&
           strcmp(a->cpu_model, b->cpu_model) == 0;
}

static bool queue_is_of(const struct queue *q, const struct plan_task *t)
{
    return q->activity == t->activity && same_constraint(&q->constraint, &t->constraint);
}

static uint32_t queue_of(struct planner *p, const struct plan_task *t)
{
    uint64_t hash = hash_mix(hash_i64(constraint_hash(&t->constraint), t->activity)) | 1, first = 0;
    idmap_get(&p->queue_at, hash, &first);
    for (uint32_t q = (uint32_t)first; q; q = p->queue[q - 1].next)
        if (queue_is_of(&p->queue[q - 1], t))
            return q - 1;
    uint32_t at = (uint32_t)p->n_queues;
    if (p->free_queue.n)
        at = p->free_queue.v[--p->free_queue.n];
    else
        (void)VEC_PUSH(p->queue, p->n_queues, p->cap_queues);
    p->queue[at] = (struct queue){.activity = t->activity, .constraint = t->constraint, .hash = hash, .next = (uint32_t)first,
                                  .active = PLAN_NONE};
    idmap_set(&p->queue_at, hash, (uint64_t)at + 1);
    return at;
}

static void queue_leave(struct planner *p, uint32_t queue)
{
    struct queue *q = &p->queue[queue];
    if (--q->members)
        return;
    uint64_t first = 0;
    idmap_get(&p->queue_at, q->hash, &first);
    if (first == (uint64_t)queue + 1) {
        if (q->next)
            idmap_set(&p->queue_at, q->hash, q->next);
        else
            idmap_remove(&p->queue_at, q->hash);
    } else {
        uint32_t i = (uint32_t)first;
        while (p->queue[i - 1].next != queue + 1)
            i = p->queue[i - 1].next;
        p->queue[i - 1].next = q->next;
    }
    for (uint32_t b = 0; b < p->n_boards && q->stops; b++)
        if (p->board[b].stop_for == queue + 1)
            board_stop_for(p, b, 0);
    free(q->tasks.v);
    free(q->fits);
    *q = (struct queue){.active = PLAN_NONE};
    list_add(&p->free_queue, queue);
}

// Into and out of its class's list of queues where something waits.
static void queue_activate(struct planner *p, uint32_t queue)
{
    struct queue *q = &p->queue[queue];
    struct index_list *list = &p->active[q->activity];
    if (q->pending > 0 && q->active == PLAN_NONE) {
        q->active = (uint32_t)list->n;
        list_add(list, queue);
    } else if (q->pending <= 0 && q->active != PLAN_NONE) {
        uint32_t last = list->v[--list->n];
        list->v[q->active] = last;
        p->queue[last].active = q->active;
        q->active = PLAN_NONE;
    }
}

void task_count(struct planner *p, const struct known_task *t, int sign)
{
    struct queue *q = &p->queue[t->queue];
    q->pending += sign * t->pending;
    p->pending[q->activity] += sign * t->pending;
    queue_activate(p, t->queue);
}

int64_t task_key(const struct planner *p, uint32_t task)
{
    int64_t running = p->policy->fewest_running_first && task < p->n_running ? p->running[task] : 0;
    return -(running << 40) - (int64_t)p->task[task].order;
}

// Entries of tasks that are gone are dropped once they are the larger part.
static void queue_push(struct planner *p, uint32_t queue, uint32_t task)
{
    struct queue *q = &p->queue[queue];
    if (q->tasks.n > 64 && q->tasks.n > 2 * (size_t)q->members) {
        size_t n = q->tasks.n;
        q->tasks.n = 0;
        for (size_t i = 0; i < n; i++) { // pushing writes at or before the place that was read last
            struct heap_entry e = q->tasks.v[i];
            const struct known_task *t = &p->task[e.index];
            if (t->known && t->queued && t->queue == queue && task_key(p, e.index) == e.key && e.index != task)
                heap_push(&q->tasks, e);
        }
    }
    heap_push(&q->tasks, (struct heap_entry){.key = task_key(p, task), .index = task});
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

static void changed(struct planner *p)
{
    p->version++;
    p->dirty = true;
}

void planner_task(struct planner *p, uint32_t task, const struct plan_task *t)
{
    mem_grow(&p->task, &p->cap_tasks, (size_t)task + 1, sizeof *p->task);
    if (task >= p->n_tasks)
        p->n_tasks = (size_t)task + 1;
    struct known_task *to = &p->task[task];
    if (to->known && (!queue_is_of(&p->queue[to->queue], t) || to->order != t->order))
        planner_task_gone(p, task);
    if (to->known && to->pending == t->pending && to->account == t->account)
        return;
    if (to->known) {
        task_count(p, to, -1);
    } else {
        uint32_t queue = queue_of(p, t);
        p->queue[queue].members++;
        *to = (struct known_task){.queue = queue, .known = true};
    }
    to->account = t->account;
    to->order = t->order;
    to->since = t->since;
    to->pending = t->pending;
    task_count(p, to, 1);
    if (to->pending && !to->queued) {
        to->queued = true;
        queue_push(p, to->queue, task);
    }
    changed(p);
}

void planner_task_gone(struct planner *p, uint32_t task)
{
    if (task >= p->n_tasks || !p->task[task].known)
        return;
    struct known_task *t = &p->task[task];
    task_count(p, t, -1);
    queue_leave(p, t->queue);
    *t = (struct known_task){0}; // an entry in the queue's heap is skipped
    changed(p);
}

uint32_t queue_head(struct planner *p, uint32_t queue)
{
    struct heap *h = &p->queue[queue].tasks;
    while (h->n) {
        const struct heap_entry *e = &h->v[0];
        struct known_task *t = &p->task[e->index];
        bool same = t->known && t->queue == queue && task_key(p, e->index) == e->key;
        if (same && t->pending > 0)
            return e->index;
        if (same)
            t->queued = false;
        heap_pop(h);
    }
    return PLAN_NONE;
}

void queue_rebuild(struct planner *p)
{
    for (size_t i = 0; i < p->n_queues; i++)
        p->queue[i].tasks.n = p->queue[i].n_fits = 0;
    for (uint32_t t = 0; t < p->n_tasks; t++) {
        p->task[t].queued = p->task[t].known && p->task[t].pending > 0;
        if (p->task[t].queued)
            heap_push(&p->queue[p->task[t].queue].tasks, (struct heap_entry){.key = task_key(p, t), .index = t});
    }
}

bool planner_task_at(const struct planner *p, uint32_t task, struct plan_task *out)
{
    if (task >= p->n_tasks || !p->task[task].known)
        return false;
    const struct known_task *t = &p->task[task];
    const struct queue *q = &p->queue[t->queue];
    *out = (struct plan_task){.activity = q->activity, .account = t->account, .order = t->order, .constraint = q->constraint,
                              .pending = t->pending, .since = t->since};
    return true;
}

size_t planner_tasks(const struct planner *p)
{
    return p->n_tasks;
}
