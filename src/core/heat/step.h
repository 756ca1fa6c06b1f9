// SPDX-License-Identifier: Apache-2.0
//
// A thermostat's step, for the files of core/heat only: for one zone (step.c), and what that shares with many
// side by side (lanes.c).
#ifndef ONDOL_CORE_HEAT_STEP_H
#define ONDOL_CORE_HEAT_STEP_H

#include "base/wide.h"
#include "core/heat/guards.h"
#include "core/heat/thermostat.h"

#define HEAT_LAG_S         1500.0 // half of the heater's 40 min, and 5 min of sensor and filters
#define HEAT_CLOSED_LOOP_S 1800.0 // wanted time constant tc
#define HEAT_TT_SHARE      0.9    // of Ti
#define HOT_ALWAYS_C       28.0   // a room this warm gets nothing, whatever its setpoint
#define HEAT_STEP_MAX_MS   600000

// What depends on the time between steps, and on the lag of the heater's metal.
struct heat_spacing {
    int64_t ms;
    double tau_s;  // of the metal
    double s;      // seconds
    float per_min; // 1 / minutes
    float room, slope, metal, mean;
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

// ---- formulas of what moves in hours; those of the step are in formulas.h

// Outside as it counts; INT32_MIN: nobody knows it.
static inline double heat_outside_c(int32_t mc)
{
    int32_t within = mc < -60000 ? -60000 : mc > 60000 ? 60000 : mc;
    return mc == INT32_MIN ? ESTIMATE_OUTSIDE_C : within * 1e-3;
}

// The integral under another gain: the output stays where it is, the integral takes what the gain moves. What
// a saturated loop has above full power is gain times error and changes with the gain. `p`: weighted setpoint
// less room.
static inline double heat_other_gains(double was_kp, double kp, double p, double integral_w, double full_w)
{
    double v = was_kp * p + integral_w, above = full_w + (v - full_w) * kp / was_kp;
    return wide_pick(wide_mask(v > full_w) & wide_mask(was_kp > 0), above, v) - kp * p;
}

#endif
