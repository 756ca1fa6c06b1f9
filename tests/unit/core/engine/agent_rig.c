// SPDX-License-Identifier: Apache-2.0
#include "agent_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void perform(struct rig *r)
{
    struct agent_actions acts = r->acts;
    r->acts = (struct agent_actions){0};
    for (size_t i = 0; i < acts.n; i++) {
        struct agent_action *a = &acts.v[i];
        struct err e = ERR_NULL;
        switch (a->kind) {
        case ACT_START:
            r->starts++;
            r->last_start = a->lease;
            r->board_of[a->lease % RUNS_MAX] = a->board;
            r->share[a->lease % RUNS_MAX] = a->start.permille;
            snprintf(r->argv0, sizeof r->argv0, "%s", a->start.launch.argv[0]);
            if (r->auto_start)
                rig_feed(r, &(struct agent_event){.kind = AGENT_STARTED, .start.lease = a->lease});
            break;
        case ACT_END:
            r->ends++;
            break;
        case ACT_KILL:
            r->kills++;
            r->last_kill = a->lease;
            if (r->auto_exit_on_kill)
                rig_feed(r,
                         &(struct agent_event){.kind = AGENT_EXITED,
                                               .exited = {.lease = a->lease, .exit_code = 137, .signal = 9}});
            break;
        case ACT_SHARE:
            r->share[a->lease % RUNS_MAX] = a->permille;
            break;
        case ACT_BOARD:
            r->body.apply(r->body.ctx, a->board, &a->board_run, &e);
            break;
        case ACT_READ:
            *(a->read ? &r->reads_on : &r->reads_off) += 1;
            break;
        case ACT_FETCH:
            r->fetches++;
            r->stage_room = a->stage.room_bytes;
            break;
        case ACT_STORE:
            r->stores++;
            break;
        case ACT_UNSTAGE:
            r->unstages++;
            break;
        }
    }
    agent_actions_deinit(&acts);
}

void rig_feed(struct rig *r, struct agent_event *ev)
{
    ev->now = r->now;
    ev->entropy = 0xabcdef01u;
    agent_apply(r->agent, ev, &r->acts);
    perform(r);
}

void rig_step(struct rig *r, int64_t ms)
{
    r->now = house_add(r->now, ms);
    for (uint64_t lease = 1; lease < RUNS_MAX; lease++) {
        int64_t us = (int64_t)r->share[lease] * ms;
        if (us == 0)
            continue;
        if (r->use_permille[lease] > 0)
            us = us * r->use_permille[lease] / 1000;
        r->cpu_us[lease] += us;
        r->body.used(r->body.ctx, r->board_of[lease], us, r->share[lease]);
        rig_feed(r, &(struct agent_event){
                        .kind = AGENT_USAGE,
                        .usage = {.lease = lease,
                                  .cpu_ms = r->cpu_us[lease] / 1000,
                                  .peak_bytes = 50 << 20,
                                  .progress_permille = r->progress_permille ? r->progress_permille : -1}});
    }
    r->body.tick(r->body.ctx, r->now);
    struct board_meter meter[BOARDS];
    struct zone_shadow shadow;
    r->body.sense(r->body.ctx, 0, &r->sense);
    r->sense.lid_open = r->lid_open;
    r->body.shadow(r->body.ctx, 0, &shadow);
    for (size_t i = 0; i < BOARDS; i++)
        r->body.meter(r->body.ctx, i, &meter[i]);
    rig_feed(r, &(struct agent_event){.kind = AGENT_TICK, .tick = {&r->sense, meter, &shadow}});
}

void rig_run_for(struct rig *r, int64_t ms)
{
    for (; ms > 0; ms -= 10000)
        rig_step(r, ms < 10000 ? ms : 10000);
}

void rig_open(struct rig *r, double start_c, struct agent_config *cfg_out, int heaters, bool burns)
{
    memset(r, 0, sizeof *r);
    r->now = HOUSE_MS(START_MS);
    r->auto_start = r->auto_exit_on_kill = true;
    weather_synthetic_paris(&r->weather, 2024, 7);
    struct offer_zone zone = {.name = "z1",
                              .site = "s",
                              .nameplate_w = 459,
                              .setpoint_mc = 20000,
                              .mode = ZONE_COMFORT,
                              .is_virtual = true};
    struct offer_board board[BOARDS] = {0};
    struct twin_board tb[BOARDS] = {0};
    for (int i = 0; i < BOARDS; i++) {
        snprintf(board[i].name, NAME_BYTES, "b%d", i);
        strcpy(board[i].heater, heaters > 1 && i == BOARDS - 1 ? "h2" : "h1");
        strcpy(board[i].zone, "z1");
        board[i].curve = *curve_default();
        board[i].spec = (struct board_spec){.cores = 8, .memory_mb = 16384};
        board[i].sandbox = true;
        strcpy(tb[i].name, board[i].name);
        tb[i].curve = curve_default();
    }
    struct twin_zone tz = {
        .name = "z1", .archetype = "rt2005", .start_c = start_c, .setpoint_mc = 20000, .facade_deg = 180};
    struct err e = ERR_NULL;
    struct twin_config tc = {.zone = &tz,
                             .n_zones = 1,
                             .board = tb,
                             .n_boards = BOARDS,
                             .weather = &r->weather,
                             .seed = 3,
                             .speed = 1};
    if (twin_init(&r->body, &tc, r->now, &e) < 0)
        fail_msg("%s", e.text);
    struct agent_config c;
    agent_config_default(&c);
    strcpy(c.node, "n1");
    c.offer = (struct offer){&zone, 1, board, BOARDS};
    c.is_virtual = true;
    c.host_cpu_permille = 2000;
    c.burn_allowed = burns;
    if (cfg_out) {
        cfg_out->offer = c.offer;
        c.outbox_bytes_max = cfg_out->outbox_bytes_max ? cfg_out->outbox_bytes_max : c.outbox_bytes_max;
        c.report_ms = cfg_out->report_ms ? cfg_out->report_ms : c.report_ms;
        c.cap_mw = cfg_out->cap_mw;
        c.gather_ms = cfg_out->gather_ms;
        c.lid = cfg_out->lid;
        c.base_mhz = cfg_out->base_mhz;
        c.keep_permille = cfg_out->keep_permille;
    }
    r->agent = agent_new(&c, 42, r->now);
}

void rig_init(struct rig *r, double start_c, struct agent_config *cfg_out)
{
    rig_open(r, start_c, cfg_out, 1, true);
}

void rig_deinit(struct rig *r)
{
    agent_free(r->agent);
    r->body.free(r->body.ctx);
    weather_deinit(&r->weather);
    agent_actions_deinit(&r->acts);
    arena_deinit(&r->arena);
}

struct sync_up rig_call(struct rig *r, enum agent_call want)
{
    struct sync_up up;
    assert_int_equal(agent_call_due(r->agent, r->now), want);
    agent_call_make(r->agent, want, r->now, &r->arena, &up);
    return up;
}

static const struct constant hello[] = {{"DOCKER_CMD", "work ${INSTANCE_ID}"}};
const struct task_body rig_hello = {
    .name = "t", .profile = "docker-batch", .constant = hello, .n_constants = 1};

struct assignment rig_assignment(struct rig *r, uint64_t lease, const char *board)
{
    struct assignment a = {.lease = lease,
                           .instance = 1,
                           .instance_count = 2,
                           .attempt = 1,
                           .activity = ACTIVITY_ONDEMAND,
                           .until = house_add(r->now, 60000),
                           .on_lapse = LAPSE_DROP,
                           .stop_end = ATTEMPT_CANCELLED};
    strcpy(a.board, board);
    return a;
}

// An answer with these assignments, all with the rig's body.
void rig_answer(struct rig *r, enum agent_call which, struct sync_down *d, struct assignment *a, size_t n)
{
    const struct task_body *body[8];
    for (size_t i = 0; i < n; i++)
        body[i] = r->body_of_all ? r->body_of_all : &rig_hello;
    if (d->house.v == 0)
        d->house = r->now;
    if (d->until.v == 0)
        d->until = house_add(r->now, 60000);
    d->version = d->version ? d->version : ++r->version;
    d->epoch = d->epoch || d->epoch_refused ? d->epoch : 5;
    d->cap_mw = d->cap_mw ? d->cap_mw : -1;
    d->filler_allowed = true;
    d->assignment = a;
    d->n_assignments = n;
    rig_feed(r, &(struct agent_event){
                    .kind = AGENT_ANSWER,
                    .answer = {.call = which, .nonce = agent_nonce(r->agent), .down = d, .body = body}});
}

void rig_join(struct rig *r)
{
    struct sync_up up = rig_call(r, CALL_REPORT);
    assert_true(up.has_offer);
    assert_int_equal(up.n_reports, 0);
    rig_answer(r, CALL_REPORT, &(struct sync_down){0}, NULL, 0);
    assert_int_equal(agent_epoch(r->agent), 5);
}

const struct report *rig_find(const struct sync_up *up, enum report_kind k, uint64_t lease)
{
    for (size_t i = 0; i < up->n_reports; i++)
        if (up->report[i].kind == k && up->report[i].lease == lease)
            return &up->report[i];
    return NULL;
}

uint64_t rig_last_seq(const struct sync_up *up)
{
    return up->n_reports ? up->report[up->n_reports - 1].seq : 0;
}
