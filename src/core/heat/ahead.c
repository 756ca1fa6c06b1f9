// SPDX-License-Identifier: Apache-2.0
#include "core/heat/ahead.h"

#include "base/num.h"
#include "core/heat/step.h"

#define REACHED_K      0.5 // below the setpoint: there the step counts as reached
#define SURFACE_SHARE  0.3 // of what the slow model says: most of a way up is faster
#define SURFACE_MOST_S 1800.0
#define NEED_SHARE     0.15
#define DAY_S          86400.0
#define LOOK_MS        60000

// What the air rises by at once when the heater goes to full power: the estimate's term for it.
static double at_once_k(const struct thermostat *t)
{
    double share = 1 - num_clamp(t->ua_w_per_k * (t->metal_c - t->room_c) / t->full_w, 0, 1);
    return num_clamp(t->est.theta[2], 0, 1) * share;
}

static double ramp_s(const struct thermostat *t, double to_c, double power_w)
{
    double from_c = num_min(t->room_c + at_once_k(t), to_c);
    return estimate_time_s(&t->est, t->cfg.nameplate_w, from_c, to_c, power_w, t->outside_c, true);
}

// On a long way up the metal comes to its limit, which the ideal heater has not.
static double surface_s(const struct thermostat *t, double to_c, double ramp)
{
    double most_w = t->ua_w_per_k * (t->surface_c - to_c);
    if (!t->est.usable || most_w >= t->full_w || ramp > DAY_S)
        return 0;
    return num_min(SURFACE_SHARE * (ramp_s(t, to_c, most_w) - ramp), SURFACE_MOST_S);
}

// In a warm season sun and people do it; and who does not know the room yet cannot tell.
static bool is_for_nothing(const struct thermostat *t, double r)
{
    return !t->est.usable ||
           estimate_need_w(&t->est, t->cfg.nameplate_w, r, t->outside_c) < NEED_SHARE * t->full_w;
}

int64_t ahead_lead_ms(const struct thermostat *t, const struct zone_wish *is, const struct zone_wish *next)
{
    double r = thermostat_setpoint_c(t, next), tau = t->cfg.heater_tau_s;
    if (!t->started || r < thermostat_setpoint_c(t, is) + AHEAD_LEAST_K || t->room_c >= r - REACHED_K ||
        is_for_nothing(t, r))
        return 0;
    double ramp = ramp_s(t, r - REACHED_K, t->full_w), lead = tau;
    for (int i = 0; i < 20; i++) // falls to the fixed point
        lead = tau * (1 - num_exp(-(lead + ramp) / tau));
    return int_clamp((int64_t)((lead + surface_s(t, r - REACHED_K, ramp)) * 1000), 0, AHEAD_MOST_MS);
}

struct zone_wish ahead_wish(struct thermostat *t, const struct schedule *s, const struct zone_wish *base,
                            house_ms boost_until, house_ms now, int64_t utc_offset_ms, house_ms *look_at)
{
    struct zone_wish is = schedule_wish(s, base, boost_until, now, utc_offset_ms);
    house_ms at = schedule_next(s, boost_until, now, utc_offset_ms), look = at;
    int64_t left_ms = house_since(at, now);
    if (house_before(now, boost_until) || left_ms <= 0) {
        // a boost ends by itself, and its end is no step
    } else if (left_ms > AHEAD_MOST_MS) {
        look = house_add(at, -(int64_t)AHEAD_MOST_MS);
    } else {
        struct zone_wish next = schedule_wish(s, base, HOUSE_MS(0), at, utc_offset_ms);
        if (t->ahead_of.v != at.v && left_ms <= ahead_lead_ms(t, &is, &next))
            t->ahead_of = at;
        if (t->ahead_of.v == at.v)
            is = next;
        else if (left_ms > LOOK_MS)
            look = house_add(now, LOOK_MS);
    }
    if (look_at)
        *look_at = look;
    return is;
}
