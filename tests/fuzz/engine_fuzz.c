// SPDX-License-Identifier: Apache-2.0
//
// A server's life, played from the input: customers, operators, money, nodes that fail, crashes and lost
// commits. After every batch the auditor looks at everything: plans, leases, boards, meters, quotas, jobs,
// rows against memory; what was spent is what the ledger's rows add up to; every call is answered once. The
// first bytes choose the fleet's luck, each of the others a deed or a part of one.
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "bytes.h"
#include "core/plan/plan.h"
#include "fake_fleet.h"

#define BATCHES 120
#define NAMES   8 // tasks, jobs and pools that are remembered

struct names {
    char v[NAMES][UUID_TEXT_BYTES];
    size_t n;
};

struct life {
    struct bytes in;
    struct rng rng;
    struct rig rig;
    struct fake_fleet fleet;
    struct names task, job, pool;
    uint64_t asked[64]; // tokens of this batch that somebody waits for
    size_t n_asked;
};

static void die(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    abort();
}

static void check(const struct life *l)
{
    const struct err *e = l->rig.fault.code ? &l->rig.fault : &l->fleet.fault;
    if (e->code)
        die("audit", e->text);
}

static void ask(struct life *l, struct event *ev)
{
    if (l->n_asked < ARRAY_LEN(l->asked))
        l->asked[l->n_asked++] = l->rig.token + 1;
    rig_apply(&l->rig, ev);
}

static const char *one_of(struct life *l, const struct names *names)
{
    uint32_t i = bytes_below(&l->in, NAMES);
    return i < names->n ? names->v[i] : "00000000-0000-0000-0000-000000000001";
}

static void remember(struct names *names, const char *uuid)
{
    for (size_t i = 0; i < names->n; i++)
        if (!strcmp(names->v[i], uuid))
            return;
    memcpy(names->v[names->n < NAMES ? names->n++ : (size_t)uuid[0] % NAMES], uuid, UUID_TEXT_BYTES);
}

static void entropy(struct life *l, uint8_t uuid[16])
{
    for (int i = 0; i < 16; i++)
        uuid[i] = (uint8_t)rng_next(&l->rng);
}

static const char *a_shortname(struct life *l)
{
    static const char *const v[] = {NULL, NULL, NULL, "one", "two"};
    return v[bytes_below(&l->in, ARRAY_LEN(v))];
}

static int64_t a_while(struct life *l)
{
    int64_t ms = bytes_one(&l->in);
    return ms << bytes_below(&l->in, 16);
}

// ---- customers

static void depends_on(struct life *l, struct task_draft *d, struct arena *a)
{
    const char *other = one_of(l, &l->task);
    d->depends = arena_printf(a, "a%s%d?", other, (int)bytes_below(&l->in, 8));
}

static void create_tasks(struct life *l)
{
    struct task_draft d[3];
    struct arena a = ARENA_NULL;
    size_t n = 1 + bytes_below(&l->in, 3);
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = bytes_one(&l->in);
        rig_draft(&l->rig, &d[i], 1 + (int32_t)bytes_below(&l->in, 10));
        d[i].activity = (enum activity)bytes_below(&l->in, 4);
        d[i].shortname = a_shortname(l);
        if (bits & 1)
            d[i].retries_each = (int32_t)bytes_below(&l->in, 4) - 1;
        if (bits & 2)
            d[i].retries_total = (int32_t)bytes_below(&l->in, 6) - 1;
        if (bits & 4)
            d[i].constraint.cores_min = 16;
        if (bits & 8)
            d[i].queue_max_ms = a_while(l);
        if (bits & 16)
            d[i].pool = one_of(l, &l->pool);
        if (bits & 32)
            d[i].job = one_of(l, &l->job);
        if (bits & 64)
            depends_on(l, &d[i], &a);
        if (bits & 128)
            d[i].keep_ms = a_while(l);
        if (!d[i].job)
            d[i].depends = NULL; // the API gives none outside of a job
    }
    struct event ev = {.kind = EVENT_TASKS_CREATE, .create = {.account = l->rig.account, .draft = d, .n = n}};
    ask(l, &ev);
    arena_deinit(&a);
}

static void on_task(struct life *l)
{
    static const enum event_kind kinds[] = {EVENT_TASK_ABORT, EVENT_TASK_DELETE, EVENT_TASK_PUT};
    struct event ev = {.kind = kinds[bytes_below(&l->in, 3)],
                       .task = {.account = l->rig.account, .name = "x", .body = "{\"a\":1}"}};
    ev.task.id = one_of(l, &l->task);
    const struct row_task *row = rig_task(&l->rig, ev.task.id);
    if (ev.kind == EVENT_TASK_DELETE && row && task_state_final(row->live.state))
        ev.task.final_id = row->id, ev.task.final_job = row->job;
    if (ev.kind == EVENT_TASK_PUT)
        ev.task.keep_ms = a_while(l);
    ask(l, &ev);
}

static void order(struct life *l)
{
    struct event ev = {.kind = EVENT_TASK_ORDER, .order = {.account = l->rig.account}};
    ev.order.id = one_of(l, &l->task);
    ev.order.what = (enum task_ask)bytes_below(&l->in, ASK_N);
    ev.order.period_ms = ev.order.what == ASK_PERIODIC ? a_while(l) : 0;
    ask(l, &ev);
}

static void on_job(struct life *l)
{
    uint32_t what = bytes_below(&l->in, 8);
    struct event ev = {.kind = what < 4   ? EVENT_JOB_CREATE
                               : what < 6 ? EVENT_JOB_TERMINATE
                                          : EVENT_JOB_DELETE,
                       .job = {.account = l->rig.account}};
    if (what < 4) {
        struct job_draft *d = &ev.job.draft;
        *d = (struct job_draft){.name = "j", .body = "{}", .use_dependencies = true};
        entropy(l, d->uuid);
        d->use_dependencies = what != 3;
        d->auto_delete = what == 2;
        d->keep_ms = bytes_below(&l->in, 2) ? a_while(l) : 0;
        d->wall_ms = bytes_below(&l->in, 2) ? a_while(l) : 0;
        d->shortname = a_shortname(l);
    } else {
        ev.job.id = one_of(l, &l->job);
        ev.job.force = what == 7;
    }
    ask(l, &ev);
}

static void on_pool(struct life *l)
{
    static const enum event_kind kinds[] = {EVENT_POOL_CREATE, EVENT_POOL_CREATE, EVENT_POOL_PUT,
                                            EVENT_POOL_CLOSE,  EVENT_POOL_DELETE, EVENT_POOL_RESYNC};
    struct event ev = {
        .kind = kinds[bytes_below(&l->in, 6)],
        .pool = {.account = l->rig.account, .draft = {.name = "p", .profile = "docker-batch", .body = "{}"}}};
    struct pool_draft *d = &ev.pool.draft;
    d->scaling = rig_scaling(bytes_below(&l->in, RIG_SCALINGS));
    d->queue_max_ms = -1;
    if (ev.kind != EVENT_POOL_CREATE) {
        ev.pool.id = one_of(l, &l->pool);
        ask(l, &ev);
        return;
    }
    entropy(l, d->uuid);
    d->activity = (enum activity)bytes_below(&l->in, 4);
    d->slots_per_node = 1 + (int32_t)bytes_below(&l->in, FAKE_SLOTS);
    d->constraint.cores_min = bytes_below(&l->in, 2) ? 16 : 0;
    d->auto_delete = bytes_below(&l->in, 2);
    d->keep_ms = a_while(l);
    d->queue_max_ms = bytes_below(&l->in, 2) ? a_while(l) : -1;
    d->shortname = a_shortname(l);
    ask(l, &ev);
}

// ---- operators, and what limits them

static void limit(struct life *l)
{
    struct account_info who;
    struct organisation_view org;
    struct quota_wish w = {.given = bytes_one(&l->in)};
    server_account(l->rig.s, 0, &who);
    server_organisation(l->rig.s, who.organisation, &org);
    for (int i = 0; i < QUOTA_N; i++)
        w.most[i] = (int32_t)bytes_below(&l->in, i % 2 ? 60 : 5);
    w.given &= (1u << QUOTA_N) - 1;
    struct event ev = {.kind = EVENT_ACCOUNT_PUT, .account = {.id = l->rig.account, .quota = w}};
    if (bytes_below(&l->in, 2)) {
        ev = (struct event){.kind = EVENT_ORGANISATION_PUT};
        ev.organisation.organisation = org.uuid;
        ev.organisation.quota = w;
    }
    ask(l, &ev);
}

static void credit(struct life *l)
{
    struct event ev = {.kind = EVENT_ACCOUNT_PUT, .account = {.id = l->rig.account}};
    ev.account.has_credit = true;
    ev.account.credit_neur = a_while(l);
    ev.account.has_research = bytes_below(&l->in, 2);
    ev.account.research = bytes_below(&l->in, 2);
    ask(l, &ev);
}

static void reserve(struct life *l)
{
    struct board_view b;
    struct event ev = {.kind = EVENT_RESERVATION_PUT};
    if (!server_boards(l->rig.s))
        return;
    server_board(l->rig.s, bytes_one(&l->in) % server_boards(l->rig.s), &b);
    entropy(l, ev.reservation.uuid);
    ev.reservation.account = l->rig.account;
    ev.reservation.name = "r";
    ev.reservation.machine_key = b.spec->key;
    ev.reservation.boards = (int32_t)bytes_below(&l->in, 3);
    ev.reservation.cores = ev.reservation.boards ? 0 : 16;
    ev.reservation.has_from = ev.reservation.has_to = true;
    ev.reservation.from_ms = l->rig.now + a_while(l);
    ev.reservation.to_ms = ev.reservation.from_ms + a_while(l);
    ask(l, &ev);
}

static void budget(struct life *l)
{
    struct project_view p;
    struct event ev = {.kind = EVENT_BUDGET_PUT};
    if (server_budgets(l->rig.s) >= 8)
        return;
    server_project(l->rig.s, 0, &p);
    entropy(l, ev.budget.uuid);
    ev.budget.project = p.uuid;
    ev.budget.has_total = ev.budget.has_end = ev.budget.has_policy = true;
    ev.budget.policy = (uint8_t)bytes_below(&l->in, 3);
    ev.budget.total_neur = a_while(l) * 1000;
    ev.budget.end_ms = l->rig.now + a_while(l) * 60000;
    ask(l, &ev);
}

static void on_house(struct life *l)
{
    static const char *const zones[] = {"z-n0", "z-n1", "z-n2", "z-n3", "z-n4", "z-none"};
    static const char *const boards[] = {"n0-0", "n1-0", "n1-1", "n2-0", "n2-1", "none"};
    struct event ev = {.kind = EVENT_ZONE_SET};
    switch (bytes_below(&l->in, 4)) {
    case 0:
        ev.zone.zone = zones[bytes_below(&l->in, 6)];
        ev.zone.has_setpoint = true;
        ev.zone.setpoint_mc = 7000 + (int32_t)bytes_below(&l->in, 20) * 1000;
        ev.zone.has_boost = bytes_below(&l->in, 2);
        ev.zone.boost_ms = a_while(l);
        break;
    case 1:
        ev = (struct event){.kind = EVENT_SITE_SET, .site = {.site = bytes_below(&l->in, 2) ? "s0" : "s1"}};
        ev.site.has_cap = true;
        ev.site.cap_mw = (int64_t)bytes_below(&l->in, 6) * 100000 - 1;
        break;
    case 2:
        ev = (struct event){.kind = EVENT_BOARD_BAR, .bar = {.why = "test"}};
        ev.bar.board = boards[bytes_below(&l->in, 6)];
        ev.bar.barred = bytes_below(&l->in, 2);
        break;
    default:
        ev = (struct event){.kind = EVENT_LID_CLEAR, .lid = {.heater = "h-n1", .by = "a@b.c"}};
    }
    ask(l, &ev);
}

// ---- the rest of the world

static void deliver(struct life *l)
{
    struct event ev;
    for (uint32_t n = 1 + bytes_below(&l->in, 8); n && fleet_deliver(&l->fleet, &ev); n--)
        rig_apply(&l->rig, &ev);
}

static void time_passes(struct life *l)
{
    int64_t ms = a_while(l);
    ms = ms > 600000 ? 600000 : ms;
    l->rig.now += ms;
    fleet_live(&l->fleet, ms);
}

static void deed(struct life *l)
{
    struct event ev = {.kind = EVENT_TICK};
    switch (bytes_below(&l->in, 16)) {
    case 0:
    case 1:
    case 2:
        deliver(l);
        break;
    case 3:
    case 4:
        create_tasks(l);
        break;
    case 5:
    case 6:
        on_task(l);
        break;
    case 7:
        order(l);
        break;
    case 8:
        on_job(l);
        break;
    case 9:
        on_pool(l);
        break;
    case 10:
        limit(l);
        break;
    case 11:
        credit(l);
        break;
    case 12:
        reserve(l);
        break;
    case 13:
        budget(l);
        break;
    case 14:
        on_house(l);
        break;
    default:
        if (bytes_below(&l->in, 8) == 7)
            ev = (struct event){.kind = EVENT_TASKS_ABORT, .tasks = {.account = l->rig.account}};
        rig_apply(&l->rig, &ev);
    }
}

// ---- what was answered

static void note_answers(struct life *l)
{
    const struct effects *fx = &l->rig.fx;
    for (size_t i = 0; i < l->n_asked; i++) {
        size_t n = 0;
        for (size_t k = 0; k < fx->n_replies; k++)
            n += fx->reply[k].token == l->asked[i];
        if (n != 1)
            die("a call", n ? "is answered twice" : "is not answered");
    }
    for (size_t k = 0; k < fx->n_replies; k++) {
        const struct reply *r = &fx->reply[k];
        if (r->code < 200 || r->code > 499 || (r->code >= 400 && !r->message))
            die("an answer", r->message ? r->message : "without a word");
    }
    for (size_t i = 0; i < fx->n_changes; i++) {
        const struct change *c = &fx->change[i];
        if (c->kind == CHANGE_TASK_NEW && !strcmp(c->task.name, "t"))
            remember(&l->task, c->task.uuid);
        else if (c->kind == CHANGE_JOB)
            remember(&l->job, c->job.uuid);
        else if (c->kind == CHANGE_POOL)
            remember(&l->pool, c->pool.uuid);
    }
}

static void money_adds_up(const struct life *l)
{
    size_t n;
    struct account_info who;
    const struct change *c = model_store_rows(l->rig.m, CHANGE_LEDGER_WORK, &n);
    int64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += c[i].work.cost_neur;
    server_account(l->rig.s, 0, &who);
    if (who.spent_neur != sum)
        die("money", "what was spent is not what the ledger adds up to");
}

static void batch(struct life *l)
{
    uint32_t bits = bytes_one(&l->in);
    effects_clear(&l->rig.fx);
    arena_clear(&l->rig.a);
    l->n_asked = 0;
    for (uint32_t n = 1 + bits % 4; n; n--)
        deed(l);
    if (bits >> 4 == 15) {
        rig_settle_lost(&l->rig);
        fleet_forget_batch(&l->fleet);
        check(l);
        return;
    }
    rig_settle(&l->rig);
    check(l);
    note_answers(l);
    fleet_answer(&l->fleet);
    money_adds_up(l);
    if (bits >> 4 == 14)
        rig_reload(&l->rig);
    if (bits & 8)
        time_passes(l);
    check(l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct life *l = mem_alloc(sizeof *l);
    struct server_config cfg;
    struct price_table prices = *price_table_default(); // lives are short here
    l->in = (struct bytes){data, n};
    rng_seed(&l->rng, bytes_number(&l->in, 2));
    server_config_default(&cfg);
    cfg.dispatch_delay_ms = bytes_below(&l->in, 3) ? 0 : 5000;
    cfg.start_timeout_ms = 20000;
    prices.move_after_s = 3;
    prices.move_least_s = 1;
    prices.move_start_s = 1;
    rig_init(&l->rig, &cfg);
    rig_prices(&l->rig, &prices);
    fleet_init(&l->fleet, &l->rig, &l->rng);
    for (int i = 0; i < BATCHES && l->in.n; i++)
        batch(l);
    fleet_deinit(&l->fleet);
    rig_deinit(&l->rig);
    free(l);
    return 0;
}
