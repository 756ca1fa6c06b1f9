// SPDX-License-Identifier: Apache-2.0
//
// Tasks that wait for tasks. Each open dependency is an edge in the list of the task that is waited for. When
// that one ends, its edges are put aside, and server_resolve walks them when the event is over: who waits for
// nothing more goes to the planner, who can never start is cancelled, which may end others again. The walk is
// a queue, so that a chain of any length takes no stack.
#include "base/mem.h"
#include "core/engine/server_job.h"
#include "core/engine/server_state.h"
#include "core/engine/server_task.h"

#include <stdlib.h>
#include <string.h>

bool task_waits(const struct task *t)
{
    return t->in_job && t->in_job->waits;
}

static bool live_in_job(const struct server *s, uint32_t job, const uint8_t uuid[16], uint32_t *slot)
{
    if (!server_task_uuid(s, uuid, slot))
        return false;
    const struct task *t = &s->task[*slot];
    return t->in_job && t->in_job->job == job;
}

int depend_look(struct server *s, uint32_t job, struct depends *d, struct effects *fx, const char **why)
{
    const struct job *j = &s->job[job];
    if (d->n && !j->use_dependencies) {
        *why = "Invalid task file. Invalid fields: dependencies. dependencies: the job was made without "
               "useDependencies";
        return 400;
    }
    for (size_t i = 0; i < d->n; i++) {
        uint32_t slot;
        uint64_t end;
        if (live_in_job(s, job, d->v[i].uuid, &slot) && !s->task[slot].deleting) {
            d->v[i].end = (uint8_t)depend_end_of((enum task_state)s->task[slot].state);
        } else if (idmap_get(&j->ended, uuid_key(d->v[i].uuid), &end)) {
            d->v[i].end = (uint8_t)end;
        } else {
            char uuid[UUID_TEXT_BYTES];
            uuid_format(uuid, d->v[i].uuid);
            *why = arena_printf(&fx->arena,
                                "Invalid task file. Invalid fields: dependencies. dependencies: no task %s "
                                "in the job (a task "
                                "can only wait for tasks that were submitted before it)",
                                uuid);
            return 400;
        }
    }
    return 0;
}

static uint32_t edge_new(struct server *s)
{
    if (s->free_edge) {
        uint32_t at = s->free_edge - 1;
        s->free_edge = s->edge[at].next;
        return at;
    }
    (void)VEC_PUSH(s->edge, s->n_edges, s->cap_edges);
    return (uint32_t)(s->n_edges - 1);
}

static void edge_free(struct server *s, uint32_t at)
{
    s->edge[at] = (struct edge){.next = s->free_edge};
    s->free_edge = at + 1;
}

void depend_link(struct server *s, uint32_t slot)
{
    struct task *t = &s->task[slot];
    struct membership *m = t->in_job;
    m->waits = depends_state(&m->depends) == DEPEND_WAITING;
    for (size_t i = 0; i < m->depends.n; i++) {
        uint32_t other;
        if (m->depends.v[i].end != DEPEND_OPEN || !live_in_job(s, m->job, m->depends.v[i].uuid, &other))
            continue;
        uint32_t at = edge_new(s);
        s->edge[at] =
            (struct edge){.task = t->id, .which = (uint32_t)i, .next = s->task[other].in_job->first_edge};
        s->task[other].in_job->first_edge = at;
    }
}

// Nobody is told any more: the engine ends, or the task ended before.
void depend_unlink(struct server *s, uint32_t slot)
{
    struct membership *m = s->task[slot].in_job;
    for (uint32_t at = m->first_edge, next; at != NONE; at = next) {
        next = s->edge[at].next;
        edge_free(s, at);
    }
    m->first_edge = NONE;
}

void depend_note_end(struct server *s, uint32_t slot, enum depend_end end)
{
    struct task *t = &s->task[slot];
    struct membership *m = t->in_job;
    if (!m)
        return;
    struct job *j = &s->job[m->job];
    if (end == DEPEND_GONE) // it may have ended before, in this very batch
        idmap_remove(&j->ended, uuid_key(t->uuid));
    else if (j->use_dependencies && j->state == JOB_ACTIVE)
        idmap_set(&j->ended, uuid_key(t->uuid), end);
    if (m->first_edge == NONE)
        return;
    struct resolved *r = VEC_PUSH(s->resolved, s->n_resolved, s->cap_resolved);
    *r = (struct resolved){.edge = m->first_edge, .end = (uint8_t)end};
    m->first_edge = NONE;
}

void depend_forget(struct server *s, uint64_t job_id, const uint8_t uuid[16])
{
    uint64_t job;
    if (job_id && idmap_get(&s->job_by_id, job_id, &job))
        idmap_remove(&s->job[job].ended, uuid_key(uuid));
}

static void wait_touch(struct server *s, uint32_t slot)
{
    struct membership *m = s->task[slot].in_job;
    if (m->dirty)
        return;
    m->dirty = true;
    uint32_t *at = VEC_PUSH(s->dirty_wait.v, s->dirty_wait.n, s->dirty_wait.cap);
    *at = slot;
}

static void never(struct server *s, uint32_t slot, const struct depend *d, struct effects *fx)
{
    static const char *const ended[] = {"", "in Success", "in Failure", "Cancelled", "by being deleted"};
    char uuid[UUID_TEXT_BYTES];
    struct buf why = BUF_INIT(300);
    uuid_format(uuid, d->uuid);
    buf_putf(&why, "it waited for task %s, which ended %s", uuid, ended[d->end]);
    task_stop(s, slot, "ONDOL-DEPENDENCY", buf_str(&why), fx);
    buf_deinit(&why);
}

void depend_begin(struct server *s, uint32_t slot, struct effects *fx)
{
    const struct depends *d = &s->task[slot].in_job->depends;
    depend_link(s, slot);
    for (size_t i = 0; i < d->n; i++)
        if (depend_state(&d->v[i]) == DEPEND_NOT_FULFILLED) {
            never(s, slot, &d->v[i], fx);
            return;
        }
}

static void resolve_one(struct server *s, const struct edge *e, enum depend_end end, struct effects *fx)
{
    uint32_t slot;
    if (!server_task_slot(s, e->task, &slot) || task_ended(&s->task[slot]))
        return;
    struct membership *m = s->task[slot].in_job;
    struct depend *d = &m->depends.v[e->which];
    d->end = (uint8_t)end;
    wait_touch(s, slot);
    if (!m->waits || s->task[slot].aborting || s->task[slot].deleting)
        return;
    enum depend_state all = depends_state(&m->depends);
    m->waits = all == DEPEND_WAITING;
    server_trace(s, CHANGE_TASK_WAIT, (int64_t)e->task, end);
    if (all == DEPEND_NOT_FULFILLED) {
        never(s, slot, d, fx);
    } else if (all == DEPEND_FULFILLED) {
        struct task *t = &s->task[slot];
        m->ready_ms = s->now.v;
        if (rare_of(t)->queue_max_ms >= 0)
            timer_add(s, TIMER_QUEUE_MAX, t->id, house_add(s->now, rare_of(t)->queue_max_ms));
        task_plan(s, slot);
    }
}

void server_resolve(struct server *s, struct effects *fx)
{
    for (size_t i = 0; i < s->n_resolved; i++) { // what is cancelled on the way is put behind
        struct resolved r = s->resolved[i];
        for (uint32_t at = r.edge, next; at != NONE; at = next) {
            struct edge e = s->edge[at];
            next = e.next;
            edge_free(s, at);
            resolve_one(s, &e, (enum depend_end)r.end, fx);
        }
    }
    s->n_resolved = 0;
}

void server_waits_settle(struct server *s, struct effects *fx)
{
    for (size_t i = 0; i < s->dirty_wait.n; i++) {
        struct task *t = &s->task[s->dirty_wait.v[i]];
        if (!t->id || !t->in_job || !t->in_job->dirty)
            continue;
        t->in_job->dirty = false;
        struct buf text = BUF_INIT(64 * 1024);
        depends_format(&t->in_job->depends, &text);
        fx_change(fx, CHANGE_TASK_WAIT)->wait =
            (struct row_task_wait){.id = t->id,
                                   .ready_ms = t->in_job->ready_ms,
                                   .depends = arena_strdup(&fx->arena, buf_str(&text))};
        buf_deinit(&text);
    }
    s->dirty_wait.n = 0;
}
