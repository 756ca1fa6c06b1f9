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
#include "core/heat/step.h"

#define LARGE_STEP_K 1.0001f // more than a kelvin, of setpoints in single precision

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
        .ti_s = 4 * (HEAT_LAG_S + HEAT_CLOSED_LOOP_S),
        .tt_s = HEAT_TT_SHARE * 4 * (HEAT_LAG_S + HEAT_CLOSED_LOOP_S),
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

double thermostat_setpoint_c(const struct thermostat *t, const struct zone_wish *w)
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
    return low ? HOT_ALWAYS_C : num_min(HOT_ALWAYS_C, above);
}

void heat_set_gains(struct thermostat *t, double kp, double ti_s, double tt_s)
{
    t->integral_w = (float)heat_other_gains(t->kp, kp, t->weight_b * t->r_c - t->room_c, t->integral_w,
                                            t->cfg.nameplate_w);
    t->kp = (float)kp;
    t->kp_per_ti = (float)(kp / ti_s);
    t->per_tt = (float)(1 / tt_s);
}

int32_t thermostat_keep_share_w(const struct thermostat_config *c, int32_t keep_w, int32_t working)
{
    if (keep_w <= 0 || working <= 0 || c->keep_boards <= 0)
        return 0;
    return working >= c->keep_boards ? keep_w : keep_w * working / c->keep_boards;
}

void thermostat_init(struct thermostat *t, const struct thermostat_config *cfg)
{
    memset(t, 0, sizeof *t);
    t->cfg = *cfg;
    if (t->cfg.heaters < 1)
        t->cfg.heaters = 1;
    t->wish = (struct zone_wish){.mode = ZONE_COMFORT, .setpoint_mc = 19000};
    t->r_c = (float)thermostat_setpoint_c(t, &t->wish);
    t->hot_c = (float)hot_limit_c(t);
    t->room_c = t->metal_c = t->r_c; // until the first reading
    t->weight_b = (float)cfg->weight_b;
    t->k_per_w = (float)(1 / cfg->heater_ua_w_per_k);
    t->k_per_all_w = t->k_per_w / (float)t->cfg.heaters;
    t->ua_w_per_k = (float)(t->cfg.heaters * cfg->heater_ua_w_per_k);
    t->full_w = (float)cfg->nameplate_w;
    t->surface_c = (float)(cfg->surface_max_mc * 1e-3);
    t->up_c = (float)(cfg->band_up_mc * 1e-3);
    t->down_c = (float)(cfg->band_down_mc * 1e-3);
    t->cpu_share = 1;
    t->heatsink_c = -273;
    t->outside_c = ESTIMATE_OUTSIDE_C;
    t->last_sense_at = HOUSE_MS(INT64_MIN / 2);
    t->mean_w = (float)(GUARD_BLIND_SHARE * cfg->nameplate_w);
    t->last_room_mc = INT32_MIN;
    estimate_init(&t->est);
    t->capacity_j_per_k = estimate_capacity_j_per_k(&t->est, cfg->nameplate_w);
    heat_set_gains(t, cfg->kp_w_per_k, cfg->ti_s, cfg->tt_s);
    t->integral_w = t->mean_w + t->kp * (1 - t->weight_b) * t->r_c;
}

void thermostat_set_wish(struct thermostat *t, const struct zone_wish *wish)
{
    if (wish->mode == t->wish.mode && wish->setpoint_mc == t->wish.setpoint_mc)
        return;
    float r = (float)thermostat_setpoint_c(t, wish), step = r - t->r_c;
    // Down by no more than a kelvin: the integral takes the step, and the loop goes down at its own pace. A
    // larger step is meant: the heater stops until the room gets there.
    if (step < 0 && step >= -LARGE_STEP_K)
        t->integral_w -= t->kp * t->weight_b * step;
    // It also ends what the way up to the old setpoint has wound up: at the new one the loop gives what the
    // zone took of late, not full power until the room is past it.
    if (step < -LARGE_STEP_K && t->started)
        t->integral_w = (float)num_min(t->integral_w, t->mean_w + t->kp * (1 - t->weight_b) * r);
    // Up by more than a kelvin: straight onto the line that a saturated loop with Tt = Ti keeps to, full
    // power plus Kp times the error. From anywhere lower a quick room would leave full power a kelvin too
    // early.
    if (step > LARGE_STEP_K && t->started && r > t->room_c)
        t->integral_w = t->full_w + t->kp * (1 - t->weight_b) * r;
    // Before the first reading the integral still is the guess for a room at its setpoint.
    if (!t->started)
        t->integral_w += t->kp * (1 - t->weight_b) * step;
    t->wish = *wish;
    t->r_c = r;
    t->hot_c = (float)hot_limit_c(t);
    guards_wish(t);
    t->horizon_at = t->last_step_at;
    if (wish->mode == ZONE_OFF)
        t->pending |= GUARD_BIT(GUARD_OFF);
}

void thermostat_set_outside(struct thermostat *t, int32_t outside_mc)
{
    t->outside_c = heat_outside_c(outside_mc);
    estimate_set_outside_known(&t->est, outside_mc != INT32_MIN);
}

void thermostat_set_lift(struct thermostat *t, int32_t lift_w)
{
    t->lift_w = lift_w > 0 ? lift_w : 0;
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
