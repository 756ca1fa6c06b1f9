// SPDX-License-Identifier: Apache-2.0
//
// The fleet of a run, built from its scenario.
#include "sim/run.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "core/plan/mix.h"

#define TELL_SHARE 0.06 // of the nameplate that a request must have moved

// What the boards of a zone can draw together, whole watts: what is written on the heater.
static int32_t nameplate_of(const struct sim_run *r, const struct scenario_zones *g)
{
    return (int32_t)((int64_t)curve_max_mw(&r->s->board[g->board].curve) * g->boards / 1000);
}

// Low-power mode: what the cheapest mix of slow and sleeping boards draws.
static void keep_some(const struct sim_run *r, const struct scenario_zones *g, struct thermostat_config *c)
{
    if (g->low_power <= 0 || g->kind != ZONE_KIND_ROOM)
        return;
    struct mix_board *m = mem_array((size_t)g->boards, sizeof *m);
    for (int32_t i = 0; i < g->boards; i++)
        m[i].curve = &r->s->board[g->board].curve;
    c->keep_w =
        power_mix_keep_w(m, (size_t)g->boards, (int32_t)num_round(g->low_power * 1000), &c->keep_boards);
    free(m);
}

static void zone_make(struct sim_run *r, uint32_t zone, uint32_t group, uint32_t first_board)
{
    const struct scenario_zones *g = &r->s->zones[group];
    struct sim_zone *z = &r->zone[zone];
    *z = (struct sim_zone){.first_board = first_board,
                           .n_boards = (uint8_t)g->boards,
                           .group = group,
                           .site = g->site,
                           .kind = (uint8_t)g->kind,
                           .model = (uint8_t)g->board,
                           .filler_ok = true,
                           .low_since = INT64_MIN,
                           .cap_mw = -1,
                           .hw_cap_w = 1e9,
                           .stale = true,
                           .target_w = -1};
    z->nameplate_w = nameplate_of(r, g);
    z->base = z->wish = (struct zone_wish){ZONE_COMFORT, (int32_t)(g->setpoint_c * 1000)};
    for (uint32_t i = 0; i < z->n_boards; i++)
        r->board[first_board + i] = (struct sim_board){.zone = zone, .task = SIM_NONE, .run = ACTIVITY_IDLE};
    struct thermostat_config c;
    thermostat_config_default(&c, z->nameplate_w);
    if (g->kind == ZONE_KIND_ROOM) {
        c.heater_ua_w_per_k = g->room.heater_w_k / c.heaters;
        c.heater_tau_s = g->room.heater_j_k / g->room.heater_w_k;
    }
    keep_some(r, g, &c);
    thermostat_init(&r->thermostat[zone], &c);
    z->tell_w = (int32_t)(z->nameplate_w * TELL_SHARE) + 5;
    if (g->kind != ZONE_KIND_ROOM)
        r->thermostat[zone].r_c = g->setpoint_c;
}

static int occupants_make(struct sim_run *r, uint32_t zone, struct err *e)
{
    struct sim_zone *z = &r->zone[zone];
    const struct scenario_zones *g = &r->s->zones[z->group];
    if (g->kind != ZONE_KIND_ROOM)
        return 0;
    zone_wish_set(r, zone, z->base);
    if (g->setpoints == SETPOINTS_SCHEDULE) {
        z->schedule = mem_alloc(sizeof *z->schedule);
        int bad = schedule_parse(g->schedule, z->schedule, e);
        if (bad)
            return bad;
        people_schedule(r, zone);
    } else if (g->setpoints == SETPOINTS_BIMODAL) {
        struct rng first = z->rng;
        z->touches = rng_below(&z->rng, 100) < 62;
        if (!z->touches) { // stands where it stood: 16 for half of them
            double u = rng_unit(&first);
            z->base.setpoint_mc = u < 0.5 ? 16000 : u < 0.8 ? 20000 : 26000;
            zone_wish_set(r, zone, z->base);
        }
        people_knob(r, zone);
    }
    return 0;
}

int fleet_make(struct sim_run *r, struct err *e)
{
    const struct scenario *s = r->s;
    r->n_zones = (uint32_t)scenario_zone_count(s);
    r->n_boards = (uint32_t)scenario_board_count(s);
    r->zone = mem_lines((size_t)r->n_zones + 1, sizeof *r->zone);
    r->thermostat = mem_array((size_t)r->n_zones + 1, sizeof *r->thermostat);
    r->attend = mem_array((size_t)r->n_zones / 64 + 1, sizeof *r->attend);
    r->loud = mem_array((size_t)r->n_zones / 64 + 1, sizeof *r->loud);
    r->visit = mem_array((size_t)r->n_zones + 1, sizeof *r->visit);
    r->busy = mem_array((size_t)r->n_zones / 64 + 1, sizeof *r->busy);
    r->board = mem_lines((size_t)r->n_boards + 1, sizeof *r->board);
    r->site = mem_array(s->n_sites + 1, sizeof *r->site);
    r->out->zone = mem_array((size_t)r->n_zones + 1, sizeof *r->out->zone);
    r->out->n_zones = r->n_zones;
    r->out->site = mem_array(s->n_sites + 1, sizeof *r->out->site);
    r->out->n_sites = s->n_sites;
    r->log_steps = 3600000 / s->step_ms + 2;
    rng_seed(&r->rng, s->seed ^ UINT64_C(0x5be0cd19137e2179));
    for (size_t i = 0; i < s->n_sites; i++) {
        r->site[i].outside_min = 1e9;
        r->site[i].outside_max = -1e9;
    }
    uint32_t zone = 0, board = 0;
    for (uint32_t g = 0; g < s->n_zones; g++)
        for (int32_t k = 0; k < s->zones[g].count; k++) {
            zone_make(r, zone++, g, board);
            board += (uint32_t)s->zones[g].boards;
        }
    int bad = rooms_make(r, e);
    if (!bad)
        bad = people_make(r, e);
    sky_step(r);
    r->water = mem_array((size_t)r->n_zones + 1, sizeof *r->water);
    for (uint32_t i = 0; i < r->n_zones && !bad; i++) {
        bool room = r->zone[i].kind == ZONE_KIND_ROOM;
        bad = room ? occupants_make(r, i, e) : water_make(r, i, e);
        if (!room)
            r->water[r->n_water++] = i;
    }
    return bad;
}

void fleet_free(struct sim_run *r)
{
    rooms_free(r);
    people_free(r);
    for (uint32_t i = 0; r->zone && i < r->n_zones; i++) {
        water_free(r->zone[i].water);
        free(r->zone[i].schedule);
    }
    for (uint32_t i = 0; r->board && i < r->n_boards; i++) {
        free(r->board[i].base_uj);
        free(r->board[i].held);
    }
    free(r->zone);
    free(r->thermostat);
    free(r->attend);
    free(r->loud);
    free(r->visit);
    free(r->busy);
    free(r->water);
    free(r->board);
    free(r->site);
}
