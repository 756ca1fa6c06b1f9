// SPDX-License-Identifier: Apache-2.0
//
// A draft becomes a task, or a refusal with a code and a sentence: everything is looked at before anything is
// changed.
#include "base/mem.h"
#include "base/num.h"
#include "core/engine/server_job.h"
#include "core/engine/server_lease.h"
#include "core/engine/server_pool.h"
#include "core/engine/server_state.h"
#include "core/engine/server_task.h"
#include "core/engine/server_user.h"

#include <string.h>

// Where a draft goes, and what was read of it. Ends by release().
struct entrance {
    uint32_t account, pool, job; // NONE: of no pool, in no job
    uint8_t uuid[16];
    struct admission entry;
    struct ranges pending;
    struct depends depends;
};

// What says no: the arena of the sentences, and the sentence.
struct refusal {
    struct effects *fx;
    const char **why;
};

static int refuse(struct refusal no, int code, const char *why)
{
    *no.why = why;
    return code;
}

static bool shortname_taken(const struct server *s, uint32_t account, const char *shortname)
{
    struct buf key = BUF_INIT(4096);
    shortname_key(account, shortname, &key);
    bool taken = key.failed || strmap_get(&s->shortname, buf_str(&key), NULL);
    buf_deinit(&key);
    return taken;
}

static const char *depends_text(const struct depends *d, struct arena *a)
{
    struct buf text = BUF_INIT(64 * 1024);
    depends_format(d, &text);
    char *copy = arena_strdup(a, buf_str(&text));
    buf_deinit(&text);
    return copy;
}

// The job of a draft and what the task waits for there. 0, or the code and sentence of the refusal.
static int enter_job(struct server *s, const struct task_draft *d, uint32_t *job, struct depends *depends,
                     struct effects *fx, const char **why, uint64_t account)
{
    if (!d->job)
        return 0;
    if (!server_find_job(s, account, d->job, job)) {
        *why = arena_printf(&fx->arena, "No such job: %s", d->job);
        return 400;
    }
    const struct job *j = &s->job[*job];
    if (j->state != JOB_ACTIVE) {
        *why = arena_printf(&fx->arena, "The job %s takes no more tasks: it is %s", d->job,
                            job_state_name((enum job_state)j->state));
        return 400;
    }
    if (d->depends && !depends_parse(d->depends, depends)) {
        *why = "Invalid task file. Invalid fields: dependencies. dependencies: they cannot be read";
        return 400;
    }
    return depend_look(s, *job, depends, fx, why);
}

static int enter_pool(struct server *s, const struct task_draft *d, uint32_t *pool, struct effects *fx,
                      const char **why, uint64_t account)
{
    if (!d->pool)
        return 0;
    if (!server_find_pool(s, account, d->pool, pool)) {
        *why = arena_printf(&fx->arena, "No such pool: %s", d->pool);
        return 400;
    }
    const struct pool *p = &s->pool[*pool];
    if (p->closing || p->failed) {
        *why = arena_printf(&fx->arena, "The pool %s takes no more tasks: it is %s", d->pool,
                            pool_state_name((enum pool_state)p->state));
        return 400;
    }
    return 0;
}

// In a pool it runs on the pool's boards: of their class, whatever is reserved is the pool's, and on the
// pool's project when it names none.
static int admit(struct server *s, uint32_t account, const struct task_draft *d, uint32_t pool,
                 struct effects *fx, struct admission *entry, const char **why)
{
    if (pool == NONE)
        return task_admit(s, account, d, fx, entry, why);
    const struct task *holder = &s->task[s->pool[pool].holder];
    enum activity activity = (enum activity)holder->activity;
    char project[UUID_TEXT_BYTES];
    struct task_draft as = *d;
    as.activity = activity == ACTIVITY_RESERVED ? ACTIVITY_ONDEMAND : activity;
    if (!d->project && holder->project != NONE) {
        uuid_format(project, s->project[holder->project].uuid);
        as.project = project;
    }
    int code = task_admit(s, account, &as, fx, entry, why);
    entry->activity = activity;
    return code;
}

static int within_limits(const struct server *s, const struct entrance *in, const struct task_draft *d,
                         struct refusal no)
{
    const struct account *owner = &s->account[in->account];
    int32_t most = owner->max_tasks > 0 ? owner->max_tasks : s->cfg.tasks_per_account;
    if (owner->live_tasks >= most)
        return refuse(no, 403,
                      arena_printf(&no.fx->arena,
                                   "Maximum number of tasks reached (limit %d tasks that are not final)",
                                   (int)most));
    if (d->instances > s->cfg.instances_per_task)
        return refuse(no, 400,
                      arena_printf(&no.fx->arena,
                                   "instanceCount: %d is above the limit of %d instances per task",
                                   (int)d->instances, (int)s->cfg.instances_per_task));
    if (d->shortname && shortname_taken(s, in->account, d->shortname))
        return refuse(no, 400, "Invalid task file. Invalid fields: shortname-uniqueness");
    return 0;
}

static int place_is_good(struct server *s, const struct entrance *in, const struct task_draft *d,
                         struct refusal no)
{
    struct err e = ERR_NULL;
    if (d->place && task_set_place(s, NONE, d->place, &e) < 0)
        return refuse(no, 400, arena_strdup(&no.fx->arena, e.text));
    if (d->place && in->pool != NONE && place_chooses(d->place))
        return refuse(no, 400, "placement: a task of a pool runs on the pool's nodes");
    return 0;
}

static int read_ranges(const struct server *s, struct entrance *in, const struct task_draft *d,
                       struct refusal no)
{
    struct err e = ERR_NULL;
    if (ranges_parse(&in->pending, d->ranges, (uint64_t)s->cfg.instances_per_task, &e) < 0)
        return refuse(no, 400, arena_printf(&no.fx->arena, "advancedRanges: %s", e.text));
    if (ranges_count(&in->pending) != (uint64_t)d->instances)
        return refuse(no, 400,
                      arena_printf(&no.fx->arena,
                                   "instanceCount: %d where advancedRanges name %llu instances",
                                   (int)d->instances, (unsigned long long)ranges_count(&in->pending)));
    return 0;
}

static int take_uuid(const struct server *s, struct entrance *in, const struct task_draft *d,
                     struct refusal no)
{
    memcpy(in->uuid, d->uuid, sizeof in->uuid);
    uuid_stamp(in->uuid); // as it will be asked for
    if (task_uuid_taken(s, in->uuid)) // 2^-64 each; the client tries again
        return refuse(no, 409, "the new uuid is taken (try again)");
    return 0;
}

static int look_at(struct server *s, struct entrance *in, const struct task_draft *d, struct refusal no)
{
    uint64_t owner = s->account[in->account].id;
    int code = d->refusal_code ? refuse(no, d->refusal_code, d->refusal) : 0;
    if (!code)
        code = enter_pool(s, d, &in->pool, no.fx, no.why, owner);
    if (!code)
        code = admit(s, in->account, d, in->pool, no.fx, &in->entry, no.why);
    if (!code)
        code = within_limits(s, in, d, no);
    if (!code)
        code = place_is_good(s, in, d, no);
    if (!code)
        code = read_ranges(s, in, d, no);
    if (!code)
        code = take_uuid(s, in, d, no);
    return code ? code : enter_job(s, d, &in->job, &in->depends, no.fx, no.why, owner);
}

static void release(struct entrance *in)
{
    ranges_deinit(&in->pending);
    depends_deinit(&in->depends);
}

int server_would_refuse(const struct server *s, uint64_t account, struct task_draft *d, struct arena *a,
                        const char **why)
{
    struct entrance in = {.pool = NONE, .job = NONE, .pending = RANGES_NULL, .depends = DEPENDS_NULL};
    struct effects none;
    uint64_t at;
    *why = NULL;
    if (!idmap_get(&s->account_by_id, account, &at) || s->account[at].organisation == NONE)
        return 0; // what comes first gives it one
    in.account = (uint32_t)at;
    effects_init(&none);
    int code = look_at((struct server *)(uintptr_t)s, &in, d, (struct refusal){&none, why});
    if (code) {
        *why = arena_strdup(a, *why);
    } else {
        d->activity = in.entry.activity;
        d->constraint = in.entry.constraint;
    }
    effects_deinit(&none);
    release(&in);
    return code;
}

static void set_owner(struct server *s, uint32_t slot, const struct entrance *in, const struct task_draft *d)
{
    struct task *t = &s->task[slot];
    struct err e = ERR_NULL;
    t->account = in->account;
    t->activity = (uint8_t)in->entry.activity;
    t->project = in->entry.project;
    t->reservation = in->entry.reservation;
    if (!constraint_is_none(&in->entry.constraint)) {
        t->constraint = mem_alloc(sizeof *t->constraint);
        *t->constraint = in->entry.constraint;
    }
    if (d->place)
        task_set_place(s, slot, d->place, &e);
    if (d->shortname)
        task_set_shortname(s, slot, d->shortname);
    s->account[in->account].live_tasks++;
}

// The dependencies are the task's from here.
static void join(struct server *s, uint32_t slot, struct entrance *in, const struct task_draft *d)
{
    struct task *t = &s->task[slot];
    if (s->cfg.dispatch_delay_ms > 0) {
        t->held_back = true;
        timer_add(s, TIMER_HELD_BACK, t->id, house_add(s->now, s->cfg.dispatch_delay_ms));
    }
    if (in->job != NONE) {
        task_join(s, slot, in->job);
        t->in_job->depends = in->depends;
        t->in_job->waits = depends_state(&in->depends) == DEPEND_WAITING;
        in->depends = DEPENDS_NULL;
    }
    if (in->pool != NONE)
        pool_join(s, slot, in->pool);
    if (d->queue_max_ms >= 0 && !task_waits(t)) // else from when it waits for boards only
        timer_add(s, TIMER_QUEUE_MAX, t->id, house_add(s->now, d->queue_max_ms));
}

static uint32_t fill(struct server *s, struct entrance *in, const struct task_draft *d)
{
    uint32_t slot = task_slot_new(s, server_new_id(s), in->uuid);
    struct task *t = &s->task[slot];
    t->instances = d->instances;
    ranges_copy(&t->pending, &in->pending); // without the room to grow
    t->retries_total = d->retries_total;
    t->retries_each = d->retries_each;
    t->created_ms = t->state_ms = t->modified_ms = s->now.v;
    t->previous_state_ms = -1;
    task_set_limits(t, d->queue_max_ms, d->keep_ms);
    set_owner(s, slot, in, d);
    task_expect(s, slot, d->profile, d->expected_run_ms);
    join(s, slot, in, d);
    return slot;
}

static void write_row(struct server *s, const struct task *t, const struct entrance *in,
                      const struct task_draft *d, struct effects *fx)
{
    struct buf hardware = BUF_INIT(1024);
    struct row_task *row = &fx_change(fx, CHANGE_TASK_NEW)->task;
    constraint_format(&in->entry.constraint, &hardware);
    *row = (struct row_task){
        .id = t->id,
        .account = s->account[t->account].id,
        .activity = t->activity,
        .instances = t->instances,
        .created_ms = t->created_ms,
        .name = arena_strdup(&fx->arena, d->name),
        .profile = arena_strdup(&fx->arena, d->profile),
        .ranges = arena_strdup(&fx->arena, d->ranges),
        .retries_total = t->retries_total,
        .retries_each = t->retries_each,
        .queue_max_ms = d->queue_max_ms,
        .keep_ms = d->keep_ms,
        .body = arena_strdup(&fx->arena, d->body),
        .hardware = arena_strdup(&fx->arena, buf_str(&hardware)),
        .place = arena_strdup(&fx->arena, d->place ? d->place : ""),
        .project = s->project[t->project].id,
        .reservation = t->reservation != NONE ? s->reservation[t->reservation].id : 0,
        .job = in->job != NONE ? s->job[in->job].id : 0,
        .pool = in->pool != NONE ? s->pool[in->pool].id : 0,
        .depends = depends_text(t->in_job ? &t->in_job->depends : &in->depends, &fx->arena),
    };
    buf_deinit(&hardware);
    uuid_format(row->uuid, d->uuid);
    row->shortname = arena_strdup(&fx->arena, d->shortname ? d->shortname : row->uuid);
    task_live_row(s, t, &fx->arena, &row->live);
}

// Returns 0, or the code and sentence of the refusal.
static int create_one(struct server *s, uint32_t account, const struct task_draft *d, struct effects *fx,
                      const char **why)
{
    struct entrance in = {
        .account = account, .pool = NONE, .job = NONE, .pending = RANGES_NULL, .depends = DEPENDS_NULL};
    int code = look_at(s, &in, d, (struct refusal){fx, why});
    if (!code) {
        uint32_t slot = fill(s, &in, d);
        if (!fx->no_rows)
            write_row(s, &s->task[slot], &in, d, fx);
        server_trace(s, CHANGE_TASK_NEW, (int64_t)s->task[slot].id, s->task[slot].instances);
        task_plan(s, slot);
        if (in.job != NONE)
            depend_begin(s, slot, fx);
    }
    release(&in);
    return code;
}

void server_tasks_create(struct server *s, const struct event *ev, struct effects *fx)
{
    uint64_t account;
    if (!idmap_get(&s->account_by_id, ev->create.account, &account)) {
        fx_reply(fx, ev->token, 401, "Bad authentication token");
        return;
    }
    struct reply_item *item = arena_alloc(&fx->arena, (ev->create.n ? ev->create.n : 1) * sizeof *item);
    for (size_t i = 0; i < ev->create.n; i++) {
        const char *why = NULL;
        int code = create_one(s, (uint32_t)account, &ev->create.draft[i], fx, &why);
        item[i].code = code ? code : 200;
        item[i].message = arena_strdup(&fx->arena, why);
        if (!code)
            uuid_format(item[i].uuid, ev->create.draft[i].uuid);
    }
    struct reply *r = fx_reply(fx, ev->token, 200, NULL);
    r->item = item;
    r->n_items = ev->create.n;
    if (ev->create.n == 1) {
        r->code = item[0].code;
        r->message = item[0].message;
    }
}
