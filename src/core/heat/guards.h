// SPDX-License-Identifier: Apache-2.0
//
// What stands before the loop: each guard has a cause, a time the cause must last (so that one bad reading
// does nothing lasting), and a way out with hysteresis or a least time (so that nothing flaps).
//
//   guard              comes when                                   goes when                            power
//   off                mode off                                     another mode                         frost loop
//   sensor-stale       no reading for 90 s                          readings for 60 s                    mean, <= 30 %
//   sensor-impossible  outside -20..60 degC; > 3 K within a minute  5 min of plausible readings          mean, <= 30 %
//   window-open        < -0.1 K/min for 60 s while heated           rises for 60 s, after 5 min; 30 min  frost level
//   room-hot           setpoint + 3 K or 28 degC                    0.5 K below, after 60 s              0
//   cpu-hot            over cpu_max_mc                              5 K below, until power is back       cut 40 %/min
//   surface-hot        cap by metal below what the loop wants       not for 60 s                         the cap
//   covered            heatsink hotter than its watts explain 2 min near the room's, after 15 min        0
//   lid-open           lid contact                                  a person clears it, lid closed       0
#ifndef ONDOL_CORE_HEAT_GUARDS_H
#define ONDOL_CORE_HEAT_GUARDS_H

#include "core/heat/thermostat.h"

#define GUARD_BIT(g) (1u << (g))
#define GUARDS_BLIND (GUARD_BIT(GUARD_SENSOR_STALE) | GUARD_BIT(GUARD_SENSOR_IMPOSSIBLE))
#define GUARDS_DARK  (GUARD_BIT(GUARD_ROOM_HOT) | GUARD_BIT(GUARD_COVERED) | GUARD_BIT(GUARD_LID_OPEN))

#define GUARD_STALE_MS         90000
#define GUARD_WINDOW_K_PER_MIN (-0.1f)
#define GUARD_HOT_BACK_K       0.5f // below its limit, where a room is hot no longer
#define GUARD_SHUT_K_PER_MIN   0.02f
#define GUARD_WINDOW_MOST_MS   1800000
#define GUARD_BLIND_SHARE      0.3
#define GUARD_METAL_GAIN       8.0f // surface cap: watts per UA and K that the metal is below its limit
#define FROST_C                7.0f

// True when nothing of the above can start: the quick look of every step, the rest runs only when it fails.
// `fresh`: this reading is new. Reads the state after this step's filters.
static inline bool guards_quiet(const struct thermostat *t, const struct zone_sense *s, house_ms now)
{
    return !(t->guards | t->pending | (uint32_t)s->lid_open) &&
           house_since(now, t->last_sense_at) <= GUARD_STALE_MS &&
           t->slope_k_per_min >= GUARD_WINDOW_K_PER_MIN && t->room_c <= t->hot_c &&
           s->cpu_mc <= t->cfg.cpu_max_mc;
}

// Within 3 K of a reading of the last minute, which is itself within range: no need to look closer.
static inline bool guards_usual_reading(struct thermostat *t, const struct zone_sense *s)
{
    int64_t age = house_since(s->at, t->jump_at);
    bool usual = (uint32_t)s->room_mc - (uint32_t)t->jump_mc + 3000u <= 6000u && s->room_mc >= -20000 &&
                 s->room_mc <= 60000 && !(t->guards & GUARD_BIT(GUARD_SENSOR_IMPOSSIBLE)) && age >= 0 &&
                 t->started;
    if (usual && age >= 60000) {
        t->jump_mc = s->room_mc;
        t->jump_at = s->at;
    }
    return usual;
}

// A reading the room filter may take. Else the impossible guard is set.
bool guards_reading_ok(struct thermostat *t, const struct zone_sense *s);

// Follows the heatsink with the coefficients of this step; called when there is a heatsink sensor.
// True when the metal may be covered.
bool guards_heatsink(struct thermostat *t, const struct zone_sense *s, double dt_s, house_ms now);

// Sets and clears guards. dt_s: since the last step; `window_ms`: time between the last two readings, over
// which the slope says something by itself.
void guards_step(struct thermostat *t, const struct zone_sense *s, double dt_s, int64_t window_ms,
                 house_ms now);

// The loop wants more than the surface may take, or no longer does. Called only near the limit.
void guards_surface(struct thermostat *t, bool capped, house_ms now);

// Most watts the guards in force leave, without the surface cap; and whether the integral stands still.
double guards_limit_w(const struct thermostat *t);

// A new wish is in force. A room that is not hot by the new one is not kept waiting: the guard's least time
// is against a reading that trembles, not against a person's word.
void guards_wish(struct thermostat *t);

#endif
