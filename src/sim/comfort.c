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

// Times in looks
#define SETTLE_LOOKS (10800000 / COMFORT_MS)
#define STEP_MS      43200000 // what takes even the ideal heater longer is no step that it suffices for
#define AFTER_LOOKS  (7200000 / COMFORT_MS)
#define AIRED_LOOKS  (3600000 / COMFORT_MS) // after a window was shut
#define SWING_K      15.0f
#define CAUSED_W     5.0 // a heater that draws less heats nobody
#define SHORT_SHARE  0.97f
#define LONG_AGO     (-1e9f)
#define FAR_C        1e9f

void comfort_init(struct comfort *c, const struct sim_rooms *rooms, double start_c)
{
    const struct {
        enum comfort_lane lane;
        float begins;
    } first[] = {
        {COMFORT_LAST_SET_C, NAN},
        {COMFORT_AIRED_AT, LONG_AGO},
        {COMFORT_HEATED_AT, LONG_AGO},
        {COMFORT_NEAR_C, FAR_C},
        {COMFORT_SHADOW_NEAR_C, FAR_C},
        {COMFORT_SWING_WAY, 1},
        {COMFORT_SWING_AT_C, (float)start_c},
        {COMFORT_MIN_C, 1e9f},
        {COMFORT_MAX_C, -1e9f},
    };
    size_t n = rooms->n, places = wide_room(n);
    *c = (struct comfort){.n = n, .row_open = mem_array(places / WIDE_ROW, 1)};
    for (int k = 0; k < COMFORT_N; k++)
        c->lane[k] = mem_lines(places, sizeof(float));
    for (int k = 0; k < COMFORT_SUMS; k++)
        c->total[k] = mem_lines(places, sizeof(double));
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
    for (int k = 0; k < COMFORT_SUMS; k++)
        free(c->total[k]);
    free(c->row_open);
    *c = (struct comfort){0};
}

// ---- what is rare

// A step up is over for the room; the ideal heater was through before, or is by now.
static void step_over(struct zone_measure *m, int64_t at)
{
    if (m->shadow_reached_at - m->stepped_at > STEP_MS)
        return;
    m->settle_steps++;
    m->settle_s += (double)(at - m->stepped_at) * 1e-3;
    m->settle_later_s += (double)(at - m->shadow_reached_at) * 1e-3;
}

static void set_changed(struct sim_run *r, struct comfort *c, struct zone_measure *m, size_t i, double set_c,
                        double air_c, double shadow_c)
{
    float *last = &c->lane[COMFORT_LAST_SET_C][i];
    c->set_c += (double)(float)set_c - (*last == *last ? *last : 0);
    bool up = set_c > *last + 1.99, steps = up && air_c < set_c - 0.5;
    if (c->lane[COMFORT_STEPPING][i] != 0 && m->shadow_reached_at >= 0)
        step_over(m, r->now); // as far as it came
    if (up && !steps && shadow_c < set_c - 0.5)
        m->settle_steps++; // there already: heated ahead
    c->lane[COMFORT_STEPPING][i] = steps;
    c->lane[COMFORT_NEAR_C][i] = c->lane[COMFORT_SHADOW_NEAR_C][i] = steps ? (float)set_c - 0.5f : FAR_C;
    m->step_from_c = *last;
    m->stepped_at = r->now;
    *last = (float)set_c;
    c->lane[COMFORT_STEP_AT][i] = (float)(r->now / COMFORT_MS);
    m->reached_at = m->shadow_reached_at = -1;
}

// A step up: when the room and its shadow come within half a kelvin.
static void step_follow(struct sim_run *r, struct comfort *c, struct zone_measure *m, size_t i, double air_c,
                        double shadow_c)
{
    float *near_c = &c->lane[COMFORT_NEAR_C][i], *shadow_near_c = &c->lane[COMFORT_SHADOW_NEAR_C][i];
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
    step_over(m, m->reached_at);
    m->step_excess_s += (double)(m->reached_at - m->shadow_reached_at) * 1e-3;
}

static void one_moves(struct sim_run *r, const struct sim_rooms *rooms, struct comfort *c, size_t i,
                      double set_c, double air_c)
{
    struct zone_measure *m = &r->measure->zone[rooms->zone[i]];
    if ((float)set_c != c->lane[COMFORT_LAST_SET_C][i])
        set_changed(r, c, m, i, set_c, air_c, rooms->shadow.air_c[i]);
    if (c->lane[COMFORT_STEPPING][i] != 0)
        step_follow(r, c, m, i, air_c, rooms->shadow.air_c[i]);
}

// ---- what is done with all

struct wide_now {
    float now, hours, caused_mw; // now: in looks
};

WIDE_INLINE void follow_comfort_any(struct comfort *c, const struct sim_rooms *rooms,
                                    const struct room_batch *b, const struct wide_now *k, size_t n)
{
    const float now = k->now, hours = k->hours, caused_mw = k->caused_mw;
    const double *air_c = b->air_c, *metal_c = b->heater_c, *shadow_c = rooms->shadow.air_c,
                 *watts = rooms->shadow.watts, *max_w = rooms->shadow.max_w,
                 *set_c = rooms->shadow.setpoint_c;
    const float *r_c = rooms->lanes.heat.r_c, *stepping = c->lane[COMFORT_STEPPING];
    const int32_t *draw_mw = rooms->lanes.heat.draw_mw;
    float *heated_at = c->lane[COMFORT_HEATED_AT], *aired_at = c->lane[COMFORT_AIRED_AT],
          *step_at = c->lane[COMFORT_STEP_AT], *window = c->lane[COMFORT_WINDOW],
          *swing_at_c = c->lane[COMFORT_SWING_AT_C], *swing_way = c->lane[COMFORT_SWING_WAY],
          *swings = c->lane[COMFORT_SWINGS], *sum_c = c->lane[COMFORT_SUM_C], *min_c = c->lane[COMFORT_MIN_C],
          *max_c = c->lane[COMFORT_MAX_C], *hot = c->lane[COMFORT_HOT], *free_gains = c->lane[COMFORT_FREE],
          *shadow_hot = c->lane[COMFORT_SHADOW_HOT], *cold = c->lane[COMFORT_COLD],
          *missing = c->lane[COMFORT_MISSING], *heating = c->lane[COMFORT_HEATING],
          *settled = c->lane[COMFORT_SETTLED], *err2 = c->lane[COMFORT_ERR2], *err = c->lane[COMFORT_ERR],
          *shadow_err2 = c->lane[COMFORT_SHADOW_ERR2], *peak_over_k = c->lane[COMFORT_PEAK_OVER_K],
          *peak_under_k = c->lane[COMFORT_PEAK_UNDER_K];
    for (size_t from = 0; from < n; from += WIDE_ROW) {
        const int32_t *driven_w = rooms->lanes.row[from / WIDE_ROW].driven_w;
        WIDE_LOOP
        for (size_t i = from; i < from + WIDE_ROW; i++) {
            float air = (float)air_c[i], set = (float)set_c[i], shadow = (float)shadow_c[i],
                  metal = (float)metal_c[i], heats_w = (float)watts[i];
            sum_c[i] += air;
            min_c[i] = air < min_c[i] ? air : min_c[i];
            max_c[i] = air > max_c[i] ? air : max_c[i];
            // how far the metal has gone on the way that it is on, from where it turned
            float was = swing_at_c[i], way = swing_way[i], on = (metal - was) * way;
            int32_t swung = wide_mask32(on <= -SWING_K);
            swings[i] += wide_pick32(swung, 1, 0);
            swing_way[i] = wide_pick32(swung, -way, way);
            swing_at_c[i] = wide_pick32(swung | wide_mask32(on > 0), metal, was);
            // too warm, too cold
            float draws = (float)draw_mw[i], driven = (float)driven_w[i - from], stepped = step_at[i];
            int32_t drives = wide_mask32(driven > 0),
                    at_limit = wide_mask32(heats_w >= SHORT_SHARE * (float)max_w[i]),
                    climbs = wide_mask32(stepping[i] != 0) & wide_mask32(now - stepped < SETTLE_LOOKS) &
                             drives & at_limit;
            stepped = wide_pick32(climbs, now, stepped); // still on its way up, as the ideal heater is
            step_at[i] = stepped;
            float heated = wide_pick32(wide_mask32(draws > caused_mw) & drives, now, heated_at[i]);
            int32_t caused = wide_mask32(now - heated < AFTER_LOOKS),
                    still = ~wide_mask32(now - stepped < SETTLE_LOOKS);
            // While it is heated ahead of a step of the week it is on its way to the next setpoint.
            float ahead = r_c[i], meant = ahead > set ? ahead : set;
            int32_t warm = wide_mask32(air > meant + 1) & still, cool = wide_mask32(air < set - 0.5f) & still;
            float above = (air - meant - 1) * hours, below = (set - 0.5f - air) * hours;
            heated_at[i] = heated;
            hot[i] += wide_pick32(warm & caused, above, 0);
            free_gains[i] += wide_pick32(warm & ~caused, above, 0);
            shadow_hot[i] +=
                wide_pick32(warm & caused & wide_mask32(shadow > meant + 1), (shadow - meant - 1) * hours, 0);
            int32_t short_of = wide_mask32(shadow < set - 0.4f);
            missing[i] += wide_pick32(cool & short_of, below, 0);
            cold[i] += wide_pick32(cool & ~short_of, below, 0);
            // errors, where a heater could hold the setpoint: the ideal one of the same watts neither is at its
            // limit nor has nothing to do
            int32_t heats = caused | wide_mask32(air < set);
            heating[i] += wide_pick32(heats, 1, 0);
            float aired = wide_pick32(heats & wide_mask32(window[i] > 0), now, aired_at[i]);
            aired_at[i] = aired;
            int32_t calm = still & ~wide_mask32(now - aired < AIRED_LOOKS),
                    counts = heats & calm & ~at_limit & wide_mask32(heats_w > 0);
            float e = wide_pick32(counts, air - set, 0), shadow_e = wide_pick32(counts, shadow - set, 0);
            settled[i] += wide_pick32(counts, 1, 0);
            err2[i] += e * e;
            err[i] += e;
            shadow_err2[i] += shadow_e * shadow_e;
            // peaks: what the ideal heater comes to as well is not the heater's doing
            float over = wide_pick32(caused & calm, air - (shadow > meant ? shadow : meant), 0),
                  under = wide_pick32(calm, (shadow < set ? shadow : set) - air, 0);
            peak_over_k[i] = over > peak_over_k[i] ? over : peak_over_k[i];
            peak_under_k[i] = under > peak_under_k[i] ? under : peak_under_k[i];
        }
    }
}
WIDE(follow_comfort,
     (struct comfort * c, const struct sim_rooms *rooms, const struct room_batch *b, const struct wide_now *k,
      size_t n),
     (c, rooms, b, k, n))

// *some: not 0 where a room has another setpoint or has come near it, or its shadow has.
WIDE_INLINE void look_round_any(const struct comfort *c, const struct sim_rooms *rooms, const double *air_c,
                                size_t n, int32_t *some)
{
    const float *last_c = c->lane[COMFORT_LAST_SET_C], *near_c = c->lane[COMFORT_NEAR_C],
                *shadow_near_c = c->lane[COMFORT_SHADOW_NEAR_C];
    const double *set_c = rooms->shadow.setpoint_c, *shadow_c = rooms->shadow.air_c;
    int32_t any = 0;
    WIDE_LOOP
    for (size_t i = 0; i < n; i++)
        any |= wide_mask32((float)set_c[i] != last_c[i]) | wide_mask32((float)air_c[i] >= near_c[i]) |
               wide_mask32((float)shadow_c[i] >= shadow_near_c[i]);
    *some = any;
}
WIDE(look_round,
     (const struct comfort *c, const struct sim_rooms *rooms, const double *air_c, size_t n, int32_t *some),
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
    int32_t some;
    look_round(c, rooms, b->air_c, n, &some);
    const double *set_c = rooms->shadow.setpoint_c;
    const float *last_c = c->lane[COMFORT_LAST_SET_C], *near_c = c->lane[COMFORT_NEAR_C],
                *shadow_near_c = c->lane[COMFORT_SHADOW_NEAR_C];
    for (size_t i = 0; some && i < rooms->n; i++)
        if (((float)set_c[i] != last_c[i]) | (b->air_c[i] >= near_c[i]) |
            (rooms->shadow.air_c[i] >= shadow_near_c[i]))
            one_moves(r, rooms, c, i, set_c[i], b->air_c[i]);
    look_at_windows(c, b->window_open, n);
    const struct wide_now k = {.now = (float)(r->now / COMFORT_MS),
                               .hours = COMFORT_MS / 3.6e6f,
                               .caused_mw = (float)(CAUSED_W * 1e3 * rooms->n_boards)};
    follow_comfort(c, rooms, b, &k, n);
}

double comfort_flush(struct comfort *c, const struct sim_rooms *rooms)
{
    double sum = 0;
    for (int k = 0; k < COMFORT_SUMS; k++) {
        float *since = c->lane[k];
        double *total = c->total[k];
        WIDE_LOOP
        for (size_t i = 0; i < wide_end(c->n); i++) {
            total[i] += since[i];
            since[i] = 0;
        }
    }
    for (size_t i = 0; i < rooms->n; i++)
        sum += rooms->zone[i] != LANE_EMPTY ? c->total[COMFORT_SUM_C][i] : 0;
    return sum;
}
