// SPDX-License-Identifier: Apache-2.0
//
// Comfort of rooms, every five minutes, over arrays. What is rare (another setpoint, a room on its way up
// to one) is looked at room by room before; the rest is the same for all.
#include "sim/comfort.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/wide.h"
#include "sim/measure.h"

#define SETTLE_MS   10800000
#define AFTER_HEAT  7200000
#define AIRED_MS    3600000 // after a window was shut
#define SWING_K     15.0
#define CAUSED_W    5.0 // a heater that draws less heats nobody
#define SHORT_SHARE 0.97
#define LONG_AGO_MS (-1e15)
#define FAR_C       1e9

void comfort_init(struct comfort *c, const struct sim_rooms *rooms, double start_c)
{
    const struct {
        enum comfort_lane lane;
        double begins;
    } first[] = {
        {COMFORT_LAST_SET_C, NAN},
        {COMFORT_AIRED_AT, LONG_AGO_MS},
        {COMFORT_HEATED_AT, LONG_AGO_MS},
        {COMFORT_NEAR_C, FAR_C},
        {COMFORT_SHADOW_NEAR_C, FAR_C},
        {COMFORT_SWING_WAY, 1},
        {COMFORT_SWING_AT_C, start_c},
        {COMFORT_MIN_C, 1e9},
        {COMFORT_MAX_C, -1e9},
    };
    size_t n = rooms->n, places = wide_room(n);
    *c = (struct comfort){.n = n, .row_open = mem_array(places / WIDE_ROW, 1)};
    for (int k = 0; k < COMFORT_N; k++)
        c->lane[k] = mem_lines(places, sizeof(double));
    for (size_t k = 0; k < ARRAY_LEN(first); k++)
        for (size_t i = 0; i < places; i++)
            c->lane[first[k].lane][i] = first[k].begins;
    for (size_t i = 0; i < places; i++) // an empty place has a setpoint, 0, and never another
        if (i >= n || rooms->zone[i] == LANE_EMPTY)
            c->lane[COMFORT_LAST_SET_C][i] = 0;
}

void comfort_deinit(struct comfort *c)
{
    for (int k = 0; k < COMFORT_N; k++)
        free(c->lane[k]);
    free(c->row_open);
    *c = (struct comfort){0};
}

// ---- what is rare

static void set_changed(struct sim_run *r, struct comfort *c, struct zone_measure *m, size_t i, double set_c,
                        double air_c)
{
    double *last = &c->lane[COMFORT_LAST_SET_C][i];
    c->set_c += set_c - (*last == *last ? *last : 0);
    bool steps = set_c > *last + 1.99 && air_c < set_c - 0.5;
    c->lane[COMFORT_STEPPING][i] = steps;
    c->lane[COMFORT_NEAR_C][i] = c->lane[COMFORT_SHADOW_NEAR_C][i] = steps ? set_c - 0.5 : FAR_C;
    m->step_from_c = *last;
    *last = set_c;
    c->lane[COMFORT_STEP_AT][i] = (double)r->now;
    m->reached_at = m->shadow_reached_at = -1;
}

// A step up: when the room and its shadow come within half a kelvin.
static void step_follow(struct sim_run *r, struct comfort *c, struct zone_measure *m, size_t i, double air_c,
                        double shadow_c)
{
    double *near_c = &c->lane[COMFORT_NEAR_C][i], *shadow_near_c = &c->lane[COMFORT_SHADOW_NEAR_C][i];
    if (air_c >= *near_c) {
        m->reached_at = r->now;
        *near_c = FAR_C;
    }
    if (shadow_c >= *shadow_near_c) {
        m->shadow_reached_at = r->now;
        *shadow_near_c = FAR_C;
    }
    if (m->reached_at < 0 || m->shadow_reached_at < 0)
        return;
    c->lane[COMFORT_STEPPING][i] = 0;
    m->steps++;
    m->step_excess_s += (double)(m->reached_at - m->shadow_reached_at) * 1e-3;
}

static void one_moves(struct sim_run *r, const struct sim_rooms *rooms, struct comfort *c, size_t i,
                      double set_c, double air_c)
{
    struct zone_measure *m = &r->measure->zone[rooms->zone[i]];
    if (set_c != c->lane[COMFORT_LAST_SET_C][i])
        set_changed(r, c, m, i, set_c, air_c);
    if (c->lane[COMFORT_STEPPING][i] != 0)
        step_follow(r, c, m, i, air_c, rooms->shadow.air_c[i]);
}

// ---- what is done with all

struct wide_now {
    double now_ms, hours, caused_mw;
};

WIDE_INLINE void follow_comfort_any(struct comfort *c, const struct sim_rooms *rooms,
                                    const struct room_batch *b, const struct wide_now *k, size_t n)
{
    const double now = k->now_ms, hours = k->hours, caused_mw = k->caused_mw;
    const double *air_c = b->air_c, *metal_c = b->heater_c, *shadow_c = rooms->shadow.air_c,
                 *watts = rooms->shadow.watts, *max_w = rooms->shadow.max_w,
                 *set_c = rooms->shadow.setpoint_c, *stepping = c->lane[COMFORT_STEPPING];
    const float *r_c = rooms->lanes.heat.r_c;
    const int32_t *draw_mw = rooms->lanes.heat.draw_mw, *driven_w = rooms->lanes.driven_w;
    double *heated_at = c->lane[COMFORT_HEATED_AT], *aired_at = c->lane[COMFORT_AIRED_AT],
           *step_at = c->lane[COMFORT_STEP_AT], *window = c->lane[COMFORT_WINDOW],
           *swing_at_c = c->lane[COMFORT_SWING_AT_C], *swing_way = c->lane[COMFORT_SWING_WAY],
           *swings = c->lane[COMFORT_SWINGS], *sum_c = c->lane[COMFORT_SUM_C],
           *min_c = c->lane[COMFORT_MIN_C], *max_c = c->lane[COMFORT_MAX_C], *hot = c->lane[COMFORT_HOT],
           *free_gains = c->lane[COMFORT_FREE], *shadow_hot = c->lane[COMFORT_SHADOW_HOT],
           *cold = c->lane[COMFORT_COLD], *missing = c->lane[COMFORT_MISSING],
           *heating = c->lane[COMFORT_HEATING], *settled = c->lane[COMFORT_SETTLED],
           *err2 = c->lane[COMFORT_ERR2], *err = c->lane[COMFORT_ERR],
           *shadow_err2 = c->lane[COMFORT_SHADOW_ERR2];
    WIDE_LOOP
    for (size_t i = 0; i < n; i++) {
        double air = air_c[i], set = set_c[i], shadow = shadow_c[i], metal = metal_c[i];
        sum_c[i] += air;
        min_c[i] = air < min_c[i] ? air : min_c[i];
        max_c[i] = air > max_c[i] ? air : max_c[i];
        // how far the metal has gone on the way that it is on, from where it turned
        double was = swing_at_c[i], way = swing_way[i], on = (metal - was) * way;
        int64_t swung = wide_mask(on <= -SWING_K);
        swings[i] += wide_pick(swung, 1, 0);
        swing_way[i] = wide_pick(swung, -way, way);
        swing_at_c[i] = wide_pick(swung | wide_mask(on > 0), metal, was);
        // too warm, too cold
        double draws = draw_mw[i], driven = driven_w[i], stepped = step_at[i];
        int64_t drives = wide_mask(driven > 0), at_limit = wide_mask(watts[i] >= SHORT_SHARE * max_w[i]),
                climbs =
                    wide_mask(stepping[i] != 0) & wide_mask(now - stepped < SETTLE_MS) & drives & at_limit;
        stepped = wide_pick(climbs, now, stepped); // still on its way up, as the ideal heater is
        step_at[i] = stepped;
        double heated = wide_pick(wide_mask(draws > caused_mw) & drives, now, heated_at[i]);
        int64_t caused = wide_mask(now - heated < AFTER_HEAT), still = ~wide_mask(now - stepped < SETTLE_MS);
        // While it is heated ahead of a step of the week it is on its way to the next setpoint.
        double ahead = r_c[i], meant = ahead > set ? ahead : set;
        int64_t warm = wide_mask(air > meant + 1) & still, cool = wide_mask(air < set - 0.5) & still;
        double above = (air - meant - 1) * hours, below = (set - 0.5 - air) * hours;
        heated_at[i] = heated;
        hot[i] += wide_pick(warm & caused, above, 0);
        free_gains[i] += wide_pick(warm & ~caused, above, 0);
        shadow_hot[i] +=
            wide_pick(warm & caused & wide_mask(shadow > meant + 1), (shadow - meant - 1) * hours, 0);
        int64_t short_of = wide_mask(shadow < set - 0.4);
        missing[i] += wide_pick(cool & short_of, below, 0);
        cold[i] += wide_pick(cool & ~short_of, below, 0);
        // errors, where a heater could hold the setpoint: the ideal one of the same watts neither is at its
        // limit nor has nothing to do
        int64_t heats = caused | wide_mask(air < set);
        heating[i] += wide_pick(heats, 1, 0);
        double aired = wide_pick(heats & wide_mask(window[i] > 0), now, aired_at[i]);
        aired_at[i] = aired;
        int64_t counts =
            heats & still & ~wide_mask(now - aired < AIRED_MS) & ~at_limit & wide_mask(watts[i] > 0);
        double e = wide_pick(counts, air - set, 0), shadow_e = wide_pick(counts, shadow - set, 0);
        settled[i] += wide_pick(counts, 1, 0);
        err2[i] += e * e;
        err[i] += e;
        shadow_err2[i] += shadow_e * shadow_e;
    }
}
WIDE(follow_comfort,
     (struct comfort * c, const struct sim_rooms *rooms, const struct room_batch *b, const struct wide_now *k,
      size_t n),
     (c, rooms, b, k, n))

// *some: not 0 where a room has another setpoint or has come near it, or its shadow has.
WIDE_INLINE void look_round_any(const struct comfort *c, const struct sim_rooms *rooms, const double *air_c,
                                size_t n, int64_t *some)
{
    const double *last_c = c->lane[COMFORT_LAST_SET_C], *near_c = c->lane[COMFORT_NEAR_C],
                 *shadow_near_c = c->lane[COMFORT_SHADOW_NEAR_C], *set_c = rooms->shadow.setpoint_c,
                 *shadow_c = rooms->shadow.air_c;
    int64_t any = 0;
    WIDE_LOOP
    for (size_t i = 0; i < n; i++)
        any |= wide_mask(set_c[i] != last_c[i]) | wide_mask(air_c[i] >= near_c[i]) |
               wide_mask(shadow_c[i] >= shadow_near_c[i]);
    *some = any;
}
WIDE(look_round,
     (const struct comfort *c, const struct sim_rooms *rooms, const double *air_c, size_t n, int64_t *some),
     (c, rooms, air_c, n, some))

// Row by row: in most of them no window is open, nor was.
static void look_at_windows(struct comfort *c, const uint8_t *open, size_t n)
{
    for (size_t from = 0; from < n; from += WIDE_ROW) {
        bool some = wide_row_some(open + from);
        uint8_t *had = &c->row_open[from / WIDE_ROW];
        for (size_t i = from; (some || *had) && i < from + WIDE_ROW; i++)
            c->lane[COMFORT_WINDOW][i] = open[i];
        *had = some;
    }
}

void comfort_rooms(struct sim_run *r, uint32_t batch)
{
    const struct sim_rooms *rooms = &r->rooms[batch];
    const struct room_batch *b = &r->batch[batch];
    struct comfort *c = &r->measure->comfort[batch];
    size_t n = wide_end(rooms->n);
    int64_t some;
    look_round(c, rooms, b->air_c, n, &some);
    for (size_t i = 0; some && i < rooms->n; i++)
        if (rooms->zone[i] != LANE_EMPTY)
            one_moves(r, rooms, c, i, rooms->shadow.setpoint_c[i], b->air_c[i]);
    look_at_windows(c, b->window_open, n);
    const struct wide_now k = {
        .now_ms = (double)r->now, .hours = COMFORT_MS / 3.6e6, .caused_mw = CAUSED_W * 1e3 * rooms->n_boards};
    follow_comfort(c, rooms, b, &k, n);
}

double comfort_sum_c(const struct comfort *c, const struct sim_rooms *rooms)
{
    double sum = 0;
    for (size_t i = 0; i < rooms->n; i++)
        sum += rooms->zone[i] != LANE_EMPTY ? c->lane[COMFORT_SUM_C][i] : 0;
    return sum;
}
