// SPDX-License-Identifier: Apache-2.0
//
// Events as bytes: a walk for each kind, of which log_sync.c has the largest.
#include <errno.h>

#include "core/engine/log.h"
#include "core/engine/log_codec.h"
#include "core/work/pool.h"

static void quota_wish(struct codec *c, struct quota_wish *w)
{
    N(c, w->given);
    for (int i = 0; i < QUOTA_N; i++)
        N(c, w->most[i]);
}

static void walk_organisation(struct codec *c, struct event *ev)
{
    codec_bytes(c, ev->organisation.uuid, 16);
    N(c, ev->organisation.only_new);
    N(c, ev->organisation.only_old);
    codec_string(c, &ev->organisation.organisation);
    codec_string(c, &ev->organisation.name);
    quota_wish(c, &ev->organisation.quota);
    c->bad = c->bad || !ev->organisation.organisation;
}

static void walk_project(struct codec *c, struct event *ev)
{
    codec_bytes(c, ev->project.uuid, 16);
    codec_string(c, &ev->project.project);
    codec_string(c, &ev->project.organisation);
    codec_string(c, &ev->project.slug);
    codec_string(c, &ev->project.name);
    codec_string(c, &ev->project.description);
    N(c, ev->project.has_research);
    N(c, ev->project.research);
    N(c, ev->project.has_archived);
    N(c, ev->project.archived);
    c->bad = c->bad || (!ev->project.project && (!ev->project.organisation || !ev->project.slug));
}

static void walk_token(struct codec *c, struct event *ev)
{
    N(c, ev->token_put.account);
    N(c, ev->token_put.id);
    codec_string(c, &ev->token_put.name);
    codec_string(c, &ev->token_put.digest);
    N(c, ev->token_put.expires_ms);
    c->bad = c->bad || (!ev->token_put.id && (!ev->token_put.name || !ev->token_put.digest));
}

static void walk_budget(struct codec *c, struct event *ev)
{
    codec_bytes(c, ev->budget.uuid, 16);
    codec_string(c, &ev->budget.budget);
    codec_string(c, &ev->budget.project);
    codec_string(c, &ev->budget.alias);
    N(c, ev->budget.has_total);
    N(c, ev->budget.has_start);
    N(c, ev->budget.has_end);
    N(c, ev->budget.has_policy);
    N(c, ev->budget.has_archived);
    N(c, ev->budget.archived);
    N(c, ev->budget.total_neur);
    N(c, ev->budget.start_ms);
    N(c, ev->budget.end_ms);
    N(c, ev->budget.policy);
    c->bad = c->bad || (!ev->budget.budget && !ev->budget.project);
}

static void walk_reservation(struct codec *c, struct event *ev)
{
    codec_bytes(c, ev->reservation.uuid, 16);
    codec_string(c, &ev->reservation.reservation);
    N(c, ev->reservation.account);
    codec_string(c, &ev->reservation.organisation);
    codec_string(c, &ev->reservation.name);
    codec_string(c, &ev->reservation.machine_key);
    N(c, ev->reservation.boards);
    N(c, ev->reservation.cores);
    N(c, ev->reservation.has_from);
    N(c, ev->reservation.has_to);
    N(c, ev->reservation.remove);
    N(c, ev->reservation.from_ms);
    N(c, ev->reservation.to_ms);
    c->bad =
        c->bad || (!ev->reservation.reservation && (!ev->reservation.name || !ev->reservation.machine_key));
}

static void walk_account(struct codec *c, struct event *ev)
{
    codec_bytes(c, ev->account.uuid, 16);
    codec_string(c, &ev->account.organisation);
    codec_string(c, &ev->account.project);
    N(c, ev->account.has_scheduling);
    N(c, ev->account.has_removed);
    N(c, ev->account.removed);
    N(c, ev->account.has_max_jobs);
    N(c, ev->account.has_credit);
    N(c, ev->account.scheduling);
    N(c, ev->account.max_jobs);
    N(c, ev->account.credit_neur);
    quota_wish(c, &ev->account.quota);
    N(c, ev->account.id);
    codec_string(c, &ev->account.email);
    codec_string(c, &ev->account.name);
    codec_string(c, &ev->account.token_hash);
    N(c, ev->account.only_new);
    N(c, ev->account.has_max_tasks);
    N(c, ev->account.max_tasks);
    N(c, ev->account.has_research);
    N(c, ev->account.research);
}

static void walk_secret(struct codec *c, struct event *ev)
{
    N(c, ev->secret.account);
    N(c, ev->secret.verb);
    codec_string(c, &ev->secret.key);
    codec_string(c, &ev->secret.sealed);
}

static void constraint(struct codec *c, struct constraint *k)
{
    N(c, k->cores_min);
    N(c, k->cores_max);
    N(c, k->memory_mb_min);
    N(c, k->memory_mb_max);
    N(c, k->mb_per_core_min);
    N(c, k->mb_per_core_max);
    N(c, k->gpu);
    N(c, k->ssd);
    T(c, k->key);
    T(c, k->cpu_model);
}

static void draft(struct codec *c, struct task_draft *d)
{
    N(c, d->refusal_code);
    codec_string(c, &d->refusal);
    codec_bytes(c, d->uuid, sizeof d->uuid);
    codec_string(c, &d->name);
    codec_string(c, &d->profile);
    codec_string(c, &d->shortname);
    N(c, d->activity);
    codec_string(c, &d->ranges);
    N(c, d->instances);
    constraint(c, &d->constraint);
    N(c, d->retries_total);
    N(c, d->retries_each);
    N(c, d->queue_max_ms);
    N(c, d->expected_run_ms);
    codec_string(c, &d->body);
    codec_string(c, &d->job);
    codec_string(c, &d->depends);
    codec_string(c, &d->place);
    N(c, d->keep_ms);
    codec_string(c, &d->project);
    codec_string(c, &d->machine_key);
    codec_string(c, &d->reservation);
    codec_string(c, &d->pool);
    if (!d->refusal_code && (!activity_is_task(d->activity) || !d->ranges))
        c->bad = true;
}

static void walk_create(struct codec *c, struct event *ev)
{
    N(c, ev->create.account);
    struct task_draft *d = codec_items(c, (void *)(uintptr_t)ev->create.draft, &ev->create.n, sizeof *d);
    ev->create.draft = d;
    for (size_t i = 0; i < ev->create.n && !c->bad; i++)
        draft(c, &d[i]);
}

static void walk_task(struct codec *c, struct event *ev)
{
    N(c, ev->task.account);
    codec_string(c, &ev->task.id);
    codec_string(c, &ev->task.name);
    codec_string(c, &ev->task.body);
    N(c, ev->task.final_id);
    N(c, ev->task.final_job);
    N(c, ev->task.keep_ms);
    c->bad = c->bad || !ev->task.id;
}

static void walk_tasks(struct codec *c, struct event *ev)
{
    N(c, ev->tasks.account);
}

static void walk_zone(struct codec *c, struct event *ev)
{
    codec_string(c, &ev->zone.zone);
    N(c, ev->zone.has_setpoint);
    N(c, ev->zone.has_mode);
    N(c, ev->zone.has_schedule);
    N(c, ev->zone.has_boost);
    N(c, ev->zone.setpoint_mc);
    N(c, ev->zone.mode);
    codec_string(c, &ev->zone.schedule);
    N(c, ev->zone.boost_ms);
    c->bad = c->bad || !ev->zone.zone;
}

static void walk_site(struct codec *c, struct event *ev)
{
    codec_string(c, &ev->site.site);
    N(c, ev->site.has_cap);
    N(c, ev->site.has_utc_offset);
    N(c, ev->site.cap_mw);
    N(c, ev->site.utc_offset_min);
    N(c, ev->site.make);
    codec_string(c, &ev->site.setting);
    c->bad = c->bad || !ev->site.site;
}

static void walk_bar(struct codec *c, struct event *ev)
{
    codec_string(c, &ev->bar.board);
    N(c, ev->bar.barred);
    codec_string(c, &ev->bar.why);
    c->bad = c->bad || !ev->bar.board;
}

static void walk_lid(struct codec *c, struct event *ev)
{
    codec_string(c, &ev->lid.heater);
    codec_string(c, &ev->lid.by);
    c->bad = c->bad || !ev->lid.heater || !ev->lid.by;
}

static void walk_job_create(struct codec *c, struct event *ev)
{
    struct job_draft *d = &ev->job.draft;
    N(c, ev->job.account);
    codec_bytes(c, d->uuid, sizeof d->uuid);
    codec_string(c, &d->name);
    codec_string(c, &d->shortname);
    N(c, d->use_dependencies);
    N(c, d->auto_delete);
    N(c, d->wall_ms);
    N(c, d->keep_ms);
    codec_string(c, &d->body);
    c->bad = c->bad || !d->name || !d->body;
}

static void walk_job(struct codec *c, struct event *ev)
{
    N(c, ev->job.account);
    codec_string(c, &ev->job.id);
    N(c, ev->job.force);
    uint64_t *id = codec_items(c, (void *)(uintptr_t)ev->job.task, &ev->job.n_tasks, sizeof *id);
    ev->job.task = id;
    for (size_t i = 0; i < ev->job.n_tasks && !c->bad; i++)
        N(c, id[i]);
    c->bad = c->bad || !ev->job.id;
}

static void walk_pool_draft(struct codec *c, struct event *ev)
{
    struct pool_draft *d = &ev->pool.draft;
    N(c, ev->pool.account);
    codec_string(c, &ev->pool.id);
    codec_bytes(c, d->uuid, sizeof d->uuid);
    codec_string(c, &d->name);
    codec_string(c, &d->profile);
    codec_string(c, &d->shortname);
    N(c, d->activity);
    constraint(c, &d->constraint);
    codec_string(c, &d->scaling);
    N(c, d->slots_per_node);
    N(c, d->auto_delete);
    N(c, d->keep_ms);
    N(c, d->queue_max_ms);
    codec_string(c, &d->body);
    codec_string(c, &d->project);
    codec_string(c, &d->machine_key);
    codec_string(c, &d->reservation);
    bool create = ev->kind == EVENT_POOL_CREATE;
    c->bad = c->bad || !d->scaling || !d->body || (create ? !d->name || !d->profile : !ev->pool.id) ||
             (create && (!activity_is_task(d->activity) || d->slots_per_node < 1 ||
                         d->slots_per_node > POOL_SLOTS_PER_NODE_MAX));
}

static void walk_pool(struct codec *c, struct event *ev)
{
    N(c, ev->pool.account);
    codec_string(c, &ev->pool.id);
    c->bad = c->bad || !ev->pool.id;
}

static void walk_order(struct codec *c, struct event *ev)
{
    N(c, ev->order.account);
    codec_string(c, &ev->order.id);
    N(c, ev->order.what);
    N(c, ev->order.period_ms);
    codec_string(c, &ev->order.config.whitelist);
    codec_string(c, &ev->order.config.blacklist);
    codec_string(c, &ev->order.config.bucket);
    codec_string(c, &ev->order.config.prefix);
    c->bad = c->bad || !ev->order.id || (unsigned)ev->order.what >= ASK_N;
}

static void walk_published(struct codec *c, struct event *ev)
{
    N(c, ev->published.lease);
    N(c, ev->published.part);
    codec_string(c, &ev->published.code);
    codec_string(c, &ev->published.message);
}

static void walk_replica(struct codec *c, struct event *ev)
{
    codec_string(c, &ev->replica.site);
    N(c, ev->replica.key);
    N(c, ev->replica.there);
    c->bad = c->bad || !ev->replica.site;
}

static void walk_wants(struct codec *c, struct event *ev)
{
    struct zone_want *w = codec_items(c, (void *)(uintptr_t)ev->wants.zone, &ev->wants.n, sizeof *w);
    ev->wants.zone = w;
    for (size_t i = 0; i < ev->wants.n && !c->bad; i++) {
        N(c, w[i].zone);
        N(c, w[i].target_w);
        N(c, w[i].min_w);
        N(c, w[i].max_w);
        N(c, w[i].keep_w);
    }
}

static void walk_tick(struct codec *c, struct event *ev)
{
    (void)c;
    (void)ev;
}

typedef void event_walk(struct codec *c, struct event *ev);

static event_walk *const event_walks[EVENT_KIND_N] = {
    [EVENT_TICK] = walk_tick,
    [EVENT_ACCOUNT_PUT] = walk_account,
    [EVENT_TASKS_CREATE] = walk_create,
    [EVENT_TASK_PUT] = walk_task,
    [EVENT_TASK_ABORT] = walk_task,
    [EVENT_TASKS_ABORT] = walk_tasks,
    [EVENT_TASK_DELETE] = walk_task,
    [EVENT_SYNC] = log_walk_sync,
    [EVENT_ZONE_SET] = walk_zone,
    [EVENT_SITE_SET] = walk_site,
    [EVENT_BOARD_BAR] = walk_bar,
    [EVENT_LID_CLEAR] = walk_lid,
    [EVENT_SECRET] = walk_secret,
    [EVENT_JOB_CREATE] = walk_job_create,
    [EVENT_JOB_TERMINATE] = walk_job,
    [EVENT_JOB_DELETE] = walk_job,
    [EVENT_JOB_SWEEP] = walk_job,
    [EVENT_TASK_ORDER] = walk_order,
    [EVENT_PUBLISHED] = walk_published,
    [EVENT_ORGANISATION_PUT] = walk_organisation,
    [EVENT_PROJECT_PUT] = walk_project,
    [EVENT_TOKEN_PUT] = walk_token,
    [EVENT_BUDGET_PUT] = walk_budget,
    [EVENT_RESERVATION_PUT] = walk_reservation,
    [EVENT_POOL_CREATE] = walk_pool_draft,
    [EVENT_POOL_PUT] = walk_pool_draft,
    [EVENT_POOL_CLOSE] = walk_pool,
    [EVENT_POOL_DELETE] = walk_pool,
    [EVENT_POOL_RESYNC] = walk_pool,
    [EVENT_REPLICA] = walk_replica,
    [EVENT_ZONES_WANT] = walk_wants,
};

void log_walk_event(struct codec *c, struct event *ev)
{
    int version = LOG_VERSION;
    N(c, version);
    N(c, ev->kind);
    N(c, ev->seq);
    N(c, ev->token);
    N(c, ev->now.v);
    if (version != LOG_VERSION || (unsigned)ev->kind >= EVENT_KIND_N)
        c->bad = true;
    else if (!c->bad)
        event_walks[ev->kind](c, ev);
}

void event_encode(const struct event *ev, struct buf *out)
{
    struct event copy = *ev; // the walk writes every field back as it was
    log_walk_event(&(struct codec){.out = out}, &copy);
}

int event_decode(const char *data, size_t n, struct arena *a, struct event *ev, struct err *e)
{
    struct codec c = {.p = (const uint8_t *)data, .end = (const uint8_t *)data + n, .a = a};
    *ev = (struct event){0};
    log_walk_event(&c, ev);
    if (c.bad || c.p != c.end)
        return err_set(e, -EBADMSG,
                       "log: an event of %zu bytes cannot be read at byte %zu (is it of another version?)", n,
                       (size_t)(c.p - (const uint8_t *)data));
    return 0;
}
