// SPDX-License-Identifier: Apache-2.0
//
// One step of a zone: take the reading, follow the metal, let the guards look, run the loop, write the
// request. The quick part below is all that runs when nothing is unusual: a filter, the surface cap and a PI,
// some thirty multiplications and no division. Coefficients that depend on the spacing of steps are computed
// once for all zones that share it. What moves in hours (estimate, gains, times to the bands) runs every
// quarter of an hour.
//
// Gains by SIMC on capacity C: Kp = C / (tc + L), Ti = 4 (tc + L). L is half the heater's lag plus the
// sensor's, tc is 30 min. Tt is near Ti on purpose: a saturated loop leaves its limit when the error is about
// (Ti - Tt) dy/dt, so that Tt = Ti runs at full power up to the setpoint and overshoots, Tt = Ti/4 crawls up
// the last kelvin. What is left is half of what the metal still gives off.
#include "core/heat/thermostat.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "core/heat/guards.h"

#define LAG_S         1500.0 // half of the heater's 40 min, and 5 min of sensor and filters
#define CLOSED_LOOP_S 1800.0 // wanted time constant tc
#define TT_SHARE      0.9    // of Ti
#define HORIZON_MS    900000 // how old t_up and t_down may get: they move in hours, and cost two logarithms
#define VALID_MS      90000
#define TAPER_K       0.2 // over the last 0.2 K below the upper band max_w goes to 0

static const char *const guard_names[GUARD_N] = {
    "none",     "off",     "sensor-stale", "sensor-impossible", "window-open",
    "room-hot", "cpu-hot", "surface-hot",  "covered",           "lid-open",
};
static const char *const mode_names[ZONE_MODE_N] = {"off", "frost", "eco", "comfort", "boost"};

const char *zone_guard_name(enum zone_guard g)
{
    return (unsigned)g < GUARD_N ? guard_names[g] : "unknown";
}

const char *zone_mode_name(enum zone_mode m)
{
    return (unsigned)m < ZONE_MODE_N ? mode_names[m] : "unknown";
}

// Before anything is known the heater is taken to fit its room (10 kJ/K per watt): the gain that this would
// give is a third too high for a light room, so the default stays below it.
void thermostat_config_default(struct thermostat_config *c, int32_t nameplate_w)
{
    *c = (struct thermostat_config){
        .nameplate_w = nameplate_w > 0 ? nameplate_w : 1,
        .kp_w_per_k = 2.0 * nameplate_w,
        .ti_s = 4 * (LAG_S + CLOSED_LOOP_S),
        .tt_s = TT_SHARE * 4 * (LAG_S + CLOSED_LOOP_S),
        .weight_b = 0.6,
        .heaters = nameplate_w > 750 ? (nameplate_w + 250) / 500 : 1,
        .heater_ua_w_per_k = 10,
        .heater_tau_s = 2400,
        .surface_max_mc = 65000,
        .cpu_max_mc = 90000,
        .band_up_mc = 500,
        .band_down_mc = 500,
        .setpoint_min_mc = 7000,
        .setpoint_max_mc = 26000,
    };
}

static double setpoint_c(const struct thermostat *t, const struct zone_wish *w)
{
    double sp = int_clamp(w->setpoint_mc, t->cfg.setpoint_min_mc, t->cfg.setpoint_max_mc) * 1e-3;
    switch (w->mode) {
    case ZONE_COMFORT:
        return sp;
    case ZONE_BOOST:
        return num_min(sp + 2, num_max(sp, t->cfg.setpoint_max_mc * 1e-3));
    case ZONE_ECO:
        return num_max(sp - 3, FROST_C);
    case ZONE_OFF:
    case ZONE_FROST:
    case ZONE_MODE_N:
        break;
    }
    return FROST_C;
}

// Eco after comfort leaves the room at setpoint + 3 K of the new value without anything being wrong: hot is
// measured from the comfort setpoint. With frost and off the loop gives nothing anyway.
static double hot_limit_c(const struct thermostat *t)
{
    bool low = t->wish.mode == ZONE_OFF || t->wish.mode == ZONE_FROST;
    double above = (t->wish.mode == ZONE_ECO ? t->wish.setpoint_mc * 1e-3 : t->r_c) + 3;
    return low ? 28 : num_min(28, above);
}

static void set_gains(struct thermostat *t, double kp, double ti_s, double tt_s)
{
    // The output stays where it is: the integral takes what the other gain moves. What a saturated loop has
    // above full power is gain times error and changes with the gain.
    double p = t->weight_b * t->r_c - t->room_c, v = t->kp * p + t->integral_w, full = t->cfg.nameplate_w;
    if (v > full && t->kp > 0)
        v = full + (v - full) * kp / t->kp;
    t->integral_w = v - kp * p;
    t->kp = kp;
    t->kp_per_ti = kp / ti_s;
    t->per_tt = 1 / tt_s;
}

void thermostat_init(struct thermostat *t, const struct thermostat_config *cfg)
{
    memset(t, 0, sizeof *t);
    t->cfg = *cfg;
    if (t->cfg.heaters < 1)
        t->cfg.heaters = 1;
    t->wish = (struct zone_wish){.mode = ZONE_COMFORT, .setpoint_mc = 19000};
    t->r_c = setpoint_c(t, &t->wish);
    t->hot_c = hot_limit_c(t);
    t->room_c = t->metal_c = t->r_c; // until the first reading
    t->weight_b = cfg->weight_b;
    t->per_ua = 1 / cfg->heater_ua_w_per_k;
    t->per_heaters = 1.0 / t->cfg.heaters;
    t->ua_w_per_k = t->cfg.heaters * cfg->heater_ua_w_per_k;
    t->full_w = cfg->nameplate_w;
    t->surface_c = cfg->surface_max_mc * 1e-3;
    t->up_c = cfg->band_up_mc * 1e-3;
    t->down_c = cfg->band_down_mc * 1e-3;
    t->cpu_share = 1;
    t->heatsink_c = -273;
    t->outside_c = ESTIMATE_OUTSIDE_C;
    t->last_sense_at = HOUSE_MS(INT64_MIN / 2);
    t->mean_w = GUARD_BLIND_SHARE * cfg->nameplate_w;
    t->last_room_mc = INT32_MIN;
    estimate_init(&t->est);
    t->capacity_j_per_k = estimate_capacity_j_per_k(&t->est, cfg->nameplate_w);
    set_gains(t, cfg->kp_w_per_k, cfg->ti_s, cfg->tt_s);
    t->integral_w = t->mean_w + t->kp * (1 - t->weight_b) * t->r_c;
}

void thermostat_set_wish(struct thermostat *t, const struct zone_wish *wish)
{
    if (wish->mode == t->wish.mode && wish->setpoint_mc == t->wish.setpoint_mc)
        return;
    double r = setpoint_c(t, wish), step = r - t->r_c;
    // Down by no more than a kelvin: the integral takes the step, and the loop goes down at its own pace. A
    // larger step is meant: the heater stops until the room gets there.
    if (step < 0 && step >= -1)
        t->integral_w -= t->kp * t->weight_b * step;
    // It also ends what the way up to the old setpoint has wound up: at the new one the loop gives what the
    // zone took of late, not full power until the room is past it.
    if (step < -1 && t->started)
        t->integral_w = num_min(t->integral_w, t->mean_w + t->kp * (1 - t->weight_b) * r);
    // Up by more than a kelvin: straight onto the line that a saturated loop with Tt = Ti keeps to, full
    // power plus Kp times the error. From anywhere lower a quick room would leave full power a kelvin too
    // early.
    if (step > 1 && t->started && r > t->room_c)
        t->integral_w = t->cfg.nameplate_w + t->kp * (1 - t->weight_b) * r;
    // Before the first reading the integral still is the guess for a room at its setpoint.
    if (!t->started)
        t->integral_w += t->kp * (1 - t->weight_b) * step;
    t->wish = *wish;
    t->r_c = r;
    t->hot_c = hot_limit_c(t);
    guards_wish(t);
    t->horizon_at = t->last_step_at;
    if (wish->mode == ZONE_OFF)
        t->pending |= GUARD_BIT(GUARD_OFF);
}

void thermostat_set_outside(struct thermostat *t, int32_t outside_mc)
{
    bool known = outside_mc != INT32_MIN;
    t->outside_c = known ? int_clamp(outside_mc, -60000, 60000) * 1e-3 : ESTIMATE_OUTSIDE_C;
    estimate_set_outside_known(&t->est, known);
}

// What depends on the time between steps alone.
struct spacing {
    int64_t ms;
    double s, per_min; // seconds; 1 / minutes
    double room, slope, metal, mean;
};

static struct spacing spacing_of(int64_t ms, double heater_tau_s)
{
    struct spacing k = {.ms = ms, .s = ms * 1e-3};
    if (ms <= 0)
        return (struct spacing){.ms = ms};
    k.per_min = 60000.0 / ms;
    k.room = 1 - num_exp(-k.s / 30);
    k.slope = 1 - num_exp(-k.s / 60);
    k.metal = 1 - num_exp(-k.s / heater_tau_s);
    k.mean = 1 - num_exp(-k.s / 3600);
    return k;
}

static void first_reading(struct thermostat *t, const struct zone_sense *s)
{
    double y = s->room_mc * 1e-3;
    t->metal_c = y + (s->heatsink_mc != INT32_MIN && s->heatsink_mc > s->room_mc
                          ? num_min(s->heatsink_mc - s->room_mc, 60000) * 1e-3
                          : 0);
    t->room_c = y;
    t->last_sense_at = s->at;
    t->last_room_mc = s->room_mc;
    t->started = true;
}

// Takes a new reading into the filters. Returns the time between readings.
static int64_t take_reading(struct thermostat *t, const struct zone_sense *s, struct spacing *k)
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
    if (ms != k->ms)
        *k = spacing_of(ms, t->cfg.heater_tau_s);
    double before = t->room_c, y = s->room_mc * 1e-3;
    if (ms > GUARD_STALE_MS * 4) { // after a long silence there is nothing to filter with
        t->room_c = y;
        t->slope_k_per_min = 0;
    } else {
        t->room_c = before + k->room * (y - before);
        t->slope_k_per_min += k->slope * ((t->room_c - before) * k->per_min - t->slope_k_per_min);
    }
    t->last_sense_at = s->at;
    t->last_room_mc = s->room_mc;
    return ms;
}

// Every quarter of an hour: a sample for the estimate; gains and capacity from it once it is usable.
static void learn(struct thermostat *t)
{
    if (t->guards & (GUARDS_BLIND | GUARD_BIT(GUARD_WINDOW_OPEN) | GUARD_BIT(GUARD_COVERED))) {
        estimate_skip(&t->est);
        return;
    }
    estimate_sample(&t->est, t->room_c, t->outside_c);
    t->capacity_j_per_k = estimate_capacity_j_per_k(&t->est, t->cfg.nameplate_w);
    if (!t->est.capacity_known)
        return;
    double kp = num_clamp(t->capacity_j_per_k / (LAG_S + CLOSED_LOOP_S), 0.5 * t->cfg.nameplate_w,
                          4.0 * t->cfg.nameplate_w);
    double ti = num_clamp(num_min(estimate_tau_s(&t->est), 4 * (LAG_S + CLOSED_LOOP_S)), 3600, 20000);
    set_gains(t, kp, ti, TT_SHARE * ti);
}

static int32_t to_w(double w)
{
    return (int32_t)(w + 0.5);
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
static double blind_w(const struct thermostat *t, double limit)
{
    if (t->wish.mode == ZONE_OFF || t->guards & GUARDS_DARK)
        return 0;
    return num_min(num_clamp(t->mean_w, 0.1 * t->cfg.nameplate_w, GUARD_BLIND_SHARE * t->cfg.nameplate_w),
                   limit);
}

// The least that keeps the zone in its band, from the loop itself: what it would give for the lower edge.
static void write_request(struct thermostat *t, double v, double u, double hi, double limit, house_ms now)
{
    struct heat_request *q = &t->request;
    double y = t->room_c, low = v - t->kp * t->down_c;
    q->target_w = to_w(u);
    q->max_w = to_w(hi);
    q->min_w = t->guards & GUARDS_BLIND ? 0 : to_w(num_clamp(low, 0, u));
    q->up_j = limit <= 0 ? 0 : (int64_t)num_max(0, t->capacity_j_per_k * (t->r_c + t->up_c - y));
    q->down_j = (int64_t)num_max(0, t->capacity_j_per_k * (y - t->r_c + t->down_c));
    q->valid_until = house_add(now, VALID_MS);
    if (!house_before(now, t->horizon_at))
        horizon(t, now);
}

// The PI with what the guards left.
static void loop(struct thermostat *t, double dt_s, house_ms now)
{
    double y = t->room_c, limit = t->full_w;
    if (t->guards)
        limit = guards_limit_w(t);
    double hot = t->metal_c > t->heatsink_c ? t->metal_c : t->heatsink_c;
    double cap = t->ua_w_per_k * (t->surface_c - y + GUARD_METAL_GAIN * (t->surface_c - hot));
    double r = t->r_c, v = t->kp * (t->weight_b * r - y) + t->integral_w;
    if (t->guards & GUARD_BIT(GUARD_WINDOW_OPEN)) {
        r = FROST_C; // no integral: it belongs to the room with its windows shut
        v = t->kp * (FROST_C - y);
    }
    if (cap < t->full_w || t->guards & GUARD_BIT(GUARD_SURFACE_HOT)) {
        guards_surface(t, cap < num_min(v, limit), now);
        limit = num_clamp(cap, 0, limit);
    }
    double room_left = (r + t->up_c - y) * (1 / TAPER_K);
    double hi = room_left >= 1 ? limit : room_left > 0 ? limit * room_left : 0;
    double lo = t->cfg.floor_w < hi ? t->cfg.floor_w : hi;
    double u = v < lo ? lo : v > hi ? hi : v;
    if (t->wish.mode == ZONE_BOOST && y < r - 0.3 && !t->guards)
        u = hi;
    if (t->guards & GUARDS_BLIND)
        u = hi = blind_w(t, limit);
    if (!t->frozen)
        t->integral_w += dt_s * (t->kp_per_ti * (r - y) + (u - v) * t->per_tt);
    // Full power is also what the metal allows; other guards are no want of watts.
    if (u * 50 < (t->guards & ~GUARD_BIT(GUARD_SURFACE_HOT) ? t->full_w : limit) * 49)
        t->full_since = HOUSE_MS(0);
    else if (t->full_since.v == 0)
        t->full_since = now;
    write_request(t, v, u, hi, limit, now);
}

static void step_one(struct thermostat *t, const struct zone_sense *s, struct spacing *k, house_ms now)
{
    int64_t ms = t->last_step_at.v ? house_since(now, t->last_step_at) : 0, window_ms = 0;
    ms = ms < 0 ? 0 : ms > 600000 ? 600000 : ms;
    t->last_step_at = now;
    if (s->room_mc != INT32_MIN && s->at.v > t->last_sense_at.v && s->at.v <= now.v)
        window_ms = take_reading(t, s, k);
    if (ms != k->ms)
        *k = spacing_of(ms, t->cfg.heater_tau_s);

    t->applied_w = s->draw_mw > 0 ? (s->draw_mw + 500) / 1000 : 0;
    double one_w = s->hot_draw_mw > 0 ? s->hot_draw_mw * 1e-3 : t->applied_w * t->per_heaters;
    t->metal_c += k->metal * (t->room_c + one_w * t->per_ua - t->metal_c);
    if (!(t->guards & GUARDS_BLIND))
        t->mean_w += k->mean * (t->request.target_w - t->mean_w);
    t->est.sum_s += k->s;
    t->est.sum_p_s += k->s * (t->metal_c - t->room_c);

    bool metal_ok = s->heatsink_mc == INT32_MIN || !guards_heatsink(t, s, k->s, now);
    if (!metal_ok || !guards_quiet(t, s, now))
        guards_step(t, s, k->s, window_ms, now);
    if (t->est.sum_s >= ESTIMATE_SAMPLE_S) {
        t->est.sum_p_s *= t->ua_w_per_k / t->full_w;
        learn(t);
    }
    loop(t, k->s, now);
}

void heat_step(struct thermostat *t, const struct zone_sense *sense, size_t n, house_ms now)
{
    struct spacing k = {.ms = -1};
    for (size_t i = 0; i < n; i++)
        step_one(&t[i], &sense[i], &k, now);
}

int32_t thermostat_missing_w(const struct thermostat *t)
{
    bool low = t->wish.mode == ZONE_OFF || t->wish.mode == ZONE_FROST;
    if (!t->est.usable || low || t->room_c > t->r_c - t->cfg.band_down_mc * 1e-3)
        return 0;
    double need = estimate_need_w(&t->est, t->cfg.nameplate_w, t->r_c, t->outside_c);
    double missing = need - t->cfg.nameplate_w;
    return missing > 0 ? (int32_t)num_min(missing, 1e6) : 0;
}
