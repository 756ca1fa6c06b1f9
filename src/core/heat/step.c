// SPDX-License-Identifier: Apache-2.0
//
// One step of one zone: take the reading, follow the metal, let the guards look, run the loop, write the
// request. This is the whole of it; what a zone in which nothing is unusual needs of it, lanes.c does for
// many at once. Coefficients that depend on the spacing of steps are computed once for all zones that share
// it. What moves in hours (estimate, gains, times to the bands) runs every quarter of an hour.
#define WIDE_ONE
#include "core/heat/step.h"

#include <limits.h>
#include <math.h>

#include "base/num.h"
#include "core/heat/formulas.h"
#include "core/heat/learn.h"

#define HORIZON_MS 900000 // how old t_up and t_down may get: they move in hours, and cost two logarithms
#define VALID_MS   90000

struct heat_spacing heat_spacing_of(int64_t ms, double heater_tau_s)
{
    struct heat_spacing k = {.ms = ms, .tau_s = heater_tau_s, .s = ms * 1e-3};
    if (ms <= 0)
        return (struct heat_spacing){.ms = ms, .tau_s = heater_tau_s};
    k.per_min = (float)(60000.0 / (double)ms);
    k.room = (float)(1 - num_exp(-k.s / 30));
    k.slope = (float)(1 - num_exp(-k.s / 60));
    k.metal = (float)(1 - num_exp(-k.s / heater_tau_s));
    k.mean = (float)(1 - num_exp(-k.s / 3600));
    return k;
}

static void first_reading(struct thermostat *t, const struct zone_sense *s)
{
    float y = heat_reading_c((float)s->room_mc);
    t->metal_c = y + (s->heatsink_mc != INT32_MIN && s->heatsink_mc > s->room_mc
                          ? heat_reading_c((float)num_min(s->heatsink_mc - s->room_mc, 60000))
                          : 0);
    t->room_c = y;
    t->last_sense_at = s->at;
    t->last_room_mc = s->room_mc;
    t->started = true;
}

// Takes a new reading into the filters. Returns the time between readings.
static int64_t take_reading(struct thermostat *t, const struct zone_sense *s, struct heat_spacing *k)
{
    if (!guards_usual_reading(t, s) && !guards_reading_ok(t, s)) {
        t->last_sense_at = s->at;
        t->slope_k_per_min = 0;
        return 0;
    }
    if (!t->started) {
        first_reading(t, s);
        return 0;
    }
    int64_t ms = house_since(s->at, t->last_sense_at);
    if (ms != k->ms || t->cfg.heater_tau_s != k->tau_s)
        *k = heat_spacing_of(ms, t->cfg.heater_tau_s);
    float before = t->room_c, y = heat_reading_c((float)s->room_mc);
    if (ms > GUARD_STALE_MS * 4) { // after a long silence there is nothing to filter with
        t->room_c = y;
        t->slope_k_per_min = 0;
    } else {
        t->room_c = heat_follow(before, k->room, y);
        t->slope_k_per_min = heat_slope(t->slope_k_per_min, k->slope, t->room_c, before, k->per_min);
    }
    t->last_sense_at = s->at;
    t->last_room_mc = s->room_mc;
    return ms;
}

// ---- learning

struct learn learn_of(const struct thermostat *t)
{
    const struct zone_estimate *e = &t->est;
    struct learn l = {.last_y = e->last_y,
                      .last_p = e->last_p,
                      .ends = e->have_last_p ? 2 : e->started,
                      .samples = e->samples,
                      .sane = e->sane,
                      .capacity_known = e->capacity_known,
                      .usable = e->usable,
                      .capacity_j_per_k = t->capacity_j_per_k,
                      .integral_w = t->integral_w,
                      .kp = t->kp,
                      .kp_per_ti = t->kp_per_ti,
                      .per_tt = t->per_tt};
    for (int i = 0; i < ESTIMATE_TERMS; i++) {
        l.theta[i] = e->theta[i];
        for (int j = i; j < ESTIMATE_TERMS; j++)
            l.cov[LEARN_COV_OF(i, j)] = e->cov[i * ESTIMATE_TERMS + j];
    }
    return l;
}

void learn_take(struct thermostat *t, const struct learn *l)
{
    struct zone_estimate *e = &t->est;
    for (int i = 0; i < ESTIMATE_TERMS; i++) {
        e->theta[i] = l->theta[i];
        for (int j = i; j < ESTIMATE_TERMS; j++)
            e->cov[i * ESTIMATE_TERMS + j] = e->cov[j * ESTIMATE_TERMS + i] = l->cov[LEARN_COV_OF(i, j)];
    }
    e->last_y = l->last_y;
    e->last_p = l->last_p;
    e->started = l->ends >= 1;
    e->have_last_p = l->ends >= 2;
    e->samples = (int32_t)l->samples;
    e->sane = (int32_t)l->sane;
    e->capacity_known = l->capacity_known != 0;
    e->usable = l->usable != 0;
    t->capacity_j_per_k = l->capacity_j_per_k;
    t->integral_w = (float)l->integral_w;
    t->kp = (float)l->kp;
    t->kp_per_ti = (float)l->kp_per_ti;
    t->per_tt = (float)l->per_tt;
}

struct learn_make learn_make_of(const struct thermostat *t, double sum_s)
{
    return (struct learn_make){.per_sum_s = 1 / sum_s,
                               .per_full = t->ua_w_per_k / t->full_w,
                               .full_w = t->full_w,
                               .weight_b = t->weight_b};
}

void heat_learn(struct thermostat *t)
{
    if (t->guards & (GUARDS_BLIND | GUARD_BIT(GUARD_WINDOW_OPEN) | GUARD_BIT(GUARD_COVERED))) {
        estimate_skip(&t->est);
        return;
    }
    struct learn l = learn_of(t);
    struct learn_make k = learn_make_of(t, t->est.sum_s);
    struct learn_from in = {.y_c = t->room_c,
                            .outside_c = t->outside_c,
                            .outside_known = t->est.outside_known,
                            .sum_p_s = t->est.sum_p_s,
                            .r_c = t->r_c,
                            .target_w = t->request.target_w,
                            .guarded = t->guards != 0};
    if (learn_sample(&l, &in, &k))
        learn_restart(&l, t->est.outside_known);
    learn_gains(&l, &in, &k);
    learn_take(t, &l);
    t->est.sum_p_s = t->est.sum_s = 0;
}

// Times to the bands, every quarter of an hour and when guard or wish have changed.
static void horizon(struct thermostat *t, house_ms now)
{
    double up = t->r_c + t->up_c, down = t->r_c - t->down_c;
    struct heat_request *q = &t->request;
    q->t_up_s = estimate_time_s(&t->est, t->cfg.nameplate_w, t->room_c, up, q->max_w, t->outside_c, true);
    q->t_down_s = estimate_time_s(&t->est, t->cfg.nameplate_w, t->room_c, down, 0, t->outside_c, false);
    t->horizon_at = house_add(now, HORIZON_MS);
}

// A blind thermostat goes on with what the zone took on average, within the local limit. Off stays off.
static float blind_w(const struct thermostat *t, float limit)
{
    if (t->wish.mode == ZONE_OFF || t->guards & GUARDS_DARK)
        return 0;
    double mean_w = num_clamp(t->mean_w, 0.1 * t->full_w, GUARD_BLIND_SHARE * t->full_w);
    return (float)num_min(mean_w, limit);
}

// The least that keeps the zone in its band, from the loop itself: what it would give for the lower edge.
static void write_request(struct thermostat *t, float v, float u, float hi)
{
    struct heat_request *q = &t->request;
    float low = v - t->kp * t->down_c;
    q->target_w = heat_to_w(u);
    q->max_w = heat_to_w(hi);
    q->min_w = t->guards & GUARDS_BLIND ? 0 : heat_to_w(heat_between(low, 0, u));
}

// Though the room is above its band or the setpoint's guard: the host has allowed that. The absolute limit
// stands, watts become less over the last of it as below the band, and whatever else a guard found wins.
static int32_t keep_w(const struct thermostat *t)
{
    const uint32_t may = GUARD_BIT(GUARD_ROOM_HOT);
    if (!t->cfg.keep_w || !t->started || t->guards & ~may)
        return 0;
    int32_t w = heat_to_w(heat_ceiling_w(HOT_ALWAYS_C - t->room_c, (float)t->cfg.keep_w));
    return w > t->request.target_w ? w : 0;
}

void heat_request_rest(struct thermostat *t, house_ms now)
{
    struct heat_request *q = &t->request;
    double y = t->room_c;
    q->keep_w = keep_w(t);
    q->up_j = q->max_w == 0 ? 0 : (int64_t)num_max(0, t->capacity_j_per_k * (t->r_c + t->up_c - y));
    q->down_j = (int64_t)num_max(0, t->capacity_j_per_k * (y - t->r_c + t->down_c));
    q->valid_until = house_add(now, VALID_MS);
    if (!house_before(now, t->horizon_at))
        horizon(t, now);
}

// What would hold the room where it is: what its metal gives off less what the room stores of it.
static float held_w(const struct thermostat *t)
{
    return t->ua_w_per_k * (t->metal_c - t->room_c) - (float)t->capacity_j_per_k * t->slope_k_per_min / 60;
}

// What the integral moves by where urgent work gives more than the loop and has the room above its setpoint:
// it goes, at its usual pace, to where the loop would give at the setpoint what holds the room, whatever the
// weather has done since the work began. When it ends the loop asks for nothing until the room is back, and
// then for that.
static float wind_lifted(const struct thermostat *t, float dt_s)
{
    float at_setpoint_w = t->kp * (t->weight_b - 1) * t->r_c + t->integral_w;
    return heat_wind(dt_s, t->kp_per_ti, (held_w(t) - at_setpoint_w) / t->kp, 0, 0, 0);
}

// The PI with what the guards left.
static void loop(struct thermostat *t, float dt_s, house_ms now)
{
    float y = t->room_c, limit = t->full_w;
    if (t->guards)
        limit = (float)guards_limit_w(t);
    float hot = row_max(t->metal_c, t->heatsink_c);
    float cap = heat_surface_w(t->ua_w_per_k, t->surface_c, y, hot);
    float r = t->r_c, v = heat_wanted_w(t->kp, t->weight_b, r, y, t->integral_w);
    if (t->guards & GUARD_BIT(GUARD_WINDOW_OPEN)) {
        r = FROST_C; // no integral: it belongs to the room with its windows shut
        v = t->kp * (FROST_C - y);
    }
    if (cap < t->full_w || t->guards & GUARD_BIT(GUARD_SURFACE_HOT)) {
        guards_surface(t, cap < row_min(v, limit), now);
        limit = heat_between(cap, 0, limit);
    }
    float hi = heat_ceiling_w(r + t->up_c - y, limit);
    float lo = row_min((float)t->cfg.floor_w, hi);
    float u = heat_between(v, lo, hi);
    if (t->wish.mode == ZONE_BOOST && y < r - 0.3f && !t->guards)
        u = hi;
    if (t->guards & GUARDS_BLIND)
        u = hi = blind_w(t, limit);
    if (!t->frozen && t->lift_w > 0 && y > r)
        t->integral_w += wind_lifted(t, dt_s);
    else if (!t->frozen)
        t->integral_w += heat_wind(dt_s, t->kp_per_ti, r - y, t->per_tt, u, v);
    // Full power is also what the metal allows; other guards are no want of watts.
    if (!heat_is_full(u, t->guards & ~GUARD_BIT(GUARD_SURFACE_HOT) ? t->full_w : limit))
        t->full_since = HOUSE_MS(0);
    else if (t->full_since.v == 0)
        t->full_since = now;
    write_request(t, v, u, hi);
}

void heat_step_one(struct thermostat *t, const struct zone_sense *s, struct heat_spacing *k, house_ms now)
{
    int64_t ms = t->last_step_at.v ? house_since(now, t->last_step_at) : 0, window_ms = 0;
    ms = ms < 0 ? 0 : ms > HEAT_STEP_MAX_MS ? HEAT_STEP_MAX_MS : ms;
    t->last_step_at = now;
    if (s->room_mc != INT32_MIN && s->at.v > t->last_sense_at.v && s->at.v <= now.v)
        window_ms = take_reading(t, s, k);
    if (ms != k->ms || t->cfg.heater_tau_s != k->tau_s)
        *k = heat_spacing_of(ms, t->cfg.heater_tau_s);

    float dt_s = (float)k->s, whole_w = heat_whole_w((float)s->draw_mw);
    t->applied_w = (int32_t)whole_w;
    float one_k = heat_one_k((float)s->hot_draw_mw, t->k_per_w, whole_w * t->k_per_all_w);
    t->metal_c = heat_follow(t->metal_c, k->metal, t->room_c + one_k);
    if (!(t->guards & GUARDS_BLIND))
        t->mean_w =
            heat_mean_w(t->mean_w, k->mean, (float)(t->lift_w > 0 ? t->applied_w : t->request.target_w));
    t->est.sum_s += k->s;
    t->est.sum_p_s += dt_s * (t->metal_c - t->room_c);

    bool metal_ok = s->heatsink_mc == INT32_MIN || !guards_heatsink(t, s, k->s, now);
    if (!metal_ok || !guards_quiet(t, s, now))
        guards_step(t, s, k->s, window_ms, now);
    loop(t, dt_s, now);
    if (t->est.sum_s >= ESTIMATE_SAMPLE_S)
        heat_learn(t);
}
