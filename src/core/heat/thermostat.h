// SPDX-License-Identifier: Apache-2.0
//
// The thermostat of a zone: sense in, heat request out. It works alone on the heater; nothing from above is
// needed.
//
//   v  = Kp (b r - y) + I                    u = clamp(v, floor, max_w)     Astrom and Hagglund
//   I += dt (Kp/Ti (r - y) + (u - v)/Tt)                                    back-calculated anti-windup
//
// Guards stand before the loop (guards.h). Safety limits cannot be overridden from above.
// Everything is a batch kernel over arrays: the agent calls it with its few zones, the simulator with all of
// them.
#ifndef ONDOL_CORE_HEAT_THERMOSTAT_H
#define ONDOL_CORE_HEAT_THERMOSTAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/when.h"
#include "core/heat/estimate.h"
#include "core/heat/request.h"

// Why the zone gets what it gets. Names by zone_guard_name().
enum zone_guard {
    GUARD_NONE,              // the loop is in charge
    GUARD_OFF,               // the occupant switched it off (frost protection goes on: 7 degC)
    GUARD_SENSOR_STALE,      // no reading for 90 s: local limit of 30 % of the power, no filler
    GUARD_SENSOR_IMPOSSIBLE, // outside -20..60 degC, or a jump of more than 3 K/min: same limit
    GUARD_WINDOW_OPEN, // falls faster than 0.1 K/min while heated: integral frozen, power at the frost level
    GUARD_ROOM_HOT,    // above setpoint + 3 K or 28 degC: sheds everything
    GUARD_CPU_HOT,     // a processor above its limit: power cut back
    GUARD_SURFACE_HOT, // estimated metal above its limit: power capped
    GUARD_COVERED,     // heats up faster, or stands higher over the room, than its watts explain: off, alarm
    GUARD_LID_OPEN,    // opened: off until a person clears it
    GUARD_N,
};
const char *zone_guard_name(enum zone_guard g); // "none", "window-open", ...

enum zone_mode { ZONE_OFF, ZONE_FROST, ZONE_ECO, ZONE_COMFORT, ZONE_BOOST, ZONE_MODE_N };
const char *zone_mode_name(enum zone_mode m); // "off", "frost", "eco", "comfort", "boost"

// One reading. INT32_MIN: no such sensor or no reading.
struct zone_sense {
    house_ms at; // when the room was read
    int32_t room_mc;
    int32_t heatsink_mc; // hottest heatsink of the zone
    int32_t cpu_mc;      // hottest processor of the zone
    int32_t draw_mw;     // electric power of the zone's heaters now
    int32_t hot_draw_mw; // of that, the power of the one heater heatsink_mc belongs to; 0: not known apart
    bool lid_open;
    bool has_outside;
    int32_t outside_mc; // where a sensor or a forecast tells it
};

// What is fixed for a zone. thermostat_config_default() fills it from the heater's nameplate.
struct thermostat_config {
    int32_t nameplate_w; // most the zone's heaters can draw
    int32_t floor_w;     // least they draw while awake and idle (no sleeping): 0 when boards can sleep
    double kp_w_per_k, ti_s, tt_s, weight_b;
    int32_t heaters;          // that share the nameplate; default one per 500 W
    double heater_ua_w_per_k; // metal to room of one heater, for the surface estimate (default 10)
    double heater_tau_s;      // its metal: capacity / ua (default 2,400: 24 kJ/K)
    int32_t surface_max_mc;   // default 65,000
    int32_t cpu_max_mc;       // default 90,000
    int32_t band_up_mc;       // above the setpoint still in band, default 500
    int32_t band_down_mc;     // default 500
    int32_t setpoint_min_mc, setpoint_max_mc; // default 7,000 and 26,000
    // Low-power mode: watts of the cheapest mix of slow and sleeping boards that keeps a part of the
    // computing when the room wants no heat, and how many of its boards are awake (power_mix). 0: not
    // allowed, the default.
    int32_t keep_w, keep_boards;
};
void thermostat_config_default(struct thermostat_config *c, int32_t nameplate_w);

// What the occupant wants now (schedule and boost already resolved).
struct zone_wish {
    enum zone_mode mode;
    int32_t setpoint_mc; // of comfort; eco is 3 K below, boost 2 K above at full power, frost and off 7 degC
};

struct thermostat {
    // Read at every step, in single precision (formulas.h).
    house_ms last_sense_at, last_step_at, full_since;
    float integral_w;
    float room_c;          // filtered reading
    float metal_c;         // estimated metal temperature of the hottest heater
    float slope_k_per_min; // filtered
    float r_c;             // setpoint in force, after mode and limits
    float hot_c;           // room temperature from which the zone sheds everything
    float mean_w;          // demand, averaged over an hour: what a blind thermostat goes on with
    float kp, kp_per_ti, per_tt, weight_b; // gains in force
    float k_per_w, k_per_all_w;          // of cfg, as the step wants them: one heater's, by its watts or all
    float ua_w_per_k, full_w, surface_c; // all heaters',
    float up_c, down_c;                  // and the bands
    float heatsink_c, heatsink_slope_k_per_min; // filtered
    double capacity_j_per_k, outside_c;
    double cpu_share;         // 0..1 of the nameplate that a hot processor leaves
    uint32_t guards, pending; // bits 1 << enum zone_guard: in force; suspected
    int32_t applied_w;        // last power that was really drawn, W
    int32_t lift_w;           // thermostat_set_lift()
    int32_t last_room_mc;
    int32_t jump_mc; // reading that jumps are measured from, up to a minute old
    house_ms jump_at, horizon_at;
    enum zone_guard guard; // the strongest in force
    bool started;
    bool frozen; // a guard in force stops the integral
    struct zone_wish wish;
    house_ms
        ahead_of; // the step of the week that `wish` is ahead of, once its time to start has come (ahead.h)
    struct heat_request request; // result of the last step
    struct thermostat_config cfg;
    struct zone_estimate est;
    house_ms guard_since;         // of `guard`
    house_ms since[GUARD_N];      // a guard's start, or the start of its suspicion
    house_ms calm_since[GUARD_N]; // since when the cause of a guard in force is gone
    bool calm[GUARD_N];
};

void thermostat_init(struct thermostat *t, const struct thermostat_config *cfg);

// A new wish: bumpless (the integral is moved so that the output does not jump down on a small step).
void thermostat_set_wish(struct thermostat *t, const struct zone_wish *wish);

// The setpoint that a wish means here, degC, after mode and limits.
double thermostat_setpoint_c(const struct thermostat *t, const struct zone_wish *wish);

// Outside temperature where somebody knows it (weather, a sensor); INT32_MIN: no longer known. Makes the
// estimate of missing watts much better; the loop itself does not use it.
void thermostat_set_outside(struct thermostat *t, int32_t outside_mc);

// Of what its boards draw from now on, what urgent work was given beyond request.target_w (regulate.h), W; 0:
// none. While the room is warmed by that, the loop does not wind up: its integral follows what the room
// really takes, so that it comes back to the setpoint when the work ends.
void thermostat_set_lift(struct thermostat *t, int32_t lift_w);

// A person has looked at the opened heater. 0, or -EBUSY while the lid is still open by the last reading.
int thermostat_clear_lid(struct thermostat *t, struct err *e);

// It was opened in a life of this program that is over, and nobody has cleared it since: off until somebody
// does.
void thermostat_latch_lid(struct thermostat *t, house_ms now);

// Volunteer computing and burn may run: not with a broken sensor, a covered or an opened heater.
bool thermostat_filler_allowed(const struct thermostat *t);

// What so many boards at work may draw in low-power mode, of request.keep_w.
int32_t thermostat_keep_share_w(const struct thermostat_config *c, int32_t keep_w, int32_t working);

// One control step for n zones at house time `now`; any spacing from 1 s to 5 min, typically 10 s. sense[i]
// belongs to t[i]. Results in t[i].request and t[i].guard.
void heat_step(struct thermostat *t, const struct zone_sense *sense, size_t n, house_ms now);

// Watts missing at full power to hold the setpoint, by the estimate; 0 when there is enough or it is not
// known yet.
int32_t thermostat_missing_w(const struct thermostat *t);

// One sentence with the figures: "19.2 degC for 21.0 (comfort): at full power (500 W) since 06:10, heater too
// small by 80 W". `utc_offset_ms` is added before the clock time is printed.
void thermostat_why(const struct thermostat *t, house_ms now, int64_t utc_offset_ms, char *out,
                    size_t out_bytes);

#endif
