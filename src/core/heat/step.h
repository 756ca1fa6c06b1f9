// SPDX-License-Identifier: Apache-2.0
//
// A thermostat's step, for the files of core/heat only: its formulas, each once, for one zone (step.c) and
// for many side by side (lanes.c). Selects, not branches, so that the compiler can put zones side by side.
#ifndef ONDOL_CORE_HEAT_STEP_H
#define ONDOL_CORE_HEAT_STEP_H

#include "base/wide.h"
#include "core/heat/guards.h"
#include "core/heat/thermostat.h"

#define HEAT_LAG_S         1500.0 // half of the heater's 40 min, and 5 min of sensor and filters
#define HEAT_CLOSED_LOOP_S 1800.0 // wanted time constant tc
#define HEAT_TT_SHARE      0.9    // of Ti
#define HOT_ALWAYS_C       28.0   // a room this warm gets nothing, whatever its setpoint
#define HEAT_TAPER_K       0.2    // over the last 0.2 K below the upper band max_w goes to 0
#define HEAT_STEP_MAX_MS   600000

// What depends on the time between steps, and on the lag of the heater's metal.
struct heat_spacing {
    int64_t ms;
    double tau_s;      // of the metal
    double s, per_min; // seconds; 1 / minutes
    double room, slope, metal, mean;
};
struct heat_spacing heat_spacing_of(int64_t ms, double heater_tau_s);

// One step of one zone, whatever its state. k: of the step before, in and out; ms -1: none yet.
void heat_step_one(struct thermostat *t, const struct zone_sense *s, struct heat_spacing *k, house_ms now);

// A sample for the zone's estimate, and the gains from it: every ESTIMATE_SAMPLE_S, after the step (learn.h).
void heat_learn(struct thermostat *t);

// Other gains, the output where it is.
void heat_set_gains(struct thermostat *t, double kp, double ti_s, double tt_s);

// The request's joules and times, from a state whose watts are up to date.
void heat_request_rest(struct thermostat *t, house_ms now);

// ---- formulas

// Outside as it counts; INT32_MIN: nobody knows it.
static inline double heat_outside_c(int32_t mc)
{
    int32_t within = mc < -60000 ? -60000 : mc > 60000 ? 60000 : mc;
    return mc == INT32_MIN ? ESTIMATE_OUTSIDE_C : within * 1e-3;
}

static inline double heat_follow(double x, double k, double to)
{
    return x + k * (to - x);
}

// The demand's mean. A summer without demand would take it to numbers so small that processors are slow with
// them.
static inline double heat_mean_w(double mean_w, double k, double target_w)
{
    return heat_follow(mean_w, k, target_w + 1e-30);
}

// The integral under another gain: the output stays where it is, the integral takes what the gain moves. What
// a saturated loop has above full power is gain times error and changes with the gain. `p`: weighted setpoint
// less room.
static inline double heat_other_gains(double was_kp, double kp, double p, double integral_w, double full_w)
{
    double v = was_kp * p + integral_w, above = full_w + (v - full_w) * kp / was_kp;
    return wide_pick(wide_mask(v > full_w) & wide_mask(was_kp > 0), above, v) - kp * p;
}

// Electric power that a meter's milliwatts are, whole watts. As a product: 0.001 is a hair above a
// thousandth, so that no whole number is missed.
static inline double heat_whole_w(double mw)
{
    double w = (double)(int32_t)((mw + 500) * 0.001);
    return wide_pick(wide_mask(w > 0), w, 0);
}

// `per_min`: 60 s over the time between.
static inline double heat_sink_slope(double c, double before_c, double per_min)
{
    return (c - before_c) * per_min;
}

// K/min that a free heater would rise at. `lag_per_min`: 60 s over its lag.
static inline double heat_free_rise(double watts_k, double over_room, double lag_per_min)
{
    return (watts_k - over_room) * lag_per_min;
}

// Hotter than explained: the level by a third and 8 K, or rising by half and 0.3 K/min faster than a free
// heater of these watts at this temperature would.
static inline int64_t heat_covered_mask(double over_room, double explained, double slope, double rise)
{
    double free = rise > 0 ? rise : 0;
    int64_t level = wide_mask(over_room > 1.3 * explained + 8);
    return level | (wide_mask(over_room > 10) & wide_mask(slope > 1.5 * free + 0.3));
}

static inline bool heat_covered(double over_room, double explained, double slope, double rise)
{
    return heat_covered_mask(over_room, explained, slope, rise) != 0;
}

// What the surface may take: the watts that leave it at its limit, and more while the metal is below.
static inline double heat_surface_w(double ua_w_per_k, double surface_c, double y, double hot_c)
{
    return ua_w_per_k * (surface_c - y + GUARD_METAL_GAIN * (surface_c - hot_c));
}

// lo <= hi. Where it is the smaller or larger of two, a plain choice: one instruction for all lanes.
static inline double heat_between(double x, double lo, double hi)
{
    double top = x > hi ? hi : x;
    return lo > top ? lo : top;
}

// The limit, less over the last of the upper band.
static inline double heat_ceiling_w(double band_left_k, double limit)
{
    return limit * heat_between(band_left_k * (1 / HEAT_TAPER_K), 0, 1);
}

// What the integral moves by.
static inline double heat_wind(double dt_s, double kp_per_ti, double error_k, double per_tt, double u,
                               double v)
{
    return dt_s * (kp_per_ti * error_k + (u - v) * per_tt);
}

// The same where urgent work gives more than the loop and has the room above its setpoint: the integral goes,
// at its usual pace, to where the loop would give at the setpoint what holds the room, whatever the weather
// has done since the work began. When it ends the loop asks for nothing until the room is back, and then for
// that.
static inline double heat_wind_lifted(double dt_s, double kp_per_ti, double kp, double held_w,
                                      double at_setpoint_w)
{
    return heat_wind(dt_s, kp_per_ti, (held_w - at_setpoint_w) / kp, 0, 0, 0);
}

static inline int32_t heat_to_w(double w)
{
    return (int32_t)(w + 0.5);
}

#endif
