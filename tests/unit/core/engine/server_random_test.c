// SPDX-License-Identifier: Apache-2.0
// Random lives: a fleet that fails in every way, customers who change their minds, crashes between batches
// and lost commits. After every batch the auditor looks at everything; at the end all that was acknowledged
// has ended.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/engine/log.h"
#include "core/plan/plan.h"
#include "core/work/job.h"
#include "fake_fleet.h"

#define SEEDS 150
#define STEPS 600

struct acked {
    char uuid[UUID_TEXT_BYTES], job[UUID_TEXT_BYTES];
    bool delete_asked, aborted;
};

#define JOBS  12
#define POOLS 8

struct life {
    uint64_t seed;
    struct rng rng;
    struct rig rig;
    struct fake_fleet fleet;
    struct acked *task;
    size_t n_tasks, cap_tasks;
    struct wish { // asked in this batch, acknowledged by its commit
        uint64_t token;
        enum event_kind kind;
        char uuid[UUID_TEXT_BYTES];
        char job[2][UUID_TEXT_BYTES]; // of the tasks to create
        bool kept[2];                 // whether they do not delete themselves
    } wish[16];
    size_t n_wishes;
    struct job_of {
        char uuid[UUID_TEXT_BYTES];
        bool forced; // its tasks may be gone
    } job[JOBS];
    size_t n_jobs;
    char pool[POOLS][UUID_TEXT_BYTES];
    size_t n_pools;
    uint64_t inside;           // instances that began in a pool
    uint64_t top_id;           // of every id on disk
    struct engine_counts seen; // over all lives of the server
};

static void check(struct life *l)
{
    const struct err *e = l->rig.fault.code ? &l->rig.fault : &l->fleet.fault;
    if (e->code) {
        fprintf(stderr, "seed %llu, event %llu: %s\n", (unsigned long long)l->seed,
                (unsigned long long)l->rig.seq, e->text);
        fail();
    }
}

static void apply(struct life *l, struct event *ev)
{
    rig_apply(&l->rig, ev);
}

static const struct acked *any_task(struct life *l)
{
    return l->n_tasks ? &l->task[rng_below(&l->rng, l->n_tasks)] : NULL;
}

static struct wish *wish(struct life *l, enum event_kind kind, const char *uuid)
{
    struct wish *w = &l->wish[l->n_wishes++];
    *w = (struct wish){.kind = kind, .token = l->rig.token + 1};
    snprintf(w->uuid, sizeof w->uuid, "%s", uuid);
    return w;
}

// Half of the tasks of a job wait for up to two others, which may be of another job, over or gone.
static void into_a_job(struct life *l, struct task_draft *d, char job[UUID_TEXT_BYTES], char *depends,
                       size_t cap)
{
    if (!l->n_jobs || rng_below(&l->rng, 3) == 0)
        return;
    snprintf(job, UUID_TEXT_BYTES, "%s", l->job[rng_below(&l->rng, l->n_jobs)].uuid);
    d->job = job;
    int n = 0;
    *depends = '\0';
    for (uint64_t k = rng_below(&l->rng, 4); k > 1; k--) {
        const struct acked *t = any_task(l);
        for (int tries = 0; t && tries < 8 && strcmp(t->job, job) != 0; tries++)
            t = any_task(l);
        if (t && !strcmp(t->job, job))
            n += snprintf(depends + n, cap - (size_t)n, "%sa%s%d?", n ? "," : "", t->uuid,
                          (int)rng_below(&l->rng, 8));
    }
    d->depends = depends;
}

static void create_job(struct life *l)
{
    struct event ev = {.kind = EVENT_JOB_CREATE,
                       .job = {.account = l->rig.account, .draft = {.name = "j", .body = "{}"}}};
    struct job_draft *d = &ev.job.draft;
    for (int i = 0; i < 16; i++)
        d->uuid[i] = (uint8_t)rng_next(&l->rng);
    d->use_dependencies = rng_below(&l->rng, 8) != 0;
    d->auto_delete = rng_below(&l->rng, 3) == 0;
    d->keep_ms = (int64_t)rng_below(&l->rng, 2) * 60000;
    d->wall_ms = rng_below(&l->rng, 4) ? 0 : 1 + (int64_t)rng_below(&l->rng, 600000);
    d->shortname = rng_below(&l->rng, 4) ? NULL : "job";
    wish(l, EVENT_JOB_CREATE, "");
    apply(l, &ev);
}

static void create_pool(struct life *l)
{
    struct event ev = {
        .kind = EVENT_POOL_CREATE,
        .pool = {.account = l->rig.account, .draft = {.name = "p", .profile = "docker-batch", .body = "{}"}}};
    struct pool_draft *d = &ev.pool.draft;
    for (int i = 0; i < 16; i++)
        d->uuid[i] = (uint8_t)rng_next(&l->rng);
    d->activity = (enum activity)rng_below(&l->rng, 4);
    d->scaling = rig_scaling(rng_below(&l->rng, RIG_SCALINGS));
    d->slots_per_node = 1 + (int32_t)rng_below(&l->rng, FAKE_SLOTS);
    d->constraint.cores_min = rng_below(&l->rng, 4) ? 0 : 16;
    d->auto_delete = rng_below(&l->rng, 3) == 0;
    d->keep_ms = (int64_t)rng_below(&l->rng, 2) * 60000;
    d->queue_max_ms = rng_below(&l->rng, 6) ? -1 : (int64_t)rng_below(&l->rng, 60000);
    d->shortname = rng_below(&l->rng, 4) ? NULL : "pool";
    wish(l, EVENT_POOL_CREATE, "");
    apply(l, &ev);
}

static void on_pool(struct life *l)
{
    if (!l->n_pools)
        return;
    struct event ev = {.kind = EVENT_POOL_PUT,
                       .pool = {.account = l->rig.account,
                                .id = l->pool[rng_below(&l->rng, l->n_pools)],
                                .draft = {.body = "{}"}}};
    uint64_t what = rng_below(&l->rng, 8);
    ev.pool.draft.scaling = rig_scaling(rng_below(&l->rng, RIG_SCALINGS));
    if (what == 0)
        ev.kind = EVENT_POOL_CLOSE;
    else if (what == 1)
        ev.kind = EVENT_POOL_DELETE;
    wish(l, ev.kind, "");
    apply(l, &ev);
}

static void close_pools(struct life *l)
{
    for (size_t i = 0; i < l->n_pools; i++) {
        struct event ev = {.kind = EVENT_POOL_CLOSE, .pool = {.account = l->rig.account, .id = l->pool[i]}};
        rig_event(&l->rig, &ev);
    }
}

static void on_job(struct life *l)
{
    struct event ev = {.kind = EVENT_JOB_TERMINATE, .job = {.account = l->rig.account}};
    if (!l->n_jobs)
        return;
    size_t which = rng_below(&l->rng, l->n_jobs);
    uint64_t what = rng_below(&l->rng, 8), ids[8];
    ev.job.id = l->job[which].uuid;
    if (what > 1)
        ev.kind = EVENT_JOB_DELETE;
    if (what > 3) {
        ev.job.force = true;
        l->job[which].forced = true;
    }
    wish(l, ev.kind, "");
    apply(l, &ev);
    if (what < 6)
        return;
    // Who deletes by force names what has ended; `what` 6: not all of it yet.
    size_t n;
    const struct change *c = model_store_rows(l->rig.m, CHANGE_TASK_NEW, &n);
    const struct change *jobs;
    size_t n_jobs;
    jobs = model_store_rows(l->rig.m, CHANGE_JOB, &n_jobs);
    uint64_t id = 0;
    for (size_t i = 0; i < n_jobs; i++)
        if (!strcmp(jobs[i].job.uuid, ev.job.id) && jobs[i].job.state == JOB_DELETING)
            id = jobs[i].job.id;
    if (!id) // what ends in this very batch is not there yet
        return;
    ev.kind = EVENT_JOB_SWEEP;
    ev.job.task = ids;
    ev.job.n_tasks = 0;
    for (size_t i = 0; i < n && ev.job.n_tasks < ARRAY_LEN(ids); i++)
        if (c[i].task.job == id && task_state_final(c[i].task.live.state))
            ids[ev.job.n_tasks++] = c[i].task.id;
    wish(l, ev.kind, "");
    apply(l, &ev);
}

static void create(struct life *l)
{
    struct task_draft d[2];
    size_t n = 1 + rng_below(&l->rng, 2);
    for (size_t i = 0; i < n; i++) {
        rig_draft(&l->rig, &d[i], 1 + (int32_t)rng_below(&l->rng, 6));
        d[i].activity = (enum activity)rng_below(&l->rng, 4);
        d[i].retries_each = (int32_t)rng_below(&l->rng, 4) - 1;
        d[i].retries_total = (int32_t)rng_below(&l->rng, 6) - 1;
        if (rng_below(&l->rng, 3) == 0)
            d[i].constraint.cores_min = 16;
        if (rng_below(&l->rng, 8) == 0)
            d[i].queue_max_ms = (int64_t)rng_below(&l->rng, 60000);
        if (rng_below(&l->rng, 5) == 0)
            d[i].shortname = rng_below(&l->rng, 2) ? "one" : "two";
    }
    struct wish *w = wish(l, EVENT_TASKS_CREATE, "");
    char depends[2][128];
    for (size_t i = 0; i < n; i++) {
        if (rng_below(&l->rng, 10) == 0)
            d[i].keep_ms = 1 + (int64_t)rng_below(&l->rng, 300000);
        w->kept[i] = !d[i].keep_ms;
        into_a_job(l, &d[i], w->job[i], depends[i], sizeof depends[i]);
        if (l->n_pools && rng_below(&l->rng, 3) == 0)
            d[i].pool = l->pool[rng_below(&l->rng, l->n_pools)];
    }
    struct event ev = {.kind = EVENT_TASKS_CREATE, .create = {.account = l->rig.account, .draft = d, .n = n}};
    apply(l, &ev);
}

static void on_task(struct life *l, enum event_kind kind)
{
    const struct acked *t = any_task(l);
    if (!t)
        return;
    const struct row_task *row = rig_task(&l->rig, t->uuid);
    struct event ev = {.kind = kind,
                       .task = {.account = l->rig.account, .id = t->uuid, .name = "x", .body = "{\"a\":1}"}};
    if (kind == EVENT_TASK_DELETE && row && task_state_final(row->live.state))
        ev.task.final_id = row->id, ev.task.final_job = row->job;
    if (kind == EVENT_TASK_DELETE)
        l->task[t - l->task].delete_asked = true;
    wish(l, kind, t->uuid);
    apply(l, &ev);
}

static void wish_of_people(struct life *l)
{
    char name[16];
    snprintf(name, sizeof name, "z-n%d", (int)rng_below(&l->rng, FAKE_NODES));
    struct event zone = {.kind = EVENT_ZONE_SET,
                         .zone = {.zone = name,
                                  .has_setpoint = true,
                                  .setpoint_mc = 16000 + (int32_t)rng_below(&l->rng, 6000)}};
    struct event site = {
        .kind = EVENT_SITE_SET,
        .site = {.site = "s0", .has_cap = true, .cap_mw = (int64_t)rng_below(&l->rng, 5) * 100000 - 1}};
    struct event bar = {.kind = EVENT_BOARD_BAR,
                        .bar = {.board = "n1-0", .barred = rng_below(&l->rng, 2), .why = "test"}};
    struct event *const any[] = {&zone, &site, &bar};
    apply(l, any[rng_below(&l->rng, 3)]);
}

// ---- ceilings, reservations and money

static void limit(struct life *l, bool none)
{
    struct account_info who;
    struct organisation_view org;
    struct event ev = {.kind = EVENT_ACCOUNT_PUT, .account = {.id = l->rig.account}};
    struct quota_wish w = {.given = (1u << QUOTA_N) - 1};
    for (int i = 0; i < QUOTA_N && !none; i++)
        w.most[i] = (int32_t)rng_below(&l->rng, i % 2 ? 60 : 5);
    server_account(l->rig.s, 0, &who);
    server_organisation(l->rig.s, who.organisation, &org);
    if (none || rng_below(&l->rng, 2)) {
        ev.account.quota = w;
        apply(l, &ev);
    }
    if (none || rng_below(&l->rng, 2)) {
        ev = (struct event){.kind = EVENT_ORGANISATION_PUT};
        ev.organisation.organisation = org.uuid;
        ev.organisation.quota = w;
        apply(l, &ev);
    }
}

static void reserve(struct life *l)
{
    struct board_view b;
    struct event ev = {.kind = EVENT_RESERVATION_PUT};
    if (!server_boards(l->rig.s))
        return;
    server_board(l->rig.s, rng_below(&l->rng, server_boards(l->rig.s)), &b);
    ev.reservation.account = l->rig.account;
    ev.reservation.name = "r";
    ev.reservation.machine_key = b.spec->key;
    ev.reservation.boards = (int32_t)rng_below(&l->rng, 2);
    ev.reservation.cores = ev.reservation.boards ? 0 : 16;
    ev.reservation.has_from = ev.reservation.has_to = true;
    ev.reservation.from_ms = l->rig.now + (int64_t)rng_below(&l->rng, 60000);
    ev.reservation.to_ms = l->rig.now + (int64_t)rng_below(&l->rng, 1200000);
    apply(l, &ev);
}

static void plan_to_spend(struct life *l)
{
    struct project_view p;
    struct event ev = {.kind = EVENT_BUDGET_PUT};
    server_project(l->rig.s, 0, &p);
    ev.budget.project = p.uuid;
    ev.budget.has_total = ev.budget.has_end = true;
    ev.budget.total_neur = (int64_t)rng_below(&l->rng, 1000000);
    ev.budget.end_ms = l->rig.now + (int64_t)rng_below(&l->rng, 7200000);
    if (server_budgets(l->rig.s) < 8)
        apply(l, &ev);
}

// What users and budgets have spent is what the ledger's rows add up to.
static void money_adds_up(struct life *l)
{
    size_t n;
    struct account_info who;
    const struct change *c = model_store_rows(l->rig.m, CHANGE_LEDGER_WORK, &n);
    int64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += c[i].work.cost_neur;
    server_account(l->rig.s, 0, &who);
    if (who.spent_neur != sum) {
        fprintf(stderr, "seed %llu: %lld neur are spent, the ledger has %lld\n", (unsigned long long)l->seed,
                (long long)who.spent_neur, (long long)sum);
        fail();
    }
    for (size_t b = 0; b < server_budgets(l->rig.s); b++) {
        struct budget_view v;
        int64_t in_time = 0;
        server_budget(l->rig.s, b, &v);
        for (size_t i = 0; i < n; i++)
            if (c[i].work.project && c[i].work.hour_ms >= v.start_ms && c[i].work.hour_ms < v.end_ms)
                in_time += c[i].work.cost_neur;
        if (v.spent_neur != in_time) {
            fprintf(stderr, "seed %llu: budget %zu has spent %lld neur, the ledger has %lld\n",
                    (unsigned long long)l->seed, b, (long long)v.spent_neur, (long long)in_time);
            fail();
        }
    }
}

static void something(struct life *l)
{
    struct event ev;
    uint64_t what = rng_below(&l->rng, 100);
    if (what < 60) {
        if (fleet_deliver(&l->fleet, &ev))
            apply(l, &ev);
    } else if (what < 72) {
        if (l->n_tasks < 400)
            create(l);
    } else if (what < 78) {
        on_task(l, EVENT_TASK_ABORT);
    } else if (what < 82) {
        on_task(l, EVENT_TASK_DELETE);
    } else if (what < 85) {
        on_task(l, EVENT_TASK_PUT);
    } else if (what < 90) {
        wish_of_people(l);
    } else if (what < 92) {
        if (l->n_jobs < JOBS)
            create_job(l);
    } else if (what < 93) {
        on_job(l);
    } else if (what < 94) {
        if (l->n_pools < POOLS && rng_below(&l->rng, 3) == 0)
            create_pool(l);
        else
            on_pool(l);
    } else if (what < 95) {
        ev = (struct event){.kind = EVENT_TASKS_ABORT, .tasks = {.account = l->rig.account}};
        apply(l, &ev);
    } else if (what < 97) {
        switch (rng_below(&l->rng, 6)) {
        case 0:
            plan_to_spend(l);
            break;
        case 1:
            limit(l, false);
            break;
        case 2:
            limit(l, true);
            break;
        default:
            reserve(l);
            break;
        }
    } else {
        ev = (struct event){.kind = EVENT_TICK};
        apply(l, &ev);
    }
}

// ---- what was answered

static void ids_are_new(struct life *l)
{
    uint64_t top = l->top_id;
    for (size_t i = 0; i < l->rig.fx.n_changes; i++) {
        const struct change *c = &l->rig.fx.change[i];
        if (c->kind == CHANGE_LEASE && c->lease.state == 1 && model_store_task(l->rig.m, c->lease.task))
            l->inside += model_store_task(l->rig.m, c->lease.task)->pool != 0;
        uint64_t id = c->kind == CHANGE_TASK_NEW ? c->task.id : 0;
        if (c->kind == CHANGE_LEASE && c->lease.started_ms < 0 && c->lease.state == 0 &&
            c->lease.granted_ms == l->rig.now)
            id = c->lease.id;
        if (id && id <= l->top_id && c->kind == CHANGE_TASK_NEW) {
            fprintf(stderr, "seed %llu: id %llu is given twice\n", (unsigned long long)l->seed,
                    (unsigned long long)id);
            fail();
        }
        top = id > top ? id : top;
    }
    l->top_id = top;
}

static void note_created(struct life *l, const struct wish *w, const struct reply *r)
{
    for (size_t i = 0; i < r->n_items; i++) {
        if (r->item[i].code != 200)
            continue;
        struct acked *t = VEC_PUSH(l->task, l->n_tasks, l->cap_tasks);
        *t = (struct acked){0};
        memcpy(t->uuid, r->item[i].uuid, sizeof t->uuid);
        memcpy(t->job, w->job[i], sizeof t->job);
        t->delete_asked = !w->kept[i];
    }
}

static void note_answers(struct life *l)
{
    for (size_t i = 0; i < l->n_wishes; i++) {
        const struct wish *w = &l->wish[i];
        const struct reply *r = NULL;
        for (size_t k = 0; k < l->rig.fx.n_replies; k++)
            if (l->rig.fx.reply[k].token == w->token)
                r = &l->rig.fx.reply[k];
        assert_non_null(r); // every call is answered, once
        if (w->kind == EVENT_TASKS_CREATE)
            note_created(l, w, r);
        if (w->kind == EVENT_POOL_CREATE && r->code == 200 && l->n_pools < POOLS)
            memcpy(l->pool[l->n_pools++], r->item[0].uuid, UUID_TEXT_BYTES);
        if (w->kind == EVENT_JOB_CREATE && r->code == 200 && l->n_jobs < JOBS)
            memcpy(l->job[l->n_jobs++].uuid, r->item[0].uuid, UUID_TEXT_BYTES);
        for (size_t t = 0; t < l->n_tasks && r->code == 200 && w->kind == EVENT_TASK_ABORT; t++)
            if (strcmp(l->task[t].uuid, w->uuid) == 0)
                l->task[t].aborted = true;
        if (r->code == 200 && w->kind == EVENT_TASK_DELETE) {
            const char *state = rig_state(&l->rig, w->uuid);
            assert_true(!strcmp(state, "gone") || !strcmp(state, "PendingDelete"));
        }
    }
}

static void nothing_acknowledged_is_lost(struct life *l)
{
    for (size_t t = 0; t < l->n_tasks; t++) {
        const char *state = rig_state(&l->rig, l->task[t].uuid);
        bool forced = false;
        for (size_t j = 0; j < l->n_jobs; j++)
            forced = forced || (l->job[j].forced && !strcmp(l->job[j].uuid, l->task[t].job));
        if (!strcmp(state, "gone") && !l->task[t].delete_asked && !forced) {
            fprintf(stderr, "seed %llu: task %s is lost\n", (unsigned long long)l->seed, l->task[t].uuid);
            fail();
        }
        if (l->task[t].aborted && strcmp(state, "gone") && strcmp(state, "PendingCancel") &&
            strcmp(state, "Cancelled") && strcmp(state, "PendingDelete")) {
            fprintf(stderr, "seed %llu: task %s was aborted and is %s\n", (unsigned long long)l->seed,
                    l->task[t].uuid, state);
            fail();
        }
    }
}

static void batch(struct life *l, int events, bool may_fail)
{
    effects_clear(&l->rig.fx);
    arena_clear(&l->rig.a);
    l->n_wishes = 0;
    struct engine_counts before, after;
    server_counts(l->rig.s, &before);
    while (events-- > 0)
        something(l);
    if (may_fail && rng_below(&l->rng, 60) == 0) {
        rig_settle_lost(&l->rig);
        fleet_forget_batch(&l->fleet);
        check(l);
        return;
    }
    rig_settle(&l->rig);
    server_counts(l->rig.s, &after);
    l->seen.assigned += after.assigned - before.assigned;
    l->seen.preempted += after.preempted - before.preempted;
    l->seen.lost += after.lost - before.lost;
    l->seen.duplicates += after.duplicates - before.duplicates;
    l->seen.moved += after.moved - before.moved;
    l->seen.held += after.held - before.held;
    l->seen.gave_up += after.gave_up - before.gave_up;
    check(l);
    ids_are_new(l);
    note_answers(l);
    fleet_answer(&l->fleet);
    check(l);
    if (may_fail && rng_below(&l->rng, 80) == 0)
        rig_reload(&l->rig);
}

static void calm_batch(struct life *l)
{
    struct event ev;
    effects_clear(&l->rig.fx);
    arena_clear(&l->rig.a);
    while (fleet_deliver(&l->fleet, &ev))
        apply(l, &ev);
    ev = (struct event){.kind = EVENT_TICK};
    apply(l, &ev);
    rig_settle(&l->rig);
    check(l);
    fleet_answer(&l->fleet);
    check(l);
}

static uint64_t live_tasks(const struct life *l)
{
    struct engine_counts c;
    server_counts(l->rig.s, &c);
    return c.tasks_live;
}

// People undo what holds work back; the fleet is well: everything ends.
static void all_ends_well(struct life *l)
{
    struct event bar = {.kind = EVENT_BOARD_BAR, .bar = {.board = "n1-0"}};
    struct event cap = {.kind = EVENT_SITE_SET, .site = {.site = "s0", .has_cap = true, .cap_mw = -1}};
    rig_event(&l->rig, &bar);
    rig_event(&l->rig, &cap);
    effects_clear(&l->rig.fx);
    limit(l, true);
    rig_settle(&l->rig);
    fleet_calm(&l->fleet);
    for (int i = 0; i < (l->n_pools ? 500 : 4000) && live_tasks(l); i++) {
        l->rig.now += 2000;
        fleet_live(&l->fleet, 2000);
        calm_batch(l);
    }
    close_pools(l); // a fixed one may want no node, and then its tasks wait for ever
    for (int i = 0; i < 200 && live_tasks(l); i++) {
        l->rig.now += 2000;
        fleet_live(&l->fleet, 2000);
        calm_batch(l);
    }
    if (live_tasks(l)) {
        fprintf(stderr, "seed %llu: %llu tasks never end\n", (unsigned long long)l->seed,
                (unsigned long long)live_tasks(l));
        fail();
    }
    nothing_acknowledged_is_lost(l);
}

// New work begins, then nobody is heard any more: no lease outlives its lapse.
static void silence_ends_every_lease(struct life *l)
{
    struct engine_counts c;
    for (int i = 0; i < 20; i++) {
        if (i == 0)
            rig_create(&l->rig, ACTIVITY_FLEX, 6);
        l->rig.now += 1000;
        fleet_live(&l->fleet, 1000);
        calm_batch(l);
    }
    server_counts(l->rig.s, &c);
    assert_true(c.leases > 0 || !c.tasks_live);
    fleet_die(&l->fleet);
    rig_wait(&l->rig, l->rig.cfg.lease_ms + l->rig.cfg.lease_margin_ms);
    rig_wait(&l->rig, 1);
    check(l);
    server_counts(l->rig.s, &c);
    assert_int_equal(c.leases, 0);
    assert_int_equal(c.nodes_online, 0);
}

static void one_life(uint64_t seed, struct engine_counts *sum)
{
    struct life l = {.seed = seed};
    struct server_config cfg;
    server_config_default(&cfg);
    rng_seed(&l.rng, seed);
    cfg.dispatch_delay_ms = seed % 3 ? 0 : 5000;
    cfg.start_timeout_ms = 20000;
    struct price_table prices = *price_table_default(); // lives are short here
    prices.move_after_s = 3;
    prices.move_least_s = 1;
    prices.move_start_s = 1;
    prices.hold_least_s = 3;
    rig_init(&l.rig, &cfg);
    rig_prices(&l.rig, &prices);
    fleet_init(&l.fleet, &l.rig, &l.rng);
    for (int i = 0; i < STEPS; i++) {
        int64_t ms =
            rng_below(&l.rng, 50) ? (int64_t)rng_below(&l.rng, 4000) : (int64_t)rng_below(&l.rng, 120000);
        l.rig.now += ms;
        fleet_live(&l.fleet, ms);
        batch(&l, 1 + (int)rng_below(&l.rng, 8), true);
        if (i % 20 == 0) {
            nothing_acknowledged_is_lost(&l);
            money_adds_up(&l);
        }
    }
    sum->instances_running += l.inside; // borrowed for that
    sum->assigned += l.seen.assigned;
    sum->preempted += l.seen.preempted;
    sum->lost += l.seen.lost;
    sum->duplicates += l.seen.duplicates;
    sum->moved += l.seen.moved;
    sum->held += l.seen.held;
    sum->gave_up += l.seen.gave_up;
    all_ends_well(&l);
    silence_ends_every_lease(&l);
    fleet_deinit(&l.fleet);
    rig_deinit(&l.rig);
    free(l.task);
}

// The same input gives the same actions: a life without crashes, recorded, and the record played to a fresh
// engine.
static void a_recorded_life_replays_to_the_same_hash(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct life l = {.seed = seed};
        struct buf log = BUF_INIT((size_t)1 << 30);
        rng_seed(&l.rng, seed);
        rig_init(&l.rig, NULL);
        server_free(l.rig.s); // from the very first event
        l.rig.s = server_new(&l.rig.cfg);
        server_restored(l.rig.s, HOUSE_MS(l.rig.now));
        model_store_free(l.rig.m);
        l.rig.m = model_store_new();
        buf_puts(&log, LOG_HEADER);
        l.rig.log = &log;
        struct event account = {.kind = EVENT_ACCOUNT_PUT,
                                .account = {.email = "a@b.c", .name = "a", .token_hash = "0"}};
        rig_event(&l.rig, &account);
        fleet_init(&l.fleet, &l.rig, &l.rng);
        for (int i = 0; i < 300; i++) {
            l.rig.now += 1000;
            fleet_live(&l.fleet, 1000);
            batch(&l, 1 + (int)rng_below(&l.rng, 8), false);
        }
        assert_false(log.failed);
        struct server *again = server_new(&l.rig.cfg);
        struct effects fx;
        struct arena a = ARENA_NULL;
        struct log_record rec;
        struct err e = ERR_NULL;
        size_t pos = 0, records = 0;
        effects_init(&fx);
        fx.no_rows = seed % 2; // whoever wants none changes nothing else
        server_restored(again, HOUSE_MS(RIG_START_MS));
        int r;
        for (; (r = log_next(log.v, log.n, &pos, &a, &rec, &e)) == 1; records++) {
            if (rec.what == LOG_SETTLE) {
                server_settle(again, rec.now, &fx);
                effects_clear(&fx);
                arena_clear(&a);
            } else {
                server_apply(again, &rec.ev, &fx);
            }
        }
        assert_int_equal(r, 0);
        assert_true(records > 600);
        if (server_hash(again) != server_hash(l.rig.s))
            fail_msg("seed %llu: the replay did something else", (unsigned long long)seed);
        server_free(again);
        effects_deinit(&fx);
        arena_deinit(&a);
        fleet_deinit(&l.fleet);
        rig_deinit(&l.rig);
        buf_deinit(&log);
        free(l.task);
    }
}

static void what_holds_holds_after_every_batch_of_random_lives(void **state)
{
    (void)state;
    struct engine_counts sum = {0};
    const char *only = getenv("ONDOL_TEST_SEED"), *more = getenv("ONDOL_TEST_SEEDS");
    if (only) {
        one_life(strtoull(only, NULL, 10), &sum);
        return;
    }
    for (uint64_t seed = 1; seed <= (more ? strtoull(more, NULL, 10) : SEEDS); seed++)
        one_life(seed, &sum);
    // The lives were eventful, or the test proves nothing.
    print_message("assigned %llu, preempted %llu, lost %llu, duplicates %llu, moved %llu, in pools %llu, "
                  "set aside %llu, of these given up %llu\n",
                  (unsigned long long)sum.assigned, (unsigned long long)sum.preempted,
                  (unsigned long long)sum.lost, (unsigned long long)sum.duplicates,
                  (unsigned long long)sum.moved, (unsigned long long)sum.instances_running,
                  (unsigned long long)sum.held, (unsigned long long)sum.gave_up);
    assert_true(sum.assigned > 20 * SEEDS && sum.preempted > SEEDS / 4 && sum.lost > SEEDS &&
                sum.duplicates > SEEDS && sum.moved > SEEDS / 10 && sum.instances_running > 10 * SEEDS &&
                sum.held > SEEDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_recorded_life_replays_to_the_same_hash),
        cmocka_unit_test(what_holds_holds_after_every_batch_of_random_lives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
