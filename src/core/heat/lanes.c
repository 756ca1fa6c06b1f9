// SPDX-License-Identifier: Apache-2.0
//
// The wide step. Everything is computed for all lanes as if nothing were unusual; where something was, the
// lane keeps what it had and is stepped alone. Usual is also a room that stays too hot, and a surface at its
// limit: half a fleet is in these states in summer and in a cold spell.
#include "core/heat/lanes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/wide.h"
#include "core/heat/learn.h"
#include "core/heat/step.h"

#define BLOCK   16 // zones that heat_step() takes at once: an agent has few
#define NONE_C  (-1e6)
#define NEVER_C 1e9

static inline struct thermostat *zone_in(const struct heat_lanes *l, size_t i)
{
    return &l->zone[l->place ? l->place[i] : i];
}

static inline bool is_empty(const struct heat_lanes *l, size_t i)
{
    return l->place && l->place[i] == LANE_EMPTY;
}

static inline const struct thermostat *any_of(const struct heat_lanes *l)
{
    size_t i = 0;
    while (is_empty(l, i))
        i++;
    return zone_in(l, i);
}

// What all lanes share in a step.
struct shared {
    double at_ms, now_ms;              // of the readings; of the step
    double dt_s, room, slope, per_min; // filters, by the time between readings
    double metal, mean, sink;          // and between steps
    double sink_per_min, lag_per_min;  // 60 s over the time between steps, and over the lag of the metal
    double per_ua, per_heaters, ua_w_per_k, full_w, surface_c, up_c, down_c, weight_b, floor_w;
    int32_t cpu_max_mc;
};

// *some: not 0 where a lane was unusual.
WIDE_INLINE void usual_any(struct heat_lanes *l, const struct shared *shared, size_t to, int64_t *some)
{
    const struct shared k = *shared;
    int64_t any = 0;
    double *room_c = l->lane[LANE_ROOM_C], *slope = l->lane[LANE_SLOPE], *metal_c = l->lane[LANE_METAL_C],
           *mean_w = l->lane[LANE_MEAN_W], *integral_w = l->lane[LANE_INTEGRAL_W],
           *sink_c = l->lane[LANE_SINK_C], *sink_slope = l->lane[LANE_SINK_SLOPE],
           *jump_mc = l->lane[LANE_JUMP_MC], *jump_at = l->lane[LANE_JUMP_AT], *sum_p = l->lane[LANE_SUM_P],
           *full_since = l->lane[LANE_FULL_SINCE], *alone = l->lane[LANE_ALONE];
    const double *r_c = l->lane[LANE_R_C], *kp = l->lane[LANE_KP], *kp_per_ti = l->lane[LANE_KP_PER_TI],
                 *per_tt = l->lane[LANE_PER_TT], *least_c = l->lane[LANE_LEAST_C],
                 *most_c = l->lane[LANE_MOST_C], *limit_w = l->lane[LANE_LIMIT_W],
                 *surface = l->lane[LANE_SURFACE];
    const int32_t *room_mc = l->room_mc, *heatsink_mc = l->heatsink_mc, *cpu_mc = l->cpu_mc,
                  *draw_mw = l->draw_mw, *hot_draw_mw = l->hot_draw_mw;
    int32_t *target_w = l->target_w, *max_w = l->max_w, *min_w = l->min_w;
    WIDE_LOOP
    for (size_t i = 0; i < to; i++) {
        // the reading
        double mc = room_mc[i], diff = mc - jump_mc[i], age = k.at_ms - jump_at[i];
        int64_t bad = wide_mask(fabs(diff) > 3000) | wide_mask(fabs(mc - 20000) > 40000) | wide_mask(age < 0);
        double was_c = room_c[i], y = heat_follow(was_c, k.room, mc * 1e-3);
        double falls = heat_follow(slope[i], k.slope, (y - was_c) * k.per_min);
        // the metal
        double hot_w = hot_draw_mw[i] * 1e-3, whole_w = heat_whole_w(draw_mw[i]);
        double one_w = wide_pick(wide_mask(hot_w > 0), hot_w, whole_w * k.per_heaters);
        double metal = heat_follow(metal_c[i], k.metal, y + one_w * k.per_ua);
        double sink = heatsink_mc[i] * 1e-3, over = sink - y, sink_was_c = sink_c[i];
        double rises = heat_follow(sink_slope[i], k.sink, heat_sink_slope(sink, sink_was_c, k.sink_per_min));
        double rise = heat_free_rise(one_w * k.per_ua, over, k.lag_per_min);
        int64_t has = wide_mask(sink > NONE_C);
        bad |= has & (heat_covered_mask(over, metal - y, rises, rise) | wide_mask(sink_was_c < -100));
        sink = wide_pick(has, sink, sink_was_c);
        rises = wide_pick(has, rises, sink_slope[i]);
        // the guards: none comes or goes
        bad |= wide_mask(falls < GUARD_WINDOW_K_PER_MIN) | wide_mask(y < least_c[i]) |
               wide_mask(y > most_c[i]) | wide_mask(cpu_mc[i] > k.cpu_max_mc);
        // the loop
        double hot = metal > sink ? metal : sink, cap = heat_surface_w(k.ua_w_per_k, k.surface_c, y, hot);
        double r = r_c[i], v = kp[i] * (k.weight_b * r - y) + integral_w[i], left_w = limit_w[i];
        int64_t in_force = wide_mask(surface[i] != 0);
        bad |= (wide_mask(cap < v) & wide_mask(cap < left_w)) ^ in_force;
        double limit = heat_between(cap, 0, left_w); // what is left is at most full power
        double full_w = wide_pick(wide_mask(left_w <= 0), k.full_w, limit);
        double hi = heat_ceiling_w(r + k.up_c - y, limit), lo = k.floor_w > hi ? hi : k.floor_w;
        double u = heat_between(v, lo, hi), low = heat_between(v - kp[i] * k.down_c, 0, u);
        double wound = integral_w[i] + heat_wind(k.dt_s, kp_per_ti[i], r - y, per_tt[i], u, v);
        double since = wide_pick(wide_mask(full_since[i] > 0), full_since[i], k.now_ms);
        since = wide_pick(wide_mask(u * 50 < full_w * 49), 0, since);

        int64_t level = wide_mask(age >= 60000) & ~bad;
        jump_mc[i] = wide_pick(level, mc, jump_mc[i]);
        jump_at[i] = wide_pick(level, k.at_ms, jump_at[i]);
        mean_w[i] = wide_pick(bad, mean_w[i], heat_mean_w(mean_w[i], k.mean, target_w[i]));
        sum_p[i] = wide_pick(bad, sum_p[i], sum_p[i] + k.dt_s * (metal - y));
        room_c[i] = wide_pick(bad, was_c, y);
        slope[i] = wide_pick(bad, slope[i], falls);
        metal_c[i] = wide_pick(bad, metal_c[i], metal);
        sink_c[i] = wide_pick(bad, sink_was_c, sink);
        sink_slope[i] = wide_pick(bad, sink_slope[i], rises);
        integral_w[i] = wide_pick(bad, integral_w[i], wound);
        full_since[i] = wide_pick(bad, full_since[i], since);
        alone[i] = wide_pick(bad, 1, 0);
        any |= bad;
        int32_t keep = (int32_t)bad;
        target_w[i] = (target_w[i] & keep) | (heat_to_w(u) & ~keep);
        max_w[i] = (max_w[i] & keep) | (heat_to_w(hi) & ~keep);
        min_w[i] = (min_w[i] & keep) | (heat_to_w(low) & ~keep);
    }
    *some = any;
}

WIDE(usual, (struct heat_lanes * l, const struct shared *k, size_t to, int64_t *some), (l, k, to, some))

// ---- estimates

static void estimate_pull(struct heat_lanes *l, size_t i)
{
    double *const *v = l->learn;
    struct thermostat *t = zone_in(l, i);
    struct learn e;
    for (int k = 0; k < ESTIMATE_TERMS; k++)
        e.theta[k] = v[LEARN_THETA + k][i];
    for (int k = 0; k < LEARN_COVS; k++)
        e.cov[k] = v[LEARN_COV + k][i];
    e.last_y = v[LEARN_LAST_Y][i];
    e.last_p = v[LEARN_LAST_P][i];
    e.ends = v[LEARN_ENDS][i];
    e.samples = v[LEARN_SAMPLES][i];
    e.sane = v[LEARN_SANE][i];
    e.capacity_known = v[LEARN_CAPACITY_KNOWN][i];
    e.usable = v[LEARN_USABLE][i];
    e.capacity_j_per_k = v[LEARN_CAPACITY][i];
    e.integral_w = l->lane[LANE_INTEGRAL_W][i];
    e.kp = l->lane[LANE_KP][i];
    e.kp_per_ti = l->lane[LANE_KP_PER_TI][i];
    e.per_tt = l->lane[LANE_PER_TT][i];
    learn_take(t, &e);
    t->outside_c = v[LEARN_OUTSIDE_C][i];
    l->behind[i] = 0;
}

static void estimate_push(struct heat_lanes *l, size_t i)
{
    double *const *v = l->learn;
    const struct thermostat *t = zone_in(l, i);
    const struct learn e = learn_of(t);
    for (int k = 0; k < ESTIMATE_TERMS; k++)
        v[LEARN_THETA + k][i] = e.theta[k];
    for (int k = 0; k < LEARN_COVS; k++)
        v[LEARN_COV + k][i] = e.cov[k];
    v[LEARN_LAST_Y][i] = e.last_y;
    v[LEARN_LAST_P][i] = e.last_p;
    v[LEARN_ENDS][i] = e.ends;
    v[LEARN_SAMPLES][i] = e.samples;
    v[LEARN_SANE][i] = e.sane;
    v[LEARN_CAPACITY_KNOWN][i] = e.capacity_known;
    v[LEARN_USABLE][i] = e.usable;
    v[LEARN_CAPACITY][i] = e.capacity_j_per_k;
    v[LEARN_OUTSIDE_C][i] = t->outside_c;
    v[LEARN_OUTSIDE_KNOWN][i] = t->est.outside_known;
    l->behind[i] = 0;
}

WIDE_INLINE void learn_lanes_any(struct heat_lanes *l, const struct learn_make *make, size_t to)
{
    const struct learn_make k = *make;
    double *theta[ESTIMATE_TERMS], *cov[LEARN_COVS];
    for (int j = 0; j < ESTIMATE_TERMS; j++)
        theta[j] = l->learn[LEARN_THETA + j];
    for (int j = 0; j < LEARN_COVS; j++)
        cov[j] = l->learn[LEARN_COV + j];
    double *last_y = l->learn[LEARN_LAST_Y], *last_p = l->learn[LEARN_LAST_P], *ends = l->learn[LEARN_ENDS],
           *samples = l->learn[LEARN_SAMPLES], *sane = l->learn[LEARN_SANE],
           *capacity_known = l->learn[LEARN_CAPACITY_KNOWN], *usable = l->learn[LEARN_USABLE],
           *capacity = l->learn[LEARN_CAPACITY], *integral_w = l->lane[LANE_INTEGRAL_W],
           *kp = l->lane[LANE_KP], *kp_per_ti = l->lane[LANE_KP_PER_TI], *per_tt = l->lane[LANE_PER_TT],
           *sum_p = l->lane[LANE_SUM_P];
    const double *outside_c = l->learn[LEARN_OUTSIDE_C], *outside_known = l->learn[LEARN_OUTSIDE_KNOWN],
                 *room_c = l->lane[LANE_ROOM_C], *r_c = l->lane[LANE_R_C], *surface = l->lane[LANE_SURFACE],
                 *most_c = l->lane[LANE_MOST_C];
    const int32_t *target_w = l->target_w;
    WIDE_LOOP
    for (size_t i = 0; i < to; i++) {
        struct learn e = {.last_y = last_y[i],
                          .last_p = last_p[i],
                          .ends = ends[i],
                          .samples = samples[i],
                          .sane = sane[i],
                          .capacity_known = capacity_known[i],
                          .usable = usable[i],
                          .capacity_j_per_k = capacity[i],
                          .integral_w = integral_w[i],
                          .kp = kp[i],
                          .kp_per_ti = kp_per_ti[i],
                          .per_tt = per_tt[i]};
        WIDE_UNROLL
        for (int j = 0; j < ESTIMATE_TERMS; j++)
            e.theta[j] = theta[j][i];
        WIDE_UNROLL
        for (int j = 0; j < LEARN_COVS; j++)
            e.cov[j] = cov[j][i];
        int64_t hot = wide_mask(most_c[i] >= NEVER_C); // of the guards, lanes have only these two
        struct learn_from in = {.y_c = room_c[i],
                                .outside_c = outside_c[i],
                                .outside_known = outside_known[i],
                                .sum_p_s = sum_p[i],
                                .r_c = r_c[i],
                                .target_w = target_w[i],
                                .guarded = wide_pick(hot, 1, surface[i])};
        learn_sample(&e, &in, &k);
        WIDE_UNROLL
        for (int j = 0; j < ESTIMATE_TERMS; j++)
            theta[j][i] = e.theta[j];
        WIDE_UNROLL
        for (int j = 0; j < LEARN_COVS; j++)
            cov[j][i] = e.cov[j];
        last_y[i] = e.last_y;
        last_p[i] = e.last_p;
        ends[i] = e.ends;
        samples[i] = e.samples;
        sane[i] = e.sane;
        capacity_known[i] = e.capacity_known;
        usable[i] = e.usable;
        capacity[i] = e.capacity_j_per_k;
        integral_w[i] = e.integral_w;
        kp[i] = e.kp;
        kp_per_ti[i] = e.kp_per_ti;
        per_tt[i] = e.per_tt;
        sum_p[i] = 0;
    }
}
WIDE(learn_lanes, (struct heat_lanes * l, const struct learn_make *make, size_t to), (l, make, to))

// ---- in and out

struct thermostat *lanes_pull(struct heat_lanes *l, size_t i)
{
    struct thermostat *t = zone_in(l, i);
    double *const *v = l->lane;
    if (v[LANE_ODD][i] == 0) {
        t->last_step_at = l->last_step_at;
        t->last_sense_at = l->last_sense_at;
        t->est.sum_s = l->sum_s;
        t->applied_w = (int32_t)heat_whole_w(l->draw_mw[i]);
        t->last_room_mc = l->room_mc[i];
    }
    if (l->behind && l->behind[i])
        estimate_pull(l, i);
    t->room_c = v[LANE_ROOM_C][i];
    t->slope_k_per_min = v[LANE_SLOPE][i];
    t->metal_c = v[LANE_METAL_C][i];
    t->mean_w = v[LANE_MEAN_W][i];
    t->integral_w = v[LANE_INTEGRAL_W][i];
    t->heatsink_c = v[LANE_SINK_C][i];
    t->heatsink_slope_k_per_min = v[LANE_SINK_SLOPE][i];
    t->jump_mc = (int32_t)v[LANE_JUMP_MC][i];
    t->jump_at = HOUSE_MS((int64_t)v[LANE_JUMP_AT][i]);
    t->est.sum_p_s = v[LANE_SUM_P][i];
    t->full_since = HOUSE_MS((int64_t)v[LANE_FULL_SINCE][i]);
    t->request.target_w = l->target_w[i];
    t->request.max_w = l->max_w[i];
    t->request.min_w = l->min_w[i];
    return t;
}

const struct heat_request *lanes_request(struct heat_lanes *l, size_t i)
{
    struct thermostat *t = lanes_pull(l, i);
    heat_request_rest(t, t->last_step_at);
    return &t->request;
}

// Whether the wide step cannot know what this zone needs.
static bool is_odd(const struct heat_lanes *l, const struct thermostat *t)
{
    const uint32_t hot = GUARD_BIT(GUARD_ROOM_HOT), surface = GUARD_BIT(GUARD_SURFACE_HOT);
    return !t->started || (t->guards & ~(hot | surface)) || t->pending || t->wish.mode == ZONE_BOOST ||
           t->lift_w > 0 || ((t->guards & hot) && t->calm[GUARD_ROOM_HOT]) ||
           ((t->guards & surface) && t->calm[GUARD_SURFACE_HOT]) ||
           t->last_sense_at.v != l->last_sense_at.v || t->last_step_at.v != l->last_step_at.v ||
           t->est.sum_s != l->sum_s;
}

// No room is as warm as this one may be.
static void set_odd(struct heat_lanes *l, size_t i)
{
    l->lane[LANE_ODD][i] = 1;
    l->lane[LANE_MOST_C][i] = -NEVER_C;
}

static void step_push(struct heat_lanes *l, size_t i)
{
    const struct thermostat *t = zone_in(l, i);
    double *const *v = l->lane;
    bool hot = t->guards & GUARD_BIT(GUARD_ROOM_HOT);
    v[LANE_ROOM_C][i] = t->room_c;
    v[LANE_SLOPE][i] = t->slope_k_per_min;
    v[LANE_METAL_C][i] = t->metal_c;
    v[LANE_MEAN_W][i] = t->mean_w;
    v[LANE_INTEGRAL_W][i] = t->integral_w;
    v[LANE_SINK_C][i] = t->heatsink_c;
    v[LANE_SINK_SLOPE][i] = t->heatsink_slope_k_per_min;
    v[LANE_JUMP_MC][i] = t->jump_mc;
    v[LANE_JUMP_AT][i] = (double)t->jump_at.v;
    v[LANE_SUM_P][i] = t->est.sum_p_s;
    v[LANE_FULL_SINCE][i] = (double)t->full_since.v;
    v[LANE_R_C][i] = t->r_c;
    v[LANE_KP][i] = t->kp;
    v[LANE_KP_PER_TI][i] = t->kp_per_ti;
    v[LANE_PER_TT][i] = t->per_tt;
    v[LANE_LEAST_C][i] = hot ? t->hot_c - 0.5 : -NEVER_C;
    v[LANE_MOST_C][i] = hot ? NEVER_C : t->hot_c;
    v[LANE_LIMIT_W][i] = hot ? 0 : t->full_w;
    v[LANE_SURFACE][i] = t->guards & GUARD_BIT(GUARD_SURFACE_HOT) ? 1 : 0;
    v[LANE_ODD][i] = 0;
    if (is_odd(l, t))
        set_odd(l, i);
    l->target_w[i] = t->request.target_w;
    l->max_w[i] = t->request.max_w;
    l->min_w[i] = t->request.min_w;
}

void lanes_push(struct heat_lanes *l, size_t i)
{
    if (l->behind)
        estimate_push(l, i);
    step_push(l, i);
}

// What the estimates take the outside for changes once, if at all; its temperature every time, and for all.
void lanes_set_outside(struct heat_lanes *l, int32_t outside_mc)
{
    bool known = outside_mc != INT32_MIN;
    double c = heat_outside_c(outside_mc);
    for (size_t i = 0; i < l->n; i++)
        if ((l->learn[LEARN_OUTSIDE_KNOWN][i] != 0) != known && !is_empty(l, i)) {
            struct thermostat *t = zone_in(l, i);
            if (l->behind[i])
                estimate_pull(l, i);
            thermostat_set_outside(t, outside_mc);
            estimate_push(l, i);
        }
    for (size_t i = 0; i < l->n; i++)
        l->learn[LEARN_OUTSIDE_C][i] = c;
    memset(l->behind, 1, l->n);
}

// False: the times between steps or readings are unusual, and every lane is stepped alone.
static bool times_usual(const struct heat_lanes *l, house_ms at, house_ms now, int64_t *step_ms,
                        int64_t *sense_ms)
{
    if (l->last_step_at.v == 0 || l->last_sense_at.v < 0 || at.v <= l->last_sense_at.v || at.v > now.v)
        return false;
    *step_ms = house_since(now, l->last_step_at);
    *sense_ms = house_since(at, l->last_sense_at);
    return *step_ms > 0 && *step_ms <= HEAT_STEP_MAX_MS && *sense_ms <= GUARD_STALE_MS * 4 &&
           house_since(now, at) <= GUARD_STALE_MS;
}

static void spacings(struct heat_spacing k[2], int64_t step_ms, int64_t sense_ms, double tau_s)
{
    if (k[0].ms != step_ms || k[0].tau_s != tau_s)
        k[0] = heat_spacing_of(step_ms, tau_s);
    if (k[1].ms != sense_ms || k[1].tau_s != tau_s)
        k[1] = sense_ms == step_ms ? k[0] : heat_spacing_of(sense_ms, tau_s);
}

static struct shared shared_of(const struct thermostat *t, const struct heat_spacing k[2], house_ms at,
                               house_ms now)
{
    return (struct shared){
        .at_ms = (double)at.v,
        .now_ms = (double)now.v,
        .dt_s = k[0].s,
        .room = k[1].room,
        .slope = k[1].slope,
        .per_min = k[1].per_min,
        .metal = k[0].metal,
        .mean = k[0].mean,
        .sink = k[0].s < 60 ? k[0].s / 60 : 1,
        .sink_per_min = 60 / k[0].s,
        .lag_per_min = 60 / t->cfg.heater_tau_s,
        .per_ua = t->per_ua,
        .per_heaters = t->per_heaters,
        .ua_w_per_k = t->ua_w_per_k,
        .full_w = t->full_w,
        .surface_c = t->surface_c,
        .up_c = t->up_c,
        .down_c = t->down_c,
        .weight_b = t->weight_b,
        .floor_w = t->cfg.floor_w,
        .cpu_max_mc = t->cfg.cpu_max_mc,
    };
}

static struct zone_sense sense_of(const struct heat_lanes *l, size_t i, house_ms at)
{
    return (struct zone_sense){.at = at,
                               .room_mc = l->room_mc[i],
                               .heatsink_mc = l->heatsink_mc[i],
                               .cpu_mc = l->cpu_mc[i],
                               .draw_mw = l->draw_mw[i],
                               .hot_draw_mw = l->hot_draw_mw[i],
                               .outside_mc = INT32_MIN};
}

static bool eight_zero(const double *x)
{
    uint64_t bits[8];
    memcpy(bits, x, sizeof bits);
    return ((bits[0] | bits[1]) | (bits[2] | bits[3]) | (bits[4] | bits[5]) | (bits[6] | bits[7])) == 0;
}

// The zones to be stepped alone: all, or those marked.
static size_t list_alone(struct heat_lanes *l, bool all)
{
    const double *alone = l->lane[LANE_ALONE];
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++) {
        if (!all && i % 8 == 0 && eight_zero(alone + i)) { // lanes go on beyond n (base/wide.h)
            i += 7;
            continue;
        }
        l->alone[n] = (uint32_t)i;
        n += (all | (alone[i] != 0)) & !is_empty(l, i);
    }
    return n;
}

// A sample for the zone's own estimate, where estimates stay in the structs.
static void learn_one(struct heat_lanes *l, size_t i)
{
    struct thermostat *t = lanes_pull(l, i);
    t->est.sum_s = l->sum_s;
    heat_learn(t);
    l->lane[LANE_INTEGRAL_W][i] = t->integral_w;
    l->lane[LANE_SUM_P][i] = t->est.sum_p_s;
    l->lane[LANE_KP][i] = t->kp;
    l->lane[LANE_KP_PER_TI][i] = t->kp_per_ti;
    l->lane[LANE_PER_TT][i] = t->per_tt;
}

// A sample for the estimates of all zones that were stepped together, and the gains from it. Lanes of zones
// that were stepped alone are computed with, too, and pushed anew.
static void learn(struct heat_lanes *l)
{
    if (l->behind) {
        struct learn_make k = learn_make_of(any_of(l), l->sum_s);
        learn_lanes(l, &k, wide_end(l->n));
        memset(l->behind, 1, l->n);
        return;
    }
    for (size_t i = 0; i < l->n; i++)
        if (l->lane[LANE_ALONE][i] == 0)
            learn_one(l, i);
}

// `sense` NULL: as the lanes have it.
static size_t step(struct heat_lanes *l, const struct zone_sense *sense, house_ms at, house_ms now)
{
    int64_t step_ms = 0, sense_ms = 0, some = 1;
    bool wide = l->n > 0 && times_usual(l, at, now, &step_ms, &sense_ms);
    if (wide) {
        const struct thermostat *t = any_of(l);
        spacings(l->spacing, step_ms, sense_ms, t->cfg.heater_tau_s);
        struct shared k = shared_of(t, l->spacing, at, now);
        usual(l, &k, wide_end(l->n), &some);
    }
    size_t alone = some ? list_alone(l, !wide) : 0;
    struct heat_spacing k = l->spacing[0];
    for (size_t j = 0; j < alone; j++) {
        size_t i = l->alone[j];
        struct zone_sense s = sense ? sense[i] : sense_of(l, i, at);
        heat_step_one(lanes_pull(l, i), &s, &k, now);
        l->lane[LANE_ALONE][i] = 1;
    }
    l->last_step_at = now;
    l->last_sense_at = at;
    l->sum_s += wide ? l->spacing[0].s : 0;
    bool learned = l->sum_s >= ESTIMATE_SAMPLE_S;
    if (learned) {
        learn(l);
        l->sum_s = 0;
    }
    if (!wide && l->n > 0) // whatever they have now: most will agree
        l->sum_s = any_of(l)->est.sum_s;
    for (size_t j = 0; j < alone; j++) {
        size_t i = l->alone[j];
        if (l->behind && (learned || zone_in(l, i)->est.sum_s == 0))
            estimate_push(l, i);
        step_push(l, i);
    }
    return alone;
}

size_t lanes_step(struct heat_lanes *l, house_ms at, house_ms now)
{
    return step(l, NULL, at, now);
}

void lanes_init(struct heat_lanes *l, struct thermostat *zone, const uint32_t *place, size_t n)
{
    *l = (struct heat_lanes){.zone = zone, .place = place, .n = n, .last_sense_at = HOUSE_MS(INT64_MIN / 2)};
    int32_t **whole[] = {&l->room_mc,     &l->heatsink_mc, &l->cpu_mc, &l->draw_mw,
                         &l->hot_draw_mw, &l->target_w,    &l->max_w,  &l->min_w};
    for (int k = 0; k < LANE_N; k++)
        l->lane[k] = mem_lines(wide_room(n), sizeof(double));
    for (size_t k = 0; k < ARRAY_LEN(whole); k++)
        *whole[k] = mem_lines(wide_room(n), sizeof(int32_t));
    for (int k = 0; k < LEARN_N; k++)
        l->learn[k] = mem_lines(wide_room(n), sizeof(double));
    l->behind = mem_array(n + 1, 1);
    l->alone = mem_array(n + 1, sizeof *l->alone);
    l->spacing = mem_array(2, sizeof *l->spacing);
    l->spacing[0].ms = l->spacing[1].ms = -1;
    for (size_t i = 0; i < wide_room(n); i++) {
        l->lane[LANE_LEAST_C][i] = -NEVER_C; // where there is no room nothing is unusual about it
        l->lane[LANE_MOST_C][i] = NEVER_C;
        if (i < n && !is_empty(l, i))
            lanes_push(l, i);
    }
}

void lanes_deinit(struct heat_lanes *l)
{
    int32_t *whole[] = {l->room_mc,     l->heatsink_mc, l->cpu_mc, l->draw_mw,
                        l->hot_draw_mw, l->target_w,    l->max_w,  l->min_w};
    for (int k = 0; k < LANE_N; k++)
        free(l->lane[k]);
    for (int k = 0; k < LEARN_N; k++)
        free(l->learn[k]);
    for (size_t k = 0; k < ARRAY_LEN(whole); k++)
        free(whole[k]);
    free(l->behind);
    free(l->alone);
    free(l->spacing);
    *l = (struct heat_lanes){0};
}

// ---- zones that are kept as structs: through lanes on the stack, a few at a time

static bool same_make(const struct thermostat_config *a, const struct thermostat_config *b)
{
    return a->nameplate_w == b->nameplate_w && a->floor_w == b->floor_w && a->weight_b == b->weight_b &&
           a->heaters == b->heaters && a->heater_ua_w_per_k == b->heater_ua_w_per_k &&
           a->heater_tau_s == b->heater_tau_s && a->surface_max_mc == b->surface_max_mc &&
           a->cpu_max_mc == b->cpu_max_mc && a->band_up_mc == b->band_up_mc &&
           a->band_down_mc == b->band_down_mc;
}

struct block {
    double lane[LANE_N][BLOCK];
    int32_t whole[8][BLOCK];
    uint32_t alone[BLOCK + 1];
};

static void block_fill(struct block *b, struct heat_lanes *l, const struct zone_sense *s)
{
    int32_t **whole[] = {&l->room_mc,     &l->heatsink_mc, &l->cpu_mc, &l->draw_mw,
                         &l->hot_draw_mw, &l->target_w,    &l->max_w,  &l->min_w};
    for (int k = 0; k < LANE_N; k++)
        l->lane[k] = b->lane[k];
    for (size_t k = 0; k < ARRAY_LEN(whole); k++)
        *whole[k] = b->whole[k];
    for (size_t i = 0; i < l->n; i++) {
        lanes_push(l, i);
        if (s[i].lid_open)
            set_odd(l, i);
        l->room_mc[i] = s[i].room_mc;
        l->heatsink_mc[i] = s[i].heatsink_mc;
        l->cpu_mc[i] = s[i].cpu_mc;
        l->draw_mw[i] = s[i].draw_mw;
        l->hot_draw_mw[i] = s[i].hot_draw_mw;
    }
}

static void step_block(struct thermostat *t, const struct zone_sense *s, size_t n, struct heat_spacing k[2],
                       house_ms now)
{
    struct block b = {0};
    struct heat_lanes l = {.zone = t,
                           .n = n,
                           .last_step_at = t->last_step_at,
                           .last_sense_at = t->last_sense_at,
                           .sum_s = t->est.sum_s,
                           .alone = b.alone,
                           .spacing = k};
    block_fill(&b, &l, s);
    step(&l, s, s->at, now);
    for (size_t i = 0; i < n; i++) {
        if (l.lane[LANE_ALONE][i] == 0)
            lanes_pull(&l, i);
        heat_request_rest(&t[i], now);
    }
}

void heat_step(struct thermostat *t, const struct zone_sense *sense, size_t n, house_ms now)
{
    struct heat_spacing k[2] = {{.ms = -1}, {.ms = -1}};
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && to - from < BLOCK && same_make(&t[from].cfg, &t[to].cfg) &&
                            sense[to].at.v == sense[from].at.v;
             to++)
            ;
        step_block(&t[from], &sense[from], to - from, k, now);
    }
}
