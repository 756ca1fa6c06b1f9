// SPDX-License-Identifier: Apache-2.0
//
// One walk over the fields serves both directions, so that what is written is what is read.
#include "core/engine/log.h"

#include <errno.h>
#include <string.h>

#include "core/work/pool.h"

struct codec {
    struct buf *out; // NULL: reading
    const uint8_t *p, *end;
    struct arena *a;
    bool bad;
};

static void put_number(struct codec *c, int64_t v)
{
    uint64_t u = (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0);
    for (; u >= 0x80; u >>= 7)
        buf_putc(c->out, (char)(u | 0x80));
    buf_putc(c->out, (char)u);
}

static int64_t get_number(struct codec *c)
{
    uint64_t u = 0;
    for (int shift = 0;; shift += 7) {
        if (c->p == c->end || shift > 63) {
            c->bad = true;
            return 0;
        }
        uint8_t byte = *c->p++;
        u |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            break;
    }
    return (int64_t)(u >> 1 ^ (u & 1 ? UINT64_MAX : 0));
}

static int64_t number(struct codec *c, int64_t v)
{
    if (!c->out)
        return get_number(c);
    put_number(c, v);
    return v;
}

// A number of any type; what does not fit it makes the event bad.
#define N(c, x)                                                                                              \
    do {                                                                                                     \
        int64_t v_ = number(c, (int64_t)(x));                                                                \
        (x) = (__typeof__(x))v_;                                                                             \
        if ((int64_t)(x) != v_)                                                                              \
            (c)->bad = true;                                                                                 \
    } while (0)

static size_t length(struct codec *c, size_t n)
{
    int64_t got = number(c, (int64_t)n);
    if (c->out)
        return n;
    if (got < 0 || got > c->end - c->p) { // whatever it counts takes at least a byte each
        c->bad = true;
        return 0;
    }
    return (size_t)got;
}

static void bytes(struct codec *c, void *data, size_t n)
{
    if (c->out) {
        buf_put(c->out, data, n);
    } else if ((size_t)(c->end - c->p) < n) {
        c->bad = true;
    } else {
        memcpy(data, c->p, n);
        c->p += n;
    }
}

// Text in an array of its own.
static void text(struct codec *c, char *t, size_t size)
{
    size_t n = length(c, c->out ? strnlen(t, size - 1) : 0);
    if (n >= size || c->bad) {
        c->bad = true;
        return;
    }
    bytes(c, t, n);
    if (c->out)
        return;
    memset(t + n, 0, size - n);
    c->bad = c->bad || strlen(t) != n;
}

#define T(c, array) text(c, array, sizeof(array))

static void blob(struct codec *c, const char **s, size_t *n)
{
    *n = length(c, *n);
    if (c->out) {
        buf_put(c->out, *s, *n);
        return;
    }
    *s = arena_strndup(c->a, (const char *)c->p, c->bad ? 0 : *n);
    c->p += c->bad ? 0 : *n;
}

// Text somewhere else, or NULL.
static void string(struct codec *c, const char **s)
{
    bool there = *s != NULL;
    size_t n = c->out && there ? strlen(*s) : 0;
    N(c, there);
    *s = there ? *s : NULL;
    if (!there)
        return;
    blob(c, s, &n);
    c->bad = c->bad || strlen(*s) != n;
}

// An array of `size` bytes each: gives it, made anew when reading.
static void *items(struct codec *c, void *v, size_t *n, size_t size)
{
    *n = length(c, *n);
    if (c->out)
        return v;
    if (*n > LOG_ITEMS_MAX) {
        c->bad = true;
        *n = 0;
    }
    return arena_alloc(c->a, *n * size);
}

// ---- the parts of a sync

static void spec(struct codec *c, struct board_spec *s)
{
    N(c, s->cores);
    N(c, s->memory_mb);
    N(c, s->gpu);
    N(c, s->ssd);
    T(c, s->key);
    T(c, s->cpu_model);
}

static void curve(struct codec *c, struct curve *k)
{
    T(c, k->model);
    N(c, k->cores);
    N(c, k->idle_mw);
    N(c, k->sleep_mw);
    N(c, k->boot_ms);
    N(c, k->n);
    if (k->n < 0 || k->n > CURVE_POINTS_MAX) {
        c->bad = true;
        return;
    }
    for (int i = 0; i < k->n; i++) {
        N(c, k->p[i].freq_mhz);
        N(c, k->p[i].draw_mw);
    }
}

static void offer(struct codec *c, struct offer *o)
{
    o->zone = items(c, o->zone, &o->n_zones, sizeof *o->zone);
    for (size_t i = 0; i < o->n_zones && !c->bad; i++) {
        struct offer_zone *z = &o->zone[i];
        T(c, z->name);
        T(c, z->site);
        T(c, z->label);
        N(c, z->nameplate_w);
        N(c, z->setpoint_mc);
        N(c, z->mode);
        N(c, z->is_virtual);
    }
    o->board = items(c, o->board, &o->n_boards, sizeof *o->board);
    for (size_t i = 0; i < o->n_boards && !c->bad; i++) {
        struct offer_board *b = &o->board[i];
        T(c, b->name);
        T(c, b->heater);
        T(c, b->zone);
        spec(c, &b->spec);
        curve(c, &b->curve);
        N(c, b->sandbox);
        T(c, b->sandbox_lack);
    }
}

static void report_zone(struct codec *c, struct report *r)
{
    N(c, r->zone.room_mc);
    N(c, r->zone.setpoint_mc);
    N(c, r->zone.mode);
    N(c, r->zone.guard);
    N(c, r->zone.draw_w);
    N(c, r->zone.missing_w);
    N(c, r->zone.model_known);
    N(c, r->zone.model.capacity_j_per_k);
    N(c, r->zone.model.loss_mw_per_k);
    N(c, r->zone.model.gain_w);
    struct heat_request *q = &r->zone.request;
    N(c, q->target_w);
    N(c, q->min_w);
    N(c, q->max_w);
    N(c, q->keep_w);
    N(c, q->up_j);
    N(c, q->down_j);
    N(c, q->t_up_s);
    N(c, q->t_down_s);
    N(c, q->valid_until.v);
    T(c, r->zone.why);
}

static void report_board(struct codec *c, struct report *r)
{
    N(c, r->board.run);
    N(c, r->board.draw_mw);
    N(c, r->board.freq_mhz);
    N(c, r->board.duty_permille);
    N(c, r->board.barred);
    T(c, r->board.barred_why);
}

static void report_started(struct codec *c, struct report *r)
{
    N(c, r->started.at.v);
}

static void report_level(struct codec *c, struct report *r)
{
    N(c, r->level.phase);
    N(c, r->level.progress_permille);
    N(c, r->level.freq_mhz);
    N(c, r->level.max_freq_mhz);
    N(c, r->level.duty_permille);
    N(c, r->level.cpu_permille);
    N(c, r->level.memory_mb);
    N(c, r->level.memory_max_mb);
    N(c, r->level.net_in_kbps);
    N(c, r->level.net_out_kbps);
    N(c, r->level.exec_ms);
}

static void report_output(struct codec *c, struct report *r)
{
    N(c, r->output.stream);
    blob(c, &r->output.data, &r->output.n);
}

static void report_exited(struct codec *c, struct report *r)
{
    N(c, r->exited.end);
    N(c, r->exited.exit_code);
    N(c, r->exited.signal);
    N(c, r->exited.wall_ms);
    N(c, r->exited.exec_ms);
    N(c, r->exited.core_ms);
    N(c, r->exited.work_mhz_s);
    N(c, r->exited.energy_mj);
    N(c, r->exited.peak_memory_mb);
    N(c, r->exited.results);
    N(c, r->exited.fetch_ms);
    N(c, r->exited.fetch_bytes);
    N(c, r->exited.store_ms);
    N(c, r->exited.store_bytes);
    string(c, &r->exited.names);
    T(c, r->exited.code);
    T(c, r->exited.message);
}

static void report_meter_board(struct codec *c, struct report *r)
{
    N(c, r->meter_board.raw_mj);
    N(c, r->meter_board.wrap_mj);
    for (int i = 0; i < ACTIVITY_N; i++) {
        N(c, r->meter_board.part_mj[i]);
        N(c, r->meter_board.part_ms[i]);
    }
}

static void report_meter_lease(struct codec *c, struct report *r)
{
    N(c, r->meter_lease.energy_mj);
    N(c, r->meter_lease.core_ms);
}

static void report_meter_zone(struct codec *c, struct report *r)
{
    N(c, r->meter_zone.asked_mj);
    N(c, r->meter_zone.delivered_mj);
    N(c, r->meter_zone.useful_mj);
    N(c, r->meter_zone.shadow_mj);
    N(c, r->meter_zone.shadow_mc);
}

static void report_setpoint(struct codec *c, struct report *r)
{
    N(c, r->setpoint.setpoint_mc);
    N(c, r->setpoint.mode);
}

static void report_ready(struct codec *c, struct report *r)
{
    (void)c;
    (void)r;
}

static void report_snapshot(struct codec *c, struct report *r)
{
    N(c, r->snapshot.number);
    N(c, r->snapshot.part);
    N(c, r->snapshot.files);
    N(c, r->snapshot.bytes);
    T(c, r->snapshot.code);
    T(c, r->snapshot.message);
}

static void report_staging(struct codec *c, struct report *r)
{
    N(c, r->staging.phase);
    N(c, r->staging.files);
    N(c, r->staging.files_n);
    N(c, r->staging.bytes);
    N(c, r->staging.bytes_n);
    N(c, r->staging.ms);
}

typedef void report_walk(struct codec *c, struct report *r);

static report_walk *const report_walks[REPORT_KIND_N] = {
    [REPORT_ZONE] = report_zone,
    [REPORT_BOARD] = report_board,
    [REPORT_STARTED] = report_started,
    [REPORT_LEVEL] = report_level,
    [REPORT_OUTPUT] = report_output,
    [REPORT_EXITED] = report_exited,
    [REPORT_METER_BOARD] = report_meter_board,
    [REPORT_METER_LEASE] = report_meter_lease,
    [REPORT_METER_ZONE] = report_meter_zone,
    [REPORT_SETPOINT] = report_setpoint,
    [REPORT_READY] = report_ready,
    [REPORT_SNAPSHOT] = report_snapshot,
    [REPORT_STAGING] = report_staging,
};

static void walk_sync(struct codec *c, struct event *ev)
{
    struct sync_up *up = &ev->sync;
    T(c, up->node);
    N(c, up->nonce);
    N(c, up->epoch);
    N(c, up->have);
    N(c, up->has_offer);
    if (up->has_offer)
        offer(c, &up->offer);
    up->report = items(c, up->report, &up->n_reports, sizeof *up->report);
    for (size_t i = 0; i < up->n_reports && !c->bad; i++) {
        struct report *r = &up->report[i];
        N(c, r->seq);
        N(c, r->at.v);
        N(c, r->kind);
        T(c, r->name);
        N(c, r->lease);
        if ((unsigned)r->kind >= REPORT_KIND_N)
            c->bad = true;
        else
            report_walks[r->kind](c, r);
    }
}

// ---- the other events

static void quota_wish(struct codec *c, struct quota_wish *w)
{
    N(c, w->given);
    for (int i = 0; i < QUOTA_N; i++)
        N(c, w->most[i]);
}

static void walk_organisation(struct codec *c, struct event *ev)
{
    bytes(c, ev->organisation.uuid, 16);
    N(c, ev->organisation.only_new);
    N(c, ev->organisation.only_old);
    string(c, &ev->organisation.organisation);
    string(c, &ev->organisation.name);
    quota_wish(c, &ev->organisation.quota);
    c->bad = c->bad || !ev->organisation.organisation;
}

static void walk_project(struct codec *c, struct event *ev)
{
    bytes(c, ev->project.uuid, 16);
    string(c, &ev->project.project);
    string(c, &ev->project.organisation);
    string(c, &ev->project.slug);
    string(c, &ev->project.name);
    string(c, &ev->project.description);
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
    string(c, &ev->token_put.name);
    string(c, &ev->token_put.digest);
    N(c, ev->token_put.expires_ms);
    c->bad = c->bad || (!ev->token_put.id && (!ev->token_put.name || !ev->token_put.digest));
}

static void walk_budget(struct codec *c, struct event *ev)
{
    bytes(c, ev->budget.uuid, 16);
    string(c, &ev->budget.budget);
    string(c, &ev->budget.project);
    string(c, &ev->budget.alias);
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
    bytes(c, ev->reservation.uuid, 16);
    string(c, &ev->reservation.reservation);
    N(c, ev->reservation.account);
    string(c, &ev->reservation.organisation);
    string(c, &ev->reservation.name);
    string(c, &ev->reservation.machine_key);
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
    bytes(c, ev->account.uuid, 16);
    string(c, &ev->account.organisation);
    string(c, &ev->account.project);
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
    string(c, &ev->account.email);
    string(c, &ev->account.name);
    string(c, &ev->account.token_hash);
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
    string(c, &ev->secret.key);
    string(c, &ev->secret.sealed);
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
    string(c, &d->refusal);
    bytes(c, d->uuid, sizeof d->uuid);
    string(c, &d->name);
    string(c, &d->profile);
    string(c, &d->shortname);
    N(c, d->activity);
    string(c, &d->ranges);
    N(c, d->instances);
    constraint(c, &d->constraint);
    N(c, d->retries_total);
    N(c, d->retries_each);
    N(c, d->queue_max_ms);
    N(c, d->expected_run_ms);
    string(c, &d->body);
    string(c, &d->job);
    string(c, &d->depends);
    string(c, &d->place);
    N(c, d->keep_ms);
    string(c, &d->project);
    string(c, &d->machine_key);
    string(c, &d->reservation);
    string(c, &d->pool);
    if (!d->refusal_code && (!activity_is_task(d->activity) || !d->ranges))
        c->bad = true;
}

static void walk_create(struct codec *c, struct event *ev)
{
    N(c, ev->create.account);
    struct task_draft *d = items(c, (void *)(uintptr_t)ev->create.draft, &ev->create.n, sizeof *d);
    ev->create.draft = d;
    for (size_t i = 0; i < ev->create.n && !c->bad; i++)
        draft(c, &d[i]);
}

static void walk_task(struct codec *c, struct event *ev)
{
    N(c, ev->task.account);
    string(c, &ev->task.id);
    string(c, &ev->task.name);
    string(c, &ev->task.body);
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
    string(c, &ev->zone.zone);
    N(c, ev->zone.has_setpoint);
    N(c, ev->zone.has_mode);
    N(c, ev->zone.has_schedule);
    N(c, ev->zone.has_boost);
    N(c, ev->zone.setpoint_mc);
    N(c, ev->zone.mode);
    string(c, &ev->zone.schedule);
    N(c, ev->zone.boost_ms);
    c->bad = c->bad || !ev->zone.zone;
}

static void walk_site(struct codec *c, struct event *ev)
{
    string(c, &ev->site.site);
    N(c, ev->site.has_cap);
    N(c, ev->site.has_utc_offset);
    N(c, ev->site.cap_mw);
    N(c, ev->site.utc_offset_min);
    N(c, ev->site.make);
    string(c, &ev->site.setting);
    c->bad = c->bad || !ev->site.site;
}

static void walk_bar(struct codec *c, struct event *ev)
{
    string(c, &ev->bar.board);
    N(c, ev->bar.barred);
    string(c, &ev->bar.why);
    c->bad = c->bad || !ev->bar.board;
}

static void walk_lid(struct codec *c, struct event *ev)
{
    string(c, &ev->lid.heater);
    string(c, &ev->lid.by);
    c->bad = c->bad || !ev->lid.heater || !ev->lid.by;
}

static void walk_job_create(struct codec *c, struct event *ev)
{
    struct job_draft *d = &ev->job.draft;
    N(c, ev->job.account);
    bytes(c, d->uuid, sizeof d->uuid);
    string(c, &d->name);
    string(c, &d->shortname);
    N(c, d->use_dependencies);
    N(c, d->auto_delete);
    N(c, d->wall_ms);
    N(c, d->keep_ms);
    string(c, &d->body);
    c->bad = c->bad || !d->name || !d->body;
}

static void walk_job(struct codec *c, struct event *ev)
{
    N(c, ev->job.account);
    string(c, &ev->job.id);
    N(c, ev->job.force);
    uint64_t *id = items(c, (void *)(uintptr_t)ev->job.task, &ev->job.n_tasks, sizeof *id);
    ev->job.task = id;
    for (size_t i = 0; i < ev->job.n_tasks && !c->bad; i++)
        N(c, id[i]);
    c->bad = c->bad || !ev->job.id;
}

static void walk_pool_draft(struct codec *c, struct event *ev)
{
    struct pool_draft *d = &ev->pool.draft;
    N(c, ev->pool.account);
    string(c, &ev->pool.id);
    bytes(c, d->uuid, sizeof d->uuid);
    string(c, &d->name);
    string(c, &d->profile);
    string(c, &d->shortname);
    N(c, d->activity);
    constraint(c, &d->constraint);
    string(c, &d->scaling);
    N(c, d->slots_per_node);
    N(c, d->auto_delete);
    N(c, d->keep_ms);
    N(c, d->queue_max_ms);
    string(c, &d->body);
    string(c, &d->project);
    string(c, &d->machine_key);
    string(c, &d->reservation);
    bool create = ev->kind == EVENT_POOL_CREATE;
    c->bad = c->bad || !d->scaling || !d->body || (create ? !d->name || !d->profile : !ev->pool.id) ||
             (create && (!activity_is_task(d->activity) || d->slots_per_node < 1 ||
                         d->slots_per_node > POOL_SLOTS_PER_NODE_MAX));
}

static void walk_pool(struct codec *c, struct event *ev)
{
    N(c, ev->pool.account);
    string(c, &ev->pool.id);
    c->bad = c->bad || !ev->pool.id;
}

static void walk_order(struct codec *c, struct event *ev)
{
    N(c, ev->order.account);
    string(c, &ev->order.id);
    N(c, ev->order.what);
    N(c, ev->order.period_ms);
    string(c, &ev->order.config.whitelist);
    string(c, &ev->order.config.blacklist);
    string(c, &ev->order.config.bucket);
    string(c, &ev->order.config.prefix);
    c->bad = c->bad || !ev->order.id || (unsigned)ev->order.what >= ASK_N;
}

static void walk_published(struct codec *c, struct event *ev)
{
    N(c, ev->published.lease);
    N(c, ev->published.part);
    string(c, &ev->published.code);
    string(c, &ev->published.message);
}

static void walk_replica(struct codec *c, struct event *ev)
{
    string(c, &ev->replica.site);
    N(c, ev->replica.key);
    N(c, ev->replica.there);
    c->bad = c->bad || !ev->replica.site;
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
    [EVENT_SYNC] = walk_sync,
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
};

static void walk(struct codec *c, struct event *ev)
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
    walk(&(struct codec){.out = out}, &copy);
}

int event_decode(const char *data, size_t n, struct arena *a, struct event *ev, struct err *e)
{
    struct codec c = {.p = (const uint8_t *)data, .end = (const uint8_t *)data + n, .a = a};
    *ev = (struct event){0};
    walk(&c, ev);
    if (c.bad || c.p != c.end)
        return err_set(e, -EBADMSG,
                       "log: an event of %zu bytes cannot be read at byte %zu (is it of another version?)", n,
                       (size_t)(c.p - (const uint8_t *)data));
    return 0;
}

// ---- records

static void put_record(enum log_what what, const struct buf *body, struct buf *out)
{
    struct codec c = {.out = out};
    out->failed = out->failed || body->failed;
    put_number(&c, (int64_t)body->n);
    put_number(&c, what);
    buf_put(out, body->v, body->n);
}

static void walk_start(struct codec *c, struct log_start *s)
{
    struct server_config *k = &s->config;
    N(c, s->restore_from.v);
    N(c, s->restored.v);
    N(c, k->instances_per_task);
    N(c, k->tasks_per_account);
    N(c, k->secrets_per_account);
    N(c, k->jobs_per_account);
    N(c, k->pools_per_account);
    N(c, k->lease_ms);
    N(c, k->lease_margin_ms);
    N(c, k->dispatch_delay_ms);
    N(c, k->start_timeout_ms);
    N(c, k->preempt_grace_ms);
    N(c, k->rest_first_ms);
    N(c, k->rest_most_ms);
    N(c, k->donated_allowed);
    N(c, k->filler_allowed);
    N(c, k->reserved_by_all);
    N(c, k->check_plans);
    N(c, k->makes_copies);
    N(c, k->policy);
    for (int a = 0; a < BILL_CLASSES; a++)
        N(c, k->bill.ueur_per_core_h[a]);
    N(c, k->bill.ueur_per_kwh);
}

void log_put_start(const struct log_start *s, struct buf *out)
{
    struct buf body = BUF_INIT(4096);
    struct log_start copy = *s;
    walk_start(&(struct codec){.out = &body}, &copy);
    put_record(LOG_START, &body, out);
    buf_deinit(&body);
}

void log_put_event(const struct event *ev, struct buf *out)
{
    struct buf body = BUF_INIT(LOG_RECORD_MAX);
    event_encode(ev, &body);
    put_record(LOG_EVENT, &body, out);
    buf_deinit(&body);
}

static void put_one_number(enum log_what what, int64_t v, struct buf *out)
{
    struct buf body = BUF_INIT(16);
    put_number(&(struct codec){.out = &body}, v);
    put_record(what, &body, out);
    buf_deinit(&body);
}

void log_put_settle(house_ms now, struct buf *out)
{
    put_one_number(LOG_SETTLE, now.v, out);
}

void log_put_end(uint64_t hash, struct buf *out)
{
    put_one_number(LOG_END, (int64_t)hash, out);
}

void log_put_reload(struct buf *out)
{
    put_record(LOG_RELOAD, &BUF_INIT(0), out);
}

static void walk_record(struct codec *c, struct log_record *r)
{
    switch (r->what) {
    case LOG_EVENT:
        walk(c, &r->ev);
        break;
    case LOG_SETTLE:
        N(c, r->now.v);
        break;
    case LOG_START:
        server_config_default(&r->start.config);
        walk_start(c, &r->start);
        break;
    case LOG_END:
        N(c, r->hash);
        break;
    case LOG_RELOAD:
    case LOG_WHAT_N:
        break;
    }
}

int log_next(const char *data, size_t n, size_t *pos, struct arena *a, struct log_record *r, struct err *e)
{
    size_t head = strlen(LOG_HEADER), at = *pos;
    if (!at) {
        if (n < head || memcmp(data, LOG_HEADER, head) != 0)
            return err_set(e, -EBADMSG, "log: this is no log of version %d", LOG_VERSION);
        at = *pos = head;
    }
    struct codec c = {.p = (const uint8_t *)data + at, .end = (const uint8_t *)data + n, .a = a};
    int64_t bytes_n = get_number(&c), what = get_number(&c);
    if (c.bad)
        return 0; // the end, or a record that was begun
    if (bytes_n < 0 || (uint64_t)bytes_n > LOG_RECORD_MAX || what < 0 || what >= LOG_WHAT_N)
        return err_set(e, -EBADMSG, "log: byte %zu: this is no record", at);
    if (bytes_n > c.end - c.p)
        return 0;
    c.end = c.p + bytes_n;
    *pos = (size_t)((const char *)c.end - data);
    *r = (struct log_record){.what = (enum log_what)what};
    walk_record(&c, r);
    if (c.bad || c.p != c.end)
        return err_set(e, -EBADMSG,
                       "log: byte %zu: a record cannot be read at byte %zu (is it of another version?)", at,
                       (size_t)((const char *)c.p - data));
    return 1;
}
