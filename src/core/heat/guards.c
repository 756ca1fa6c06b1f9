// SPDX-License-Identifier: Apache-2.0
//
// The table in guards.h is the model; here are the causes and the two clocks of each guard: `since` counts
// how long a cause lasts before the guard comes, `calm_since` how long it is gone before the guard goes.
#define WIDE_ONE
#include "core/heat/guards.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "core/heat/formulas.h"

#define MINUTE INT64_C(60000)

// Strongest first: the one that is named when several are in force.
static const enum zone_guard order[] = {
    GUARD_LID_OPEN, GUARD_COVERED,     GUARD_SENSOR_IMPOSSIBLE, GUARD_SENSOR_STALE, GUARD_OFF,
    GUARD_ROOM_HOT, GUARD_WINDOW_OPEN, GUARD_CPU_HOT,           GUARD_SURFACE_HOT,
};

static bool in_force(const struct thermostat *t, enum zone_guard g)
{
    return t->guards >> g & 1;
}

static void publish(struct thermostat *t)
{
    enum zone_guard strongest = GUARD_NONE;
    for (size_t i = 0; i < sizeof order / sizeof order[0] && strongest == GUARD_NONE; i++)
        strongest = in_force(t, order[i]) ? order[i] : GUARD_NONE;
    t->frozen = t->guards & (GUARDS_BLIND | GUARD_BIT(GUARD_WINDOW_OPEN) | GUARD_BIT(GUARD_COVERED) |
                             GUARD_BIT(GUARD_LID_OPEN));
    t->guard = strongest;
    t->guard_since = t->since[strongest];
}

static void raise_guard(struct thermostat *t, enum zone_guard g, house_ms now)
{
    t->guards |= GUARD_BIT(g);
    t->pending &= ~GUARD_BIT(g);
    t->since[g] = now;
    t->calm[g] = false;
    t->horizon_at = now; // figures of the request change at once
    publish(t);
}

static void drop_guard(struct thermostat *t, enum zone_guard g, house_ms now)
{
    t->guards &= ~GUARD_BIT(g);
    t->calm[g] = false;
    t->horizon_at = now;
    publish(t);
}

// The cause has lasted for `hold_ms` (0: it need not last).
static bool lasts(struct thermostat *t, enum zone_guard g, bool cause, int64_t hold_ms, house_ms now)
{
    if (!cause) {
        t->pending &= ~GUARD_BIT(g);
        return false;
    }
    if (!(t->pending & GUARD_BIT(g))) {
        t->pending |= GUARD_BIT(g);
        t->since[g] = now;
    }
    return house_since(now, t->since[g]) >= hold_ms;
}

// The cause has been gone for `hold_ms`, and the guard in force for `least_ms`.
static bool over(struct thermostat *t, enum zone_guard g, bool calm, int64_t hold_ms, int64_t least_ms,
                 house_ms now)
{
    if (calm && !t->calm[g])
        t->calm_since[g] = now;
    t->calm[g] = calm;
    return calm && house_since(now, t->calm_since[g]) >= hold_ms && house_since(now, t->since[g]) >= least_ms;
}

// One guard: comes when its cause lasts, goes when it has been calm for long enough.
static void follow(struct thermostat *t, enum zone_guard g, bool cause, int64_t come_ms, bool calm,
                   int64_t go_ms, int64_t least_ms, house_ms now)
{
    if (!in_force(t, g)) {
        if (lasts(t, g, cause, come_ms, now))
            raise_guard(t, g, now);
    } else if (over(t, g, calm, go_ms, least_ms, now)) {
        drop_guard(t, g, now);
    }
}

// A jump is measured from a reading up to a minute old, so that it is the same at any spacing of readings,
// and so that a tenth of a degree of sensor resolution at one second is none.
static bool jumps(struct thermostat *t, const struct zone_sense *s)
{
    int64_t age = house_since(s->at, t->jump_at);
    int64_t allowed = age <= MINUTE ? 3000 : age >= 20 * MINUTE ? 60000 : 3000 * age / MINUTE;
    int64_t diff = (int64_t)s->room_mc - t->jump_mc;
    bool jump = t->started && (diff > allowed || diff < -allowed);
    if (!t->started || age >= MINUTE || age < 0 || jump) {
        t->jump_mc = s->room_mc;
        t->jump_at = s->at;
    }
    return jump;
}

bool guards_reading_ok(struct thermostat *t, const struct zone_sense *s)
{
    bool ok = s->room_mc >= -20000 && s->room_mc <= 60000 && !jumps(t, s);
    if (!ok) {
        raise_guard(t, GUARD_SENSOR_IMPOSSIBLE, s->at);
    } else if (in_force(t, GUARD_SENSOR_IMPOSSIBLE)) {
        if (!over(t, GUARD_SENSOR_IMPOSSIBLE, true, 0, 5 * MINUTE, s->at))
            return false;
        // The new level is believed as it is: the filters start from it.
        drop_guard(t, GUARD_SENSOR_IMPOSSIBLE, s->at);
        t->room_c = heat_reading_c((float)s->room_mc);
        t->slope_k_per_min = 0;
    }
    return ok;
}

// The model's metal follows what was drawn, so a warm start is no alarm.
bool guards_heatsink(struct thermostat *t, const struct zone_sense *s, double dt_s, house_ms now)
{
    float c = heat_reading_c((float)s->heatsink_mc);
    if (t->heatsink_c < -100 || dt_s <= 0 || dt_s > 600) { // the first reading
        t->heatsink_c = c;
        t->heatsink_slope_k_per_min = 0;
        return false;
    }
    t->heatsink_slope_k_per_min = heat_sink_slope(t->heatsink_slope_k_per_min, (float)num_min(1, dt_s / 60),
                                                  c, t->heatsink_c, (float)(60 / dt_s));
    t->heatsink_c = c;
    float one_k = heat_one_k((float)s->hot_draw_mw, t->k_per_w, (float)t->applied_w * t->k_per_all_w);
    float over_room = c - t->room_c, explained = t->metal_c - t->room_c;
    float rise = heat_free_rise(one_k, over_room, (float)(60 / t->cfg.heater_tau_s));
    bool alarm = heat_covered(over_room, explained, t->heatsink_slope_k_per_min, rise);
    if (!in_force(t, GUARD_COVERED) && lasts(t, GUARD_COVERED, alarm, 2 * MINUTE, now))
        raise_guard(t, GUARD_COVERED, now);
    return alarm;
}

static void step_cpu(struct thermostat *t, const struct zone_sense *s, double dt_s, house_ms now)
{
    if (s->cpu_mc > t->cfg.cpu_max_mc) {
        if (!in_force(t, GUARD_CPU_HOT)) {
            t->cpu_share = num_clamp((double)t->applied_w / t->cfg.nameplate_w, 0.05, 1) * 0.9;
            raise_guard(t, GUARD_CPU_HOT, now);
        }
        t->cpu_share *= num_max(0, 1 - dt_s * (0.4 / 60));
        if (s->cpu_mc > t->cfg.cpu_max_mc + 10000)
            t->cpu_share = 0;
    } else if (in_force(t, GUARD_CPU_HOT) && s->cpu_mc < t->cfg.cpu_max_mc - 5000) {
        t->cpu_share += dt_s * (0.1 / 60);
        if (t->cpu_share >= 1) {
            t->cpu_share = 1;
            drop_guard(t, GUARD_CPU_HOT, now);
        }
    }
}

void guards_step(struct thermostat *t, const struct zone_sense *s, double dt_s, int64_t window_ms,
                 house_ms now)
{
    bool stale = house_since(now, t->last_sense_at) > GUARD_STALE_MS;
    bool was_stale = in_force(t, GUARD_SENSOR_STALE);
    follow(t, GUARD_SENSOR_STALE, stale, 0, !stale, MINUTE, MINUTE, now);
    if (was_stale && !in_force(t, GUARD_SENSOR_STALE))
        t->slope_k_per_min = 0;
    bool off = t->wish.mode == ZONE_OFF;
    follow(t, GUARD_OFF, off, 0, !off, 0, 0, now);
    if (s->lid_open && !in_force(t, GUARD_LID_OPEN))
        raise_guard(t, GUARD_LID_OPEN, now);
    t->calm[GUARD_LID_OPEN] = !s->lid_open;
    // A blind thermostat knows neither a hot room nor an open window; those in force wait for sight.
    if (!(t->guards & GUARDS_BLIND)) {
        follow(t, GUARD_ROOM_HOT, t->room_c > t->hot_c, 0, t->room_c < t->hot_c - GUARD_HOT_BACK_K, 0, MINUTE,
               now);
        bool falls = t->slope_k_per_min < GUARD_WINDOW_K_PER_MIN &&
                     heat_heated((float)t->applied_w, t->full_w, t->mean_w);
        bool shut = t->slope_k_per_min > GUARD_SHUT_K_PER_MIN;
        int64_t hold = window_ms >= MINUTE ? 0 : MINUTE;
        follow(t, GUARD_WINDOW_OPEN, falls, hold, shut, hold, 5 * MINUTE, now);
    }
    if (in_force(t, GUARD_WINDOW_OPEN) &&
        house_since(now, t->since[GUARD_WINDOW_OPEN]) >= GUARD_WINDOW_MOST_MS)
        drop_guard(t, GUARD_WINDOW_OPEN, now); // whoever heats with open windows gets heat in the end
    step_cpu(t, s, dt_s, now);
    if (in_force(t, GUARD_COVERED)) {
        bool cool = s->heatsink_mc == INT32_MIN || t->heatsink_c < t->room_c + 10;
        if (over(t, GUARD_COVERED, cool, 0, 15 * MINUTE, now))
            drop_guard(t, GUARD_COVERED, now);
    }
}

void guards_wish(struct thermostat *t)
{
    if (in_force(t, GUARD_ROOM_HOT) && !(t->guards & GUARDS_BLIND) && t->room_c < t->hot_c - GUARD_HOT_BACK_K)
        drop_guard(t, GUARD_ROOM_HOT, t->last_step_at);
}

void guards_surface(struct thermostat *t, bool capped, house_ms now)
{
    follow(t, GUARD_SURFACE_HOT, capped, 0, !capped, MINUTE, MINUTE, now);
}

double guards_limit_w(const struct thermostat *t)
{
    if (t->guards & GUARDS_DARK)
        return 0;
    double limit = t->cfg.nameplate_w;
    if (t->guards & GUARDS_BLIND)
        limit *= GUARD_BLIND_SHARE;
    if (in_force(t, GUARD_CPU_HOT))
        limit = num_min(limit, t->cpu_share * t->cfg.nameplate_w);
    return limit;
}

int thermostat_clear_lid(struct thermostat *t, struct err *e)
{
    if (!in_force(t, GUARD_LID_OPEN))
        return 0;
    if (!t->calm[GUARD_LID_OPEN])
        return err_set(e, -EBUSY, "zone: the heater's lid is still open (close it, then clear the alarm)");
    drop_guard(t, GUARD_LID_OPEN, t->last_step_at);
    return 0;
}

void thermostat_latch_lid(struct thermostat *t, house_ms now)
{
    if (!in_force(t, GUARD_LID_OPEN))
        raise_guard(t, GUARD_LID_OPEN, now);
}

bool thermostat_filler_allowed(const struct thermostat *t)
{
    return !(t->guards & (GUARDS_BLIND | GUARD_BIT(GUARD_COVERED) | GUARD_BIT(GUARD_LID_OPEN)));
}
