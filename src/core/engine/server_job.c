// SPDX-License-Identifier: Apache-2.0
//
// Jobs: made, ended as a whole, deleted. All of an account's jobs are in memory (at most jobs_per_account),
// their tasks only while they live. A job's next state follows from what is left of its tasks when the batch
// is settled.
//
// Deleting by force takes the tasks along. Those in memory go as they are stopped; the final ones are only in
// the store, so whoever deletes finds them there and names them, some at a time (EVENT_JOB_SWEEP); the empty
// list says that these were all. Until then the job stays, Deleting, and deleting it again goes on where it
// was left.
#include "base/mem.h"
#include "core/engine/server_job.h"
#include "core/engine/server_state.h"
#include "core/engine/server_task.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

uint32_t job_slot_new(struct server *s, uint64_t id, const uint8_t uuid[16])
{
    uint32_t slot;
    if (s->n_free_jobs) {
        slot = s->free_job[--s->n_free_jobs];
    } else {
        (void)VEC_PUSH(s->job, s->n_jobs, s->cap_jobs);
        slot = (uint32_t)(s->n_jobs - 1);
    }
    s->job[slot] = (struct job){.id = id, .first = NONE, .previous_state_ms = -1};
    memcpy(s->job[slot].uuid, uuid, 16);
    idmap_set(&s->job_by_id, id, slot);
    idmap_set(&s->job_by_uuid, uuid_key(uuid), slot);
    return slot;
}

static void release_shortname(struct server *s, struct job *j)
{
    if (!j->shortname)
        return;
    struct buf key = BUF_INIT(4096);
    shortname_key(j->account, j->shortname, &key);
    strmap_remove(&s->job_shortname, buf_str(&key));
    buf_deinit(&key);
    free(j->shortname);
    j->shortname = NULL;
}

void job_slot_free(struct server *s, uint32_t slot)
{
    struct job *j = &s->job[slot];
    idmap_remove(&s->job_by_id, j->id);
    idmap_remove(&s->job_by_uuid, uuid_key(j->uuid));
    release_shortname(s, j);
    idmap_deinit(&j->ended);
    free(j->name);
    free(j->body);
    if (j->account < s->n_accounts)
        s->account[j->account].jobs--;
    *j = (struct job){.first = NONE};
    uint32_t *f = VEC_PUSH(s->free_job, s->n_free_jobs, s->cap_free_jobs);
    *f = slot;
}

void job_set_shortname(struct server *s, uint32_t slot, const char *shortname)
{
    struct job *j = &s->job[slot];
    struct buf key = BUF_INIT(4096);
    j->shortname = mem_strdup(shortname);
    shortname_key(j->account, shortname, &key);
    strmap_set(&s->job_shortname, buf_str(&key), slot);
    buf_deinit(&key);
}

static bool find_shortname(const struct server *s, uint64_t account, const char *shortname, uint64_t *at)
{
    struct buf key = BUF_INIT(4096);
    shortname_key((uint32_t)account, shortname, &key);
    bool found = !key.failed && strmap_get(&s->job_shortname, buf_str(&key), at);
    buf_deinit(&key);
    return found;
}

bool server_find_job(const struct server *s, uint64_t account, const char *id, uint32_t *slot)
{
    uint64_t at, owner;
    uint8_t uuid[16];
    if (!idmap_get(&s->account_by_id, account, &owner))
        return false;
    if (uuid_parse(id, uuid)) {
        if (!idmap_get(&s->job_by_uuid, uuid_key(uuid), &at) || memcmp(s->job[at].uuid, uuid, 16) != 0)
            return false;
    } else if (!find_shortname(s, owner, id, &at)) {
        return false;
    }
    if (s->job[at].account != owner || s->job[at].gone) // another account's job does not exist for this one
        return false;
    *slot = (uint32_t)at;
    return true;
}

// ---- what changes

static void job_touch(struct server *s, uint32_t slot)
{
    struct job *j = &s->job[slot];
    if (j->dirty)
        return;
    j->dirty = true;
    uint32_t *at = VEC_PUSH(s->dirty_job.v, s->dirty_job.n, s->dirty_job.cap);
    *at = slot;
}

static void job_row(const struct server *s, const struct job *j, struct arena *a, struct row_job *row)
{
    *row = (struct row_job){
        .id = j->id,
        .account = s->account[j->account].id,
        .state = j->state,
        .previous_state = j->previous_state,
        .use_dependencies = j->use_dependencies,
        .auto_delete = j->auto_delete,
        .swept = j->swept,
        .created_ms = j->created_ms,
        .state_ms = j->state_ms,
        .previous_state_ms = j->previous_state_ms,
        .modified_ms = j->modified_ms,
        .wall_ms = j->wall_ms,
        .keep_ms = j->keep_ms,
        .name = arena_strdup(a, j->name),
        .body = arena_strdup(a, j->body),
    };
    uuid_format(row->uuid, j->uuid);
    row->shortname = arena_strdup(a, j->shortname ? j->shortname : row->uuid);
}

static void job_go(struct server *s, uint32_t slot, enum job_state next, struct effects *fx)
{
    struct job *j = &s->job[slot];
    if (!job_state_may_follow((enum job_state)j->state, next))
        return;
    j->previous_state = j->state;
    j->previous_state_ms = j->state_ms;
    j->state = (uint8_t)next;
    j->state_ms = j->modified_ms = s->now.v;
    if (next != JOB_ACTIVE) // no task can be added, so none can ask
        idmap_deinit(&j->ended);
    job_touch(s, slot);
    server_trace(s, CHANGE_JOB, (int64_t)j->id, next);
    char uuid[UUID_TEXT_BYTES];
    uuid_format(uuid, j->uuid);
    fx_note(fx, "job",
            arena_printf(&fx->arena, "{\"uuid\":\"%s\",\"account\":%llu,\"state\":\"%s\"}", uuid,
                         (unsigned long long)s->account[j->account].id, job_state_name(next)));
}

static void job_remove(struct server *s, uint32_t slot)
{
    s->job[slot].gone = true;
    release_shortname(s, &s->job[slot]);
    job_touch(s, slot);
}

void job_timers(struct server *s, uint32_t slot)
{
    const struct job *j = &s->job[slot];
    if (j->wall_ms > 0 && j->state == JOB_ACTIVE)
        timer_add(s, TIMER_JOB_WALL, j->id, HOUSE_MS(j->created_ms + j->wall_ms));
    if (j->keep_ms > 0 && j->auto_delete && j->state == JOB_COMPLETED)
        timer_add(s, TIMER_JOB_EXPIRE, j->id, HOUSE_MS(j->state_ms + j->keep_ms));
}

static void settle_one(struct server *s, uint32_t slot, struct effects *fx)
{
    struct job *j = &s->job[slot];
    if (j->state == JOB_TERMINATING && j->first == NONE) {
        job_go(s, slot, JOB_COMPLETED, fx);
        job_timers(s, slot);
    }
    if (j->state == JOB_DELETING && j->swept && j->first == NONE)
        j->gone = true;
    j->dirty = false;
    if (j->gone) {
        fx_change(fx, CHANGE_JOB_GONE)->gone = j->id;
        server_trace(s, CHANGE_JOB_GONE, (int64_t)j->id, 0);
        for (uint32_t t = j->first, next; t != NONE; t = next) { // those stay, in no job
            next = s->task[t].in_job->next;
            task_leave(s, t);
        }
        job_slot_free(s, slot);
        return;
    }
    struct change *c = fx_change(fx, CHANGE_JOB);
    job_row(s, j, &fx->arena, &c->job);
}

void server_jobs_settle(struct server *s, struct effects *fx)
{
    for (size_t i = 0; i < s->dirty_job.n; i++) // settling one touches no other
        if (s->job[s->dirty_job.v[i]].id)
            settle_one(s, s->dirty_job.v[i], fx);
    s->dirty_job.n = 0;
}

// ---- its tasks

void task_join(struct server *s, uint32_t slot, uint32_t job)
{
    struct task *t = &s->task[slot];
    struct job *j = &s->job[job];
    t->in_job = mem_alloc(sizeof *t->in_job);
    *t->in_job = (struct membership){.job = job, .next = j->first, .prev = NONE, .first_edge = NONE};
    if (j->first != NONE)
        s->task[j->first].in_job->prev = slot;
    j->first = slot;
    j->n_tasks++;
}

void task_leave(struct server *s, uint32_t slot)
{
    struct membership *m = s->task[slot].in_job;
    if (!m)
        return;
    depend_unlink(s, slot);
    struct job *j = &s->job[m->job];
    if (m->next != NONE)
        s->task[m->next].in_job->prev = m->prev;
    if (m->prev != NONE)
        s->task[m->prev].in_job->next = m->next;
    else
        j->first = m->next;
    j->n_tasks--;
    if (!j->n_tasks && j->state != JOB_ACTIVE)
        job_touch(s, m->job);
    depends_deinit(&m->depends);
    free(m);
    s->task[slot].in_job = NULL;
}

static void end_tasks(struct server *s, uint32_t slot, const char *code, const char *why, struct effects *fx)
{
    for (uint32_t t = s->job[slot].first, next; t != NONE;
         t = next) { // a task leaves when the batch is settled
        next = s->task[t].in_job->next;
        if (!task_ended(&s->task[t]) && !s->task[t].aborting && !s->task[t].deleting)
            task_stop(s, t, code, why, fx);
    }
}

static int32_t unfinished(const struct server *s, const struct job *j)
{
    int32_t n = 0;
    for (uint32_t t = j->first; t != NONE; t = s->task[t].in_job->next)
        n += !task_ended(&s->task[t]);
    return n;
}

// ---- events

// The oldest completed job of an account that may be deleted for its number's sake.
static uint32_t oldest_spare(const struct server *s, uint32_t account)
{
    uint32_t best = NONE;
    for (uint32_t i = 0; i < s->n_jobs; i++) {
        const struct job *j = &s->job[i];
        if (j->id && !j->gone && j->account == account && j->auto_delete && j->state == JOB_COMPLETED &&
            (best == NONE || j->id < s->job[best].id))
            best = i;
    }
    return best;
}

static int refuse_job(struct server *s, uint32_t account, const struct job_draft *d, struct effects *fx,
                      const char **why)
{
    uint64_t other;
    if (d->shortname && find_shortname(s, account, d->shortname, &other)) {
        *why = arena_printf(&fx->arena,
                            "Invalid job file. Invalid fields: shortname-uniqueness. shortname: %s is taken",
                            d->shortname);
        return 400;
    }
    int32_t own = s->account[account].max_jobs, most = own > 0 ? own : s->cfg.jobs_per_account;
    if (s->account[account].jobs >= most) {
        uint32_t spare = oldest_spare(s, account);
        if (spare == NONE) {
            *why = arena_printf(&fx->arena, "Maximum number of jobs reached (limit %d jobs)", (int)most);
            return 403;
        }
        job_remove(s, spare);
    }
    return 0;
}

void server_job_create(struct server *s, const struct event *ev, struct effects *fx)
{
    const struct job_draft *d = &ev->job.draft;
    const char *why = NULL;
    uint64_t account;
    uint8_t uuid[16]; // with the bits of version and variant, as it will be asked for
    char text[UUID_TEXT_BYTES];
    if (!idmap_get(&s->account_by_id, ev->job.account, &account)) {
        fx_reply(fx, ev->token, 401, "Bad authentication token");
        return;
    }
    uuid_format(text, d->uuid);
    uuid_parse(text, uuid);
    int code = refuse_job(s, (uint32_t)account, d, fx, &why);
    if (!code && idmap_get(&s->job_by_uuid, uuid_key(uuid), NULL)) {
        code = 409;
        why = "the new uuid is taken (try again)";
    }
    if (code) {
        fx_reply(fx, ev->token, code, why);
        return;
    }
    uint32_t slot = job_slot_new(s, server_new_id(s), uuid);
    struct job *j = &s->job[slot];
    j->account = (uint32_t)account;
    s->account[account].jobs++;
    j->name = mem_strdup(d->name);
    j->body = mem_strdup(d->body);
    j->use_dependencies = d->use_dependencies;
    j->auto_delete = d->auto_delete;
    j->wall_ms = d->wall_ms;
    j->keep_ms = d->keep_ms;
    j->created_ms = j->state_ms = j->modified_ms = s->now.v;
    if (d->shortname)
        job_set_shortname(s, slot, d->shortname);
    job_timers(s, slot);
    job_touch(s, slot);
    server_trace(s, CHANGE_JOB, (int64_t)j->id, j->state);
    struct reply *r = fx_reply(fx, ev->token, 200, NULL);
    r->id = j->id;
    r->item = arena_alloc(&fx->arena, sizeof *r->item);
    r->n_items = 1;
    r->item->code = 200;
    memcpy(r->item->uuid, text, sizeof text);
}

static bool find_or_answer(struct server *s, const struct event *ev, struct effects *fx, uint32_t *slot)
{
    if (server_find_job(s, ev->job.account, ev->job.id, slot))
        return true;
    fx_reply(fx, ev->token, 404, NULL)->message = arena_printf(&fx->arena, "No such job: %s", ev->job.id);
    return false;
}

void server_job_terminate(struct server *s, const struct event *ev, struct effects *fx)
{
    uint32_t slot;
    if (!find_or_answer(s, ev, fx, &slot))
        return;
    if (s->job[slot].state == JOB_ACTIVE) {
        job_go(s, slot, JOB_TERMINATING, fx);
        end_tasks(s, slot, "GHX0782I", "cancelled by the user: its job was terminated", fx);
    }
    fx_reply(fx, ev->token, 200, NULL);
}

void server_job_wall(struct server *s, uint64_t job_id, struct effects *fx)
{
    uint64_t slot;
    if (!idmap_get(&s->job_by_id, job_id, &slot) || s->job[slot].state != JOB_ACTIVE || s->job[slot].gone)
        return;
    struct buf why = BUF_INIT(200);
    buf_putf(&why, "its job is over after %lld s (maxWallTime)", (long long)(s->job[slot].wall_ms / 1000));
    job_go(s, (uint32_t)slot, JOB_TERMINATING, fx);
    end_tasks(s, (uint32_t)slot, "ONDOL-JOB-WALL-TIME", buf_str(&why), fx);
    buf_deinit(&why);
}

void server_job_expire(struct server *s, uint64_t job_id)
{
    uint64_t slot;
    if (idmap_get(&s->job_by_id, job_id, &slot) && s->job[slot].state == JOB_COMPLETED)
        job_remove(s, (uint32_t)slot);
}

void server_job_delete(struct server *s, const struct event *ev, struct effects *fx)
{
    uint32_t slot;
    if (!find_or_answer(s, ev, fx, &slot))
        return;
    struct job *j = &s->job[slot];
    uint64_t id = j->id;
    if (!ev->job.force && j->state != JOB_DELETING) {
        int32_t left = unfinished(s, j);
        if (left) {
            fx_reply(fx, ev->token, 403, NULL)->message = arena_printf(
                &fx->arena, "The job %s has %d tasks that have not ended (delete it with force=true)",
                ev->job.id, (int)left);
            return;
        }
        job_remove(s, slot);
    } else {
        job_go(s, slot, JOB_DELETING, fx);
        release_shortname(s, j); // the next job may have it
        for (uint32_t t = j->first, next; t != NONE; t = next) {
            next = s->task[t].in_job->next;
            if (!task_ended(&s->task[t]))
                task_forget(s, t, fx);
        }
    }
    struct reply *r = fx_reply(fx, ev->token, 200, NULL);
    r->id = id;
}

void server_job_sweep(struct server *s, const struct event *ev, struct effects *fx)
{
    uint32_t slot;
    if (!find_or_answer(s, ev, fx, &slot))
        return;
    struct job *j = &s->job[slot];
    if (j->state != JOB_DELETING) {
        fx_reply(fx, ev->token, 409, "The job is not being deleted");
        return;
    }
    for (size_t i = 0; i < ev->job.n_tasks; i++) {
        uint64_t task = ev->job.task[i];
        if (server_task_slot(s, task, NULL)) // it lives and goes by itself
            continue;
        expire_drop(s, task);
        fx_change(fx, CHANGE_TASK_GONE)->gone = task;
        server_trace(s, CHANGE_TASK_GONE, (int64_t)task, 3);
    }
    if (!ev->job.n_tasks) {
        j->swept = true;
        job_touch(s, slot);
    }
    fx_reply(fx, ev->token, 200, NULL);
}
