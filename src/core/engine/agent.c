// SPDX-License-Identifier: Apache-2.0
#include "core/engine/agent.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/engine/agent_inside.h"
#include "core/plan/mix.h"

void agent_config_default(struct agent_config *c)
{
    *c = (struct agent_config){
        .host_cpu_permille = 1000,
        .speed = 1,
        .may_sleep = true,
        .burn_allowed = true,
        .filler_alone = true,
        .has_filler = true,
        .cap_mw = -1,
        .control_ms = 10000,
        .report_ms = 10000,
        .report_idle_ms = 30000,
        .lease_margin_ms = 5000,
        .start_timeout_ms = 600000,
        .stage_timeout_ms = 600000,
        .last_ms = 10000,
        .kill_again_ms = 30000,
        .kill_timeout_ms = 600000,
        .outbox_bytes_max = (size_t)1 << 20,
    };
}

struct agent_action *agent_act(struct agent_actions *out, enum agent_action_kind kind)
{
    struct agent_action *act = VEC_PUSH(out->v, out->n, out->cap);
    *act = (struct agent_action){.kind = kind};
    return act;
}

void agent_actions_deinit(struct agent_actions *a)
{
    free(a->v);
    arena_deinit(&a->arena);
    *a = (struct agent_actions){0};
}

static size_t zone_index(const struct offer *o, const char *name)
{
    for (size_t i = 0; i < o->n_zones; i++)
        if (strcmp(o->zone[i].name, name) == 0)
            return i;
    return 0; // the configuration was checked: a board's zone exists
}

static void boards_new(struct agent *a)
{
    const struct offer *o = &a->cfg.offer;
    a->board = mem_array(o->n_boards + 1, sizeof *a->board);
    for (size_t i = 0; i < o->n_boards; i++) {
        struct agent_board *b = &a->board[i];
        if (a->cfg.base_mhz && a->cfg.base_mhz[i] > 0)
            curve_below(&o->board[i].curve, a->cfg.base_mhz[i], &b->base);
        b->zone = zone_index(o, o->board[i].zone);
        b->heater = a->n_heaters;
        for (size_t k = 0; k < i; k++)
            if (strcmp(o->board[k].heater, o->board[i].heater) == 0)
                b->heater = a->board[k].heater;
        if (b->heater == a->n_heaters)
            a->n_heaters++;
        b->run = ACTIVITY_IDLE;
        b->point.draw_mw = b->expect_mw = o->board[i].curve.idle_mw;
        b->waking_until = b->low_since = HOUSE_MS(INT64_MIN);
    }
}

// Low-power mode of a zone: what the cheapest mix of slow and sleeping boards draws.
static void keep_some(const struct agent *a, const char *zone, struct thermostat_config *c)
{
    const struct offer *o = &a->cfg.offer;
    struct mix_board *m = mem_array(o->n_boards + 1, sizeof *m);
    size_t n = 0;
    for (size_t i = 0; i < o->n_boards; i++)
        if (strcmp(o->board[i].zone, zone) == 0)
            m[n++].curve = &o->board[i].curve;
    if (a->cfg.keep_permille > 0)
        c->keep_w = power_mix_keep_w(m, n, a->cfg.keep_permille, &c->keep_boards);
    free(m);
}

static void zones_new(struct agent *a)
{
    const struct offer *o = &a->cfg.offer;
    a->zone = mem_array(o->n_zones + 1, sizeof *a->zone);
    a->thermostat = mem_array(o->n_zones + 1, sizeof *a->thermostat);
    a->sense = mem_array(o->n_zones + 1, sizeof *a->sense);
    for (size_t i = 0; i < o->n_zones; i++) {
        struct thermostat_config c;
        thermostat_config_default(&c, o->zone[i].nameplate_w);
        c = a->cfg.thermostat ? a->cfg.thermostat[i] : c;
        keep_some(a, o->zone[i].name, &c);
        thermostat_init(&a->thermostat[i], &c);
        a->zone[i].base = (struct zone_wish){(enum zone_mode)o->zone[i].mode, o->zone[i].setpoint_mc};
        a->zone[i].shadow.shadow_mc = INT32_MIN;
        a->zone[i].has_lid = a->cfg.lid && a->cfg.lid[i];
        thermostat_set_wish(&a->thermostat[i], &a->zone[i].base);
    }
}

struct agent *agent_new(const struct agent_config *cfg, uint64_t nonce, house_ms now)
{
    struct agent *a = mem_alloc(sizeof *a);
    a->cfg = *cfg;
    const struct offer *o = &cfg->offer;
    a->cfg.offer.zone = mem_array(o->n_zones + 1, sizeof *o->zone);
    a->cfg.offer.board = mem_array(o->n_boards + 1, sizeof *o->board);
    memcpy(a->cfg.offer.zone, o->zone, o->n_zones * sizeof *o->zone);
    memcpy(a->cfg.offer.board, o->board, o->n_boards * sizeof *o->board);
    if (a->cfg.speed < 1)
        a->cfg.speed = 1;
    a->n_zones = o->n_zones;
    a->n_boards = o->n_boards;
    a->nonce = nonce;
    a->cap_mw = -1;
    a->wish_until = HOUSE_MS(INT64_MIN);
    a->born = a->levels_at = a->answered_at = a->next_control = a->last_meter = a->last_account = now;
    a->have_house = a->last_control = HOUSE_MS(INT64_MIN);
    zones_new(a);
    boards_new(a);
    return a;
}

void agent_free(struct agent *a)
{
    if (!a)
        return;
    while (a->n_runs > 0)
        run_drop(a, a->n_runs - 1);
    outbox_clear(a);
    free(a->out);
    free(a->run);
    free(a->zone);
    free(a->thermostat);
    free(a->sense);
    free(a->board);
    free(a->cfg.offer.zone);
    free(a->cfg.offer.board);
    free(a);
}

static void shutdown_begin(struct agent *a, const struct agent_event *ev, struct agent_actions *out)
{
    a->shutdown = true;
    for (size_t i = 0; i < a->n_runs; i++)
        run_end(a, &a->run[i], ATTEMPT_PREEMPTED, "node-stopped", "the heater's program is stopped", ev->now,
                out);
}

static void tick(struct agent *a, const struct agent_event *ev, struct agent_actions *out)
{
    meter_step(a, ev);
    lease_step(a, ev->now, out);
    if (a->tell_levels) { // the readings of this beat are the first under the new wish
        a->tell_levels = false;
        a->levels_at = HOUSE_MS(INT64_MIN / 2);
    }
    if (a->rejoin && !agent_has_runs(a))
        lease_rejoin(a, ev->entropy, ev->now);
    if (!a->ticked || !house_before(ev->now, a->next_control)) {
        a->ticked = true;
        a->next_control = house_add(ev->now, a->cfg.control_ms);
        heat_control(a, ev->now, out);
        a->tell_levels = a->wish_changed;
        a->wish_changed = false;
    }
    report_watch(a);
    report_young(a, ev->now);
}

void agent_apply(struct agent *a, const struct agent_event *ev, struct agent_actions *out)
{
    switch (ev->kind) {
    case AGENT_TICK:
        tick(a, ev, out);
        break;
    case AGENT_ANSWER:
        lease_answer(a, ev, out);
        break;
    case AGENT_FAILED:
        *(ev->answer.call == CALL_PARK ? &a->parked : &a->reporting) = false;
        break;
    case AGENT_STARTED:
        run_started(a, ev, out);
        break;
    case AGENT_START_FAILED:
        run_start_failed(a, ev);
        break;
    case AGENT_USAGE:
        run_usage(a, ev);
        return; // nothing follows from it before the next tick
    case AGENT_OUTPUT:
        run_output(a, ev, out);
        return;
    case AGENT_EXITED:
        run_exited(a, ev, out);
        break;
    case AGENT_STAGING:
        run_staging(a, ev);
        return;
    case AGENT_STAGED:
        run_staged(a, ev);
        break;
    case AGENT_KNOB:
        lease_knob(a, ev);
        break;
    case AGENT_SHUTDOWN:
        shutdown_begin(a, ev, out);
        break;
    }
    if (a->regulate_due && a->ticked) {
        meter_boards(a, ev->now); // what was drawn until now belongs to the points that held until now
        heat_regulate(a, ev->now, out);
    }
    runs_step(a, ev->now, out);
    runs_forget(a);
    heat_shares(a, out);
    outbox_reading(a, out);
}

bool agent_has_runs(const struct agent *a)
{
    for (size_t i = 0; i < a->n_runs; i++)
        if (a->run[i].state != RUN_ASSIGNED && a->run[i].state != RUN_ENDED)
            return true;
    return false;
}

bool agent_at_rest(const struct agent *a)
{
    return !agent_has_runs(a) && (a->n_out == 0 || a->epoch == 0); // who never answered is not waited for
}

const struct thermostat *agent_thermostat(const struct agent *a, size_t zone)
{
    return &a->thermostat[zone];
}

struct board_state agent_board(const struct agent *a, size_t board)
{
    const struct agent_board *b = &a->board[board];
    const struct agent_run *r = run_on_board((struct agent *)a, board);
    return (struct board_state){.run = b->run,
                                .point = b->point,
                                .lease = r ? r->lease : 0,
                                .barred = b->barred,
                                .waking = b->waking_until.v != INT64_MIN,
                                .part_uj = b->part_uj,
                                .part_ms = b->part_ms};
}

uint64_t agent_nonce(const struct agent *a)
{
    return a->nonce;
}

uint64_t agent_epoch(const struct agent *a)
{
    return a->epoch;
}

size_t agent_outbox_count(const struct agent *a)
{
    return a->n_out;
}

struct zone_meter_view agent_zone_meter(const struct agent *a, size_t zone)
{
    const struct agent_zone *z = &a->zone[zone];
    return (struct zone_meter_view){z->asked_uj / 1000, z->delivered_uj / 1000, z->useful_uj / 1000};
}
