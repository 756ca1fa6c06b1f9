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
    double **real[] = {&l->booked_uj, &l->from_ms, &l->useful_uj, &l->total_uj, &l->split_uj, &l->early_uj};
    int32_t **whole[] = {&l->want_w,     &l->told_target_w, &l->told_max_w, &l->told_min_w, &l->driven_w,
                         &l->quiet_step, &l->restless,      &l->fast,       &l->run,        &l->asked_w,
                         &l->useful_mw,  &l->drawn_mw,      &l->crawled,    &l->levels_step};
    for (size_t k = 0; k < ARRAY_LEN(real); k++)
        *real[k] = mem_lines(wide_room(rooms->n), sizeof(double));
    for (size_t k = 0; k < ARRAY_LEN(whole); k++)
        *whole[k] = mem_lines(wide_room(rooms->n), sizeof(int32_t));
    for (size_t i = 0; i < wide_room(rooms->n); i++) {
        bool room = i < rooms->n && rooms->zone[i] != LANE_EMPTY; // else nobody is to be looked at
        l->restless[i] = room;
        l->driven_w[i] = l->fast[i] = room ? -1 : 0;
        l->run[i] = room ? DRIVE_MIXED : 0;
        l->told_target_w[i] = room ? INT32_MIN / 2 : 0;
        l->quiet_step[i] = INT32_MAX;
    }
    l->look = mem_array(wide_end(rooms->n) / WIDE_ROW, sizeof *l->look);
    l->touched = mem_lines(wide_room(rooms->n), 1);
    l->decided = mem_lines(wide_room(rooms->n), sizeof *l->decided);
    l->log = mem_lines((size_t)log_steps * wide_end(rooms->n) + 16, sizeof *l->log);
    lanes_init(&l->heat, thermostats, rooms->zone, rooms->n);
}

void lanes_free(struct sim_lanes *l)
{
    void *all[] = {l->useful_mw,  l->drawn_mw,   l->booked_uj, l->from_ms,       l->touched,
                   l->asked_w,    l->useful_uj,  l->total_uj,  l->want_w,        l->driven_w,
                   l->decided,    l->fast,       l->run,       l->told_target_w, l->told_max_w,
                   l->told_min_w, l->quiet_step, l->restless,  l->look,          l->log,
                   l->split_uj,   l->early_uj,   l->crawled,   l->levels_step};
    for (size_t k = 0; k < ARRAY_LEN(all); k++)
        free(all[k]);
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
    const uint16_t *look = rooms->lanes.look;
    for (uint32_t from = 0; from < rooms->n; from += WIDE_ROW)
        for (uint32_t left = look[from / WIDE_ROW]; left; left &= left - 1) {
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
    const int32_t *draw_mw = l->heat.draw_mw, *target_w = l->heat.target_w;
    double *booked_uj = l->booked_uj, *from_ms = l->from_ms, *useful_uj = l->useful_uj,
           *total_uj = l->total_uj,
           per_step = 1.0 / step_ms * 1e-3; // microjoules of a step to watts
    int32_t *asked_w = l->asked_w, *useful_mw = l->useful_mw, *drawn_mw = l->drawn_mw;
    for (size_t from = 0; from < n; from += WIDE_ROW) {
        if (wide_row_some(l->touched + from)) {
            WIDE_LOOP
            for (size_t i = from; i < from + WIDE_ROW; i++) {
                double uj = booked_uj[i] + draw_mw[i] * (step_ms - from_ms[i]),
                       asked = target_w[i] * 1000.0 * step_ms;
                asked_w[i] += target_w[i];
                heater_w[i] = uj * per_step;
                useful_uj[i] += asked < uj ? asked : uj;
                total_uj[i] += uj;
                booked_uj[i] = 0;
                from_ms[i] = 0;
            }
            memset(l->touched + from, 0, WIDE_ROW);
            continue;
        }
        WIDE_LOOP
        for (size_t i = from; i < from + WIDE_ROW; i++) {
            int32_t draws = draw_mw[i], asks = target_w[i] * 1000;
            asked_w[i] += target_w[i];
            useful_mw[i] += asks < draws ? asks : draws;
            drawn_mw[i] += draws;
            heater_w[i] = draws * 1e-3;
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
            z->agent_asked_uj += asked_uj(r, l->asked_w[i]);
            int64_t total_uj = lane_total_uj(r, l, i);
            z->useful_uj += lane_useful_uj(r, l, i);
            z->total_uj += total_uj;
            r->site[rooms->site].it_uj += total_uj;
            l->split_uj[i] -= (double)total_uj;
            l->useful_uj[i] = l->total_uj[i] = 0;
            l->asked_w[i] = l->useful_mw[i] = l->drawn_mw[i] = 0;
        }
    }
}
