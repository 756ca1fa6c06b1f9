// SPDX-License-Identifier: Apache-2.0
//
// What goes wrong, from the scenario's rates or from a trace, and what it does to boards, agents, links and
// sensors.
#include "sim/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

#define DAY_MS INT64_C(86400000)

static int64_t targets(const struct sim_run *r, const struct scenario_fault *f)
{
    int64_t n = 0;
    if (f->kind == FAULT_WAN)
        return f->site >= 0 ? 1 : (int64_t)r->s->n_sites;
    for (uint32_t i = 0; i < r->n_zones; i++)
        if (f->site < 0 || r->zone[i].site == (uint32_t)f->site)
            n += f->kind == FAULT_BOARD ? r->zone[i].n_boards : 1;
    return n;
}

// The k-th of what the fault may hit.
static uint32_t target(const struct sim_run *r, const struct scenario_fault *f, int64_t k)
{
    if (f->kind == FAULT_WAN)
        return f->site >= 0 ? (uint32_t)f->site : (uint32_t)k;
    for (uint32_t i = 0; i < r->n_zones; i++) {
        if (f->site >= 0 && r->zone[i].site != (uint32_t)f->site)
            continue;
        int64_t here = f->kind == FAULT_BOARD ? r->zone[i].n_boards : 1;
        if (k < here)
            return f->kind == FAULT_BOARD ? r->zone[i].first_board + (uint32_t)k : i;
        k -= here;
    }
    return 0;
}

static void next_strike(struct sim_run *r, uint32_t fault)
{
    const struct scenario_fault *f = &r->s->fault[fault];
    double rate = f->per_day * (double)targets(r, f); // a day
    if (rate <= 0)
        return;
    double days = -num_log(1 - rng_unit(&r->rng)) / rate;
    if (days < 1e5)
        queue_push(&r->queue, (struct happening){.at = r->now + 1 + num_round(days * DAY_MS),
                                                 .kind = HAPPEN_FAULT,
                                                 .index = fault});
}

void faults_make(struct sim_run *r)
{
    for (uint32_t i = 0; i < r->s->n_faults; i++) {
        const struct scenario_fault *f = &r->s->fault[i];
        if (f->at_day >= 0)
            queue_push(&r->queue, (struct happening){
                                      .at = (int64_t)(f->at_day * DAY_MS), .kind = HAPPEN_FAULT, .index = i});
        else
            next_strike(r, i);
    }
}

// Log-uniform: half last less than the median, a tenth more than p90.
static int64_t drawn_length(struct sim_run *r, const struct scenario_fault *f)
{
    double u = rng_unit(&r->rng), sigma = num_log(num_max(f->p90_s / f->median_s, 1.0001)) / 0.4;
    return num_round(num_clamp(f->median_s * num_exp((u - 0.5) * sigma), 1, 1e8) * 1000);
}

static void strike(struct sim_run *r, const struct scenario_fault *f, uint32_t index)
{
    static const enum sim_happening_kind out[FAULT_KIND_N] = {SIM_BOARD_OUT, SIM_NODE_OUT, SIM_WAN_OUT,
                                                              SIM_SENSOR_OUT};
    static const enum sim_happening_kind back[FAULT_KIND_N] = {SIM_BOARD_BACK, SIM_NODE_BACK, SIM_WAN_BACK,
                                                               SIM_SENSOR_BACK};
    struct sim_happening h = {.at_ms = r->now, .kind = out[f->kind], .index = index};
    if (f->kind == FAULT_SENSOR && rng_below(&r->rng, 2))
        h.kind = SIM_SENSOR_STUCK;
    fault_happen(r, &h);
    queue_push(&r->queue, (struct happening){.at = r->now + drawn_length(r, f),
                                             .kind = HAPPEN_HEALED,
                                             .index = index,
                                             .extra = back[f->kind]});
}

void fault_strike(struct sim_run *r, uint32_t fault)
{
    const struct scenario_fault *f = &r->s->fault[fault];
    int64_t n = targets(r, f);
    if (n == 0)
        return;
    if (f->at_day >= 0) {
        for (int64_t k = 0; k < n; k++)
            strike(r, f, target(r, f, k));
        return;
    }
    strike(r, f, target(r, f, (int64_t)rng_below(&r->rng, (uint64_t)n)));
    next_strike(r, fault);
}

// ---- what it does

static void board_bar(struct sim_run *r, uint32_t board, bool barred)
{
    struct sim_board *b = &r->board[board];
    struct report *rep = link_report(r, b->zone, REPORT_BOARD);
    snprintf(rep->name, NAME_BYTES, "b%u", (unsigned)board);
    rep->board.run = ACTIVITY_SLEEP;
    rep->board.barred = barred;
    memcpy(rep->board.barred_why, barred ? "no word from it" : "", barred ? sizeof "no word from it" : 1);
}

static void board_dark(struct sim_run *r, uint32_t board, bool dark)
{
    struct sim_board *b = &r->board[board];
    if (b->dark == dark)
        return;
    drive_settle(r, b->zone);
    if (dark)
        job_held_end(r, board, ATTEMPT_LOST, false);
    if (dark && b->phase != BOARD_FREE)
        job_end(r, board, ATTEMPT_LOST);
    b->dark = dark;
    b->asleep = !dark && r->s->zones[r->zone[b->zone].group].may_sleep; // it comes back switched off
    b->booting = false;
    b->stamp++;
    zone_stale(r, &r->zone[b->zone]);
    board_bar(r, board, dark);
    link_sync(r, b->zone);
    zone_changed(r, b->zone);
}

static void node_down(struct sim_run *r, uint32_t zone)
{
    struct sim_zone *z = &r->zone[zone];
    if (z->down)
        return;
    drive_settle(r, zone);
    z->down = true; // sandboxes die with their agent
    for (uint32_t i = 0; i < z->n_boards; i++) {
        const struct sim_board *b = &r->board[z->first_board + i];
        if (b->held) {
            r->out->class[b->held->activity].lost++;
            job_held_end(r, z->first_board + i, ATTEMPT_LOST, true);
        }
        if (b->phase != BOARD_FREE) {
            r->out->class[b->activity].lost++;
            job_drop(r, z->first_board + i);
        }
    }
    z->n_outbox = 0;
    zone_stale(r, z);
    zone_changed(r, zone);
}

static void node_up(struct sim_run *r, uint32_t zone)
{
    struct sim_zone *z = &r->zone[zone];
    if (!z->down)
        return;
    drive_settle(r, zone);
    z->down = false;
    for (uint32_t i = 0; i < z->n_boards; i++) {
        struct sim_board *b = &r->board[z->first_board + i];
        if (!b->base_uj)
            b->base_uj = mem_array(ACTIVITY_N, sizeof *b->base_uj);
        for (int a = 0; a < ACTIVITY_N; a++)
            b->base_uj[a] = board_uj(r, z->first_board + i, (enum activity)a);
    }
    rooms_flush(r);
    z->base_total_uj = z->total_uj + step_uj(r, z);
    z->base_asked_uj = z->agent_asked_uj;
    z->base_useful_uj = z->useful_uj;
    link_hello(r, zone);
    zone_stale(r, z);
    zone_changed(r, zone);
}

static void wan_cut(struct sim_run *r, uint32_t site, bool cut)
{
    data_link(r, site); // what came until now
    r->site[site].wan_cut = cut;
    data_link(r, site);
    for (uint32_t i = 0; i < r->n_zones; i++) {
        struct sim_zone *z = &r->zone[i];
        if (z->site != site || z->cut == cut)
            continue;
        z->cut = cut;
        if (cut && (z->runs || z->held))
            queue_push(&r->queue,
                       (struct happening){.at = z->until - 5000 > r->now ? z->until - 5000 : r->now + 1,
                                          .kind = HAPPEN_LAPSE,
                                          .index = i});
        if (cut || z->down)
            continue;
        link_zone_report(r, i);
        link_sync(r, i);
    }
}

void fault_lapse(struct sim_run *r, uint32_t zone)
{
    struct sim_zone *z = &r->zone[zone];
    if (!z->cut || z->down)
        return;
    drive_settle(r, zone);
    for (uint32_t i = 0; i < z->n_boards; i++) {
        job_held_end(r, z->first_board + i, ATTEMPT_LOST, false);
        if (r->board[z->first_board + i].phase != BOARD_FREE)
            job_end(r, z->first_board + i, ATTEMPT_LOST);
    }
    zone_changed(r, zone);
}

void fault_happen(struct sim_run *r, const struct sim_happening *h)
{
    bool zone_ok = h->index < r->n_zones, site_ok = h->index < r->s->n_sites;
    switch (h->kind) {
    case SIM_SETPOINT:
    case SIM_MODE:
        if (zone_ok) {
            struct zone_wish w = r->zone[h->index].base;
            if (h->kind == SIM_SETPOINT)
                w.setpoint_mc = (int32_t)int_clamp(h->value, 5000, 90000);
            else
                w.mode = (enum zone_mode)int_clamp(h->value, 0, ZONE_MODE_N - 1);
            zone_wish_set(r, h->index, w);
        }
        break;
    case SIM_OUTSIDE:
        if (site_ok) {
            r->site[h->index].outside_told = true;
            r->site[h->index].outside_c = (double)h->value * 1e-3;
        }
        break;
    case SIM_BOARD_OUT:
    case SIM_BOARD_BACK:
        if (h->index < r->n_boards)
            board_dark(r, h->index, h->kind == SIM_BOARD_OUT);
        break;
    case SIM_NODE_OUT:
        if (zone_ok)
            node_down(r, h->index);
        break;
    case SIM_NODE_BACK:
        if (zone_ok)
            node_up(r, h->index);
        break;
    case SIM_WAN_OUT:
    case SIM_WAN_BACK:
        if (site_ok)
            wan_cut(r, h->index, h->kind == SIM_WAN_OUT);
        break;
    case SIM_SENSOR_OUT:
    case SIM_SENSOR_STUCK:
        if (zone_ok) {
            r->sensor_faults += !r->zone[h->index].sensor;
            r->zone[h->index].sensor = (uint8_t)h->kind;
            r->zone[h->index].last_mc = room_mc(r, h->index);
        }
        break;
    case SIM_SENSOR_BACK:
        if (zone_ok) {
            r->sensor_faults -= r->zone[h->index].sensor != 0;
            r->zone[h->index].sensor = 0;
        }
        break;
    case SIM_HAPPENING_KIND_N:
        break;
    }
}
