// SPDX-License-Identifier: Apache-2.0
//
// What is done with every room at every step, over arrays: sensors, thermostats, who is to be looked at,
// energies.
#include "sim/lanes_rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/wide.h"

#define CPU_K_PER_W 0.15 // processor over heatsink

void lanes_make(struct sim_rooms *rooms, struct thermostat *thermostats, int64_t log_steps)
{
    struct sim_lanes *l = &rooms->lanes;
    l->row = mem_lines(wide_room(rooms->n) / WIDE_ROW, sizeof *l->row);
    for (uint32_t i = 0; i < wide_room(rooms->n); i++) {
        bool room = i < rooms->n && rooms->zone[i] != LANE_EMPTY; // else nobody is to be looked at
        struct sim_row *w = lane_row(l, i);
        uint32_t j = in_row(i);
        if (room)
            w->restless |= row_bit(i);
        w->driven_w[j] = w->fast[j] = room ? -1 : 0;
        w->run[j] = room ? DRIVE_MIXED : 0;
        w->told_target_w[j] = room ? INT32_MIN / 2 : 0;
        w->quiet_step[j] = INT32_MAX;
    }
    l->log = mem_lines((size_t)log_steps * wide_end(rooms->n) + 16, sizeof *l->log);
    lanes_init(&l->heat, thermostats, rooms->zone, rooms->n);
}

void lanes_free(struct sim_lanes *l)
{
    free(l->row);
    free(l->log);
    lanes_deinit(&l->heat);
}

int32_t room_mc(const struct sim_run *r, uint32_t zone)
{
    const struct sim_zone *z = &r->zone[zone];
    return z->water ? (int32_t)(r->s->zones[z->group].start_c * 1000) : lanes_of(r, z)->heat.room_mc[z->at];
}

// ---- sensors

static void sensors_suffer(struct sim_run *r, const struct sim_rooms *rooms)
{
    for (uint32_t i = 0; i < rooms->n; i++) {
        const struct sim_zone *z = rooms->zone[i] != LANE_EMPTY ? &r->zone[rooms->zone[i]] : NULL;
        if (z && z->sensor)
            rooms->lanes.heat.room_mc[i] = z->sensor == SIM_SENSOR_OUT ? INT32_MIN : z->last_mc;
    }
}

// ---- thermostats, and who is to be looked at

static inline void mark(uint64_t *bits, uint32_t zone)
{
    bits[zone / 64] |= UINT64_C(1) << zone % 64;
}

static inline void attend(struct sim_run *r, uint32_t zone)
{
    mark(r->attend, zone);
}

// Those marked in `look`: in most steps they are few.
static void mark_looked(uint64_t *bits, const struct sim_rooms *rooms)
{
    for (uint32_t from = 0; from < rooms->n; from += WIDE_ROW)
        for (uint32_t left = lane_row(&rooms->lanes, from)->look; left; left &= left - 1) {
            uint32_t i = from + (uint32_t)__builtin_ctz(left);
            if (i < rooms->n && rooms->zone[i] != LANE_EMPTY)
                mark(bits, rooms->zone[i]);
        }
}

static void attend_all(struct sim_run *r, const struct sim_rooms *rooms)
{
    for (uint32_t i = 0; i < rooms->n; i++)
        if (rooms->zone[i] != LANE_EMPTY)
            attend(r, rooms->zone[i]);
}

// Batch after batch, each with all that is done with them: what one loop leaves is near
// for the next.
void rooms_control(struct sim_run *r)
{
    const struct sim_lanes_rows *rows = sim_lanes_rows();
    house_ms now = house_add(r->s->start, r->t);
    bool all = r->t == 0 || heaters_deaf(r) || r->o.mutants.planner_blind;
    for (uint32_t b = 0; b < r->n_batches; b++) {
        const struct sim_rooms *rooms = &r->rooms[b];
        struct sim_lanes *l = &r->rooms[b].lanes;
        size_t n = wide_end(rooms->n);
        rows->sense(&l->heat, r->batch[b].sensor_c, r->batch[b].heater_c,
                    (float)(CPU_K_PER_W / rooms->n_boards), n / WIDE_ROW);
        if (r->sensor_faults > 0)
            sensors_suffer(r, rooms);
        size_t alone = lanes_step(&l->heat, now, now);
        // At first everybody is looked at.
        if (r->t > 0 &&
            rows->follow(l, r->draw, l->log + (size_t)r->log_at * n, (int32_t)r->step, n / WIDE_ROW))
            mark_looked(r->attend, rooms);
        if (all)
            attend_all(r, rooms);
        for (size_t j = 0; j < alone; j++) {
            uint32_t zone = rooms->zone[l->heat.alone[j]];
            if (thermostat_filler_allowed(&r->thermostat[zone]) != r->zone[zone].filler_ok)
                attend(r, zone);
        }
    }
    for (uint32_t k = 0; k < r->n_water; k++)
        attend(r, r->water[k]);
}

void rooms_news(struct sim_run *r)
{
    const struct sim_lanes_rows *rows = sim_lanes_rows();
    for (uint32_t b = 0; b < r->n_batches; b++) {
        const struct sim_rooms *rooms = &r->rooms[b];
        if (rows->news(&r->rooms[b].lanes, rooms->tell_w, rooms->idle_w, r->tells_borne,
                       wide_end(rooms->n) / WIDE_ROW))
            mark_looked(r->attend, rooms);
        // The lanes compare what heat is wanted; where low-power mode may run, what it keeps may have moved.
        if (rooms->keep_w > 0)
            attend_all(r, rooms);
    }
}

void rooms_loud(struct sim_run *r)
{
    const struct sim_lanes_rows *rows = sim_lanes_rows();
    for (uint32_t b = 0; b < r->n_batches; b++) {
        const struct sim_rooms *rooms = &r->rooms[b];
        if (rows->loud(&r->rooms[b].lanes, r->draw, (int32_t)r->step, wide_end(rooms->n) / WIDE_ROW))
            mark_looked(r->loud, rooms);
    }
    for (uint32_t k = 0; k < r->n_water; k++)
        mark(r->loud, r->water[k]);
}

// ---- energies

// Row by row: in most of them nothing has been booked within the step.
WIDE_INLINE void books_wide_any(struct sim_lanes *l, double *heater_w, double step_ms, size_t n)
{
    double per_step = 1.0 / step_ms * 1e-3; // microjoules of a step to watts
    for (size_t from = 0; from < n; from += WIDE_ROW) {
        struct sim_row *w = &l->row[from / WIDE_ROW];
        const int32_t *draw_mw = l->heat.draw_mw + from, *target_w = l->heat.target_w + from;
        double *heats_w = heater_w + from;
        if (w->touched) {
            WIDE_LOOP
            for (size_t j = 0; j < WIDE_ROW; j++) {
                double uj = w->booked_uj[j] + draw_mw[j] * (step_ms - w->from_ms[j]),
                       asked = target_w[j] * 1000.0 * step_ms;
                w->asked_w[j] += target_w[j];
                heats_w[j] = uj * per_step;
                w->useful_uj[j] += asked < uj ? asked : uj;
                w->total_uj[j] += uj;
                w->booked_uj[j] = 0;
                w->from_ms[j] = 0;
            }
            w->touched = 0;
            continue;
        }
        WIDE_LOOP
        for (size_t j = 0; j < WIDE_ROW; j++) {
            int32_t draws = draw_mw[j], asks = target_w[j] * 1000;
            w->asked_w[j] += target_w[j];
            w->useful_mw[j] += asks < draws ? asks : draws;
            w->drawn_mw[j] += draws;
            heats_w[j] = draws * 1e-3;
        }
    }
}
WIDE(books_wide, (struct sim_lanes * l, double *heater_w, double step_ms, size_t n),
     (l, heater_w, step_ms, n))

void rooms_books(struct sim_run *r, uint32_t batch)
{
    struct sim_rooms *rooms = &r->rooms[batch];
    books_wide(&rooms->lanes, r->batch[batch].heater_w, (double)r->s->step_ms, wide_end(rooms->n));
}

// Whole numbers below 2^53 until here, so that nothing is rounded: a kilowatt for an hour is 3.6e12. Every
// hour, and after LANES_STEPS steps.
void rooms_flush(struct sim_run *r)
{
    r->unflushed = 0;
    for (uint32_t b = 0; b < r->n_batches; b++) {
        struct sim_rooms *rooms = &r->rooms[b];
        struct sim_lanes *l = &rooms->lanes;
        for (uint32_t i = 0; i < rooms->n; i++) {
            if (rooms->zone[i] == LANE_EMPTY)
                continue;
            // Zones lie far apart in the order of the places: one is fetched while others are done.
            uint32_t later = i + 8 < rooms->n ? rooms->zone[i + 8] : LANE_EMPTY;
            if (later != LANE_EMPTY)
                __builtin_prefetch(&r->zone[later].total_uj, 1);
            struct sim_zone *z = &r->zone[rooms->zone[i]];
            struct sim_row *w = lane_row(l, i);
            uint32_t j = in_row(i);
            z->agent_asked_uj += asked_uj(r, w->asked_w[j]);
            int64_t total_uj = lane_total_uj(r, w, j);
            z->useful_uj += lane_useful_uj(r, w, j);
            z->total_uj += total_uj;
            r->site[rooms->site].it_uj += total_uj;
            w->split_uj[j] -= (double)total_uj;
            w->useful_uj[j] = w->total_uj[j] = 0;
            w->asked_w[j] = w->useful_mw[j] = w->drawn_mw[j] = 0;
        }
    }
}
