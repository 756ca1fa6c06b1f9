// SPDX-License-Identifier: Apache-2.0
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "base/mem.h"
#include "core/engine/log.h"

static void keep_fault(struct rig *r, const struct err *e)
{
    if (e->code && !r->fault.code)
        r->fault = *e;
}

static void put_account(struct rig *r)
{
    struct event ev = {.kind = EVENT_ACCOUNT_PUT,
                       .account = {.email = "a@b.c", .name = "a", .token_hash = "00"}};
    rig_event(r, &ev);
    r->account = rig_reply(r)->id;
}

void rig_init(struct rig *r, const struct server_config *cfg)
{
    *r = (struct rig){.now = RIG_START_MS, .m = model_store_new()};
    server_config_default(&r->cfg);
    if (cfg)
        r->cfg = *cfg;
    r->cfg.check_plans = true;
    effects_init(&r->fx);
    r->s = server_new(&r->cfg);
    struct err e = ERR_NULL;
    model_store_load(r->m, r->s, HOUSE_MS(r->now), &e);
    put_account(r);
}

void rig_deinit(struct rig *r)
{
    server_free(r->s);
    effects_deinit(&r->fx);
    model_store_free(r->m);
    arena_deinit(&r->a);
}

void rig_prices(struct rig *r, const struct price_table *prices)
{
    r->prices = prices;
    rig_reload(r);
}

void rig_settle(struct rig *r)
{
    struct err e = ERR_NULL;
    if (r->log)
        log_put_settle(HOUSE_MS(r->now), r->log);
    server_settle(r->s, HOUSE_MS(r->now), &r->fx);
    model_store_apply(r->m, r->fx.change, r->fx.n_changes, &e);
    keep_fault(r, &e);
    e = ERR_NULL;
    audit_server(r->s, HOUSE_MS(r->now), &r->fx, r->m, &e);
    keep_fault(r, &e);
}

void rig_apply(struct rig *r, struct event *ev)
{
    ev->seq = ++r->seq;
    ev->token = ++r->token;
    ev->now = HOUSE_MS(r->now);
    if (r->log)
        log_put_event(ev, r->log);
    server_apply(r->s, ev, &r->fx);
}

void rig_event(struct rig *r, struct event *ev)
{
    effects_clear(&r->fx);
    rig_apply(r, ev);
    rig_settle(r);
}

const struct reply *rig_reply(const struct rig *r)
{
    return r->fx.n_replies ? &r->fx.reply[r->fx.n_replies - 1] : NULL;
}

void rig_wait(struct rig *r, int64_t ms)
{
    r->now += ms;
    struct event ev = {.kind = EVENT_TICK};
    rig_event(r, &ev);
}

void rig_reload_as(struct rig *r, const struct server_config *cfg)
{
    struct err e = ERR_NULL;
    server_free(r->s);
    r->cfg = *cfg;
    r->now += 1;
    r->s = server_new(&r->cfg);
    if (r->prices)
        server_prices(r->s, r->prices);
    model_store_load(r->m, r->s, HOUSE_MS(r->now), &e);
    keep_fault(r, &e);
}

void rig_reload(struct rig *r)
{
    struct server_config cfg = r->cfg;
    rig_reload_as(r, &cfg);
}

void rig_settle_lost(struct rig *r)
{
    server_settle(r->s, HOUSE_MS(r->now), &r->fx);
    rig_reload(r);
}

// ---- tasks

void rig_draft(struct rig *r, struct task_draft *d, int32_t instances)
{
    static const char *const ranges[] = {"0",   "0",   "0-1", "0-2", "0-3", "0-4",
                                         "0-5", "0-6", "0-7", "0-8", "0-9"};
    *d = (struct task_draft){.name = "t",
                             .profile = "docker-batch",
                             .activity = ACTIVITY_FLEX,
                             .instances = instances,
                             .queue_max_ms = -1,
                             .expected_run_ms = -1,
                             .body = "{}"};
    d->ranges = instances <= 10 ? ranges[instances] : "0-63";
    r->uuids++;
    for (int i = 0; i < 16; i++)
        d->uuid[i] = (uint8_t)(i < 8 ? r->uuids >> (8 * i) : (r->uuids * 2654435761U) >> (8 * (i % 4)));
}

const char *rig_create_draft(struct rig *r, const struct task_draft *d)
{
    struct event ev = {.kind = EVENT_TASKS_CREATE, .create = {.account = r->account, .draft = d, .n = 1}};
    rig_event(r, &ev);
    static char uuid[16][UUID_TEXT_BYTES];
    static int next;
    const struct reply *reply = rig_reply(r);
    if (reply->code != 200)
        return NULL;
    next = (next + 1) % 16;
    return strcpy(uuid[next], reply->item[0].uuid);
}

const char *rig_create(struct rig *r, enum activity a, int32_t instances)
{
    struct task_draft d;
    rig_draft(r, &d, instances);
    d.activity = a;
    return rig_create_draft(r, &d);
}

const char *rig_scaling(size_t i)
{
    static const char *const texts[RIG_SCALINGS] = {"F1@A",
                                                    "F2@A",
                                                    "F0@A",
                                                    "F5@A",
                                                    "Q0,4,0,20,500000,30@A",
                                                    "Q1,6,1,5,1000000,0@A",
                                                    "F3@W127,0,43200000;Q0,2,0,1,0,10@A"};
    return texts[i];
}

void rig_abort(struct rig *r, const char *id)
{
    struct event ev = {.kind = EVENT_TASK_ABORT, .task = {.account = r->account, .id = id}};
    rig_event(r, &ev);
}

void rig_delete(struct rig *r, const char *id)
{
    const struct row_task *row = rig_task(r, id);
    struct event ev = {.kind = EVENT_TASK_DELETE, .task = {.account = r->account, .id = id}};
    if (row && task_state_final(row->live.state))
        ev.task.final_id = row->id, ev.task.final_job = row->job;
    rig_event(r, &ev);
}

const struct row_task *rig_task(const struct rig *r, const char *uuid)
{
    size_t n;
    const struct change *c = model_store_rows(r->m, CHANGE_TASK_NEW, &n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(c[i].task.uuid, uuid) == 0)
            return &c[i].task;
    return NULL;
}

const char *rig_state(const struct rig *r, const char *uuid)
{
    const struct row_task *row = rig_task(r, uuid);
    return row ? task_state_name(row->live.state) : "gone";
}

// ---- nodes

void rig_node_init(struct rig_node *n, const char *name, int32_t boards)
{
    *n = (struct rig_node){
        .nonce = 1, .boards = boards, .cores = 8, .memory_mb = 16384, .want_w = 400 * boards};
    snprintf(n->name, sizeof n->name, "%s", name);
    snprintf(n->site, sizeof n->site, "site");
}

void rig_offer(struct rig *r, const struct rig_node *n, struct sync_up *up)
{
    *up = (struct sync_up){.nonce = n->nonce, .has_offer = true, .have = n->have};
    snprintf(up->node, sizeof up->node, "%s", n->name);
    up->offer.n_zones = 1;
    up->offer.zone = arena_alloc(&r->a, sizeof *up->offer.zone);
    *up->offer.zone =
        (struct offer_zone){.nameplate_w = 500 * n->boards, .setpoint_mc = 20000, .mode = ZONE_COMFORT};
    snprintf(up->offer.zone->name, NAME_BYTES, "z-%s", n->name);
    snprintf(up->offer.zone->site, NAME_BYTES, "%s", n->site);
    up->offer.n_boards = (size_t)n->boards;
    up->offer.board = arena_alloc(&r->a, (size_t)n->boards * sizeof *up->offer.board);
    for (int i = 0; i < n->boards; i++) {
        struct offer_board *b = &up->offer.board[i];
        snprintf(b->name, NAME_BYTES, "%s-%d", n->name, i);
        snprintf(b->heater, NAME_BYTES, "h-%s", n->name);
        snprintf(b->zone, NAME_BYTES, "z-%s", n->name);
        b->spec = (struct board_spec){.cores = n->cores, .memory_mb = n->memory_mb, .ssd = true};
        b->curve = *curve_default();
        b->sandbox = true;
        b->can_hold = n->can_hold;
    }
}

static void learn(struct rig *r, struct rig_node *n)
{
    const struct sync_down *d = rig_desired(r, n);
    n->have = d->version;
}

void rig_hello(struct rig *r, struct rig_node *n)
{
    struct event ev = {.kind = EVENT_SYNC};
    rig_offer(r, n, &ev.sync);
    rig_event(r, &ev);
    if (!r->fx.n_syncs)
        return; // refused: the reply says why
    const struct sync_down *d = rig_desired(r, n);
    n->epoch = d->epoch;
    n->seq = d->acked;
    rig_zone(r, n, n->want_w);
}

void rig_report(struct rig *r, struct rig_node *n, struct report *rep)
{
    rep->seq = ++n->seq;
    if (!rep->at.v)
        rep->at = HOUSE_MS(r->now);
    struct event ev = {
        .kind = EVENT_SYNC,
        .sync = {.nonce = n->nonce, .epoch = n->epoch, .have = n->have, .report = rep, .n_reports = 1}};
    snprintf(ev.sync.node, NAME_BYTES, "%s", n->name);
    rig_event(r, &ev);
    learn(r, n);
}

void rig_zone(struct rig *r, struct rig_node *n, int32_t want_w)
{
    struct report rep = {.kind = REPORT_ZONE};
    n->want_w = want_w;
    snprintf(rep.name, NAME_BYTES, "z-%s", n->name);
    rep.zone.room_mc = 18000;
    rep.zone.setpoint_mc = 20000;
    rep.zone.mode = ZONE_COMFORT;
    rep.zone.request =
        (struct heat_request){.target_w = want_w, .min_w = want_w / 2, .max_w = want_w ? 500 * n->boards : 0};
    rig_report(r, n, &rep);
}

void rig_poll(struct rig *r, struct rig_node *n)
{
    struct event ev = {.kind = EVENT_SYNC, .sync = {.nonce = n->nonce, .epoch = n->epoch, .have = n->have}};
    snprintf(ev.sync.node, NAME_BYTES, "%s", n->name);
    rig_event(r, &ev);
    learn(r, n);
}

const struct sync_down *rig_desired(struct rig *r, const struct rig_node *n)
{
    size_t rows;
    uint64_t id = 0;
    const struct change *c = model_store_rows(r->m, CHANGE_NODE, &rows);
    for (size_t i = 0; i < rows; i++)
        if (strcmp(c[i].node.name, n->name) == 0)
            id = c[i].node.id;
    arena_clear(&r->a);
    struct sync_down *d = arena_alloc(&r->a, sizeof *d);
    server_desired(r->s, id, 0, HOUSE_MS(r->now), &r->a, d);
    return d;
}

const struct assignment *rig_assignment(struct rig *r, const struct rig_node *n, size_t i)
{
    const struct sync_down *d = rig_desired(r, n);
    return i < d->n_assignments ? &d->assignment[i] : NULL;
}

void rig_started(struct rig *r, struct rig_node *n, uint64_t lease)
{
    struct report rep = {.kind = REPORT_STARTED, .lease = lease, .started = {.at = HOUSE_MS(r->now)}};
    rig_report(r, n, &rep);
}

void rig_exited(struct rig *r, struct rig_node *n, uint64_t lease, enum attempt_end end, int32_t exit_code)
{
    struct report rep = {
        .kind = REPORT_EXITED,
        .lease = lease,
        .exited = {
            .end = (uint8_t)end, .exit_code = exit_code, .signal = -1, .wall_ms = 1000, .exec_ms = 900}};
    rig_report(r, n, &rep);
}
