// SPDX-License-Identifier: Apache-2.0
//
// How much heat a zone will want over the coming hours: what its thermostat has learned of the building, the
// week that its occupant set, and the weather forecast of its site (docs/design/0031-forecast.md).
//
//   C dT/dt = UA (To - T) + G + P      P = what holds the setpoint, or reaches it, within 0 .. nameplate
#ifndef ONDOL_CORE_HEAT_FORECAST_H
#define ONDOL_CORE_HEAT_FORECAST_H

#include <stddef.h>
#include <stdint.h>

#include "base/when.h"
#include "core/heat/schedule.h"
#include "core/heat/thermostat.h"

// A building in three numbers; small enough to travel with a report.
struct zone_model {
    int64_t capacity_j_per_k; // C, at least 1
    int32_t loss_mw_per_k;    // UA, 0 or more
    int32_t gain_w;           // G: people, sun, neighbours; may be negative
    int32_t nameplate_w;
};

// Of the estimate once it is usable, else of the prior: a room that the heater fits.
struct zone_model zone_model_of(const struct zone_estimate *e, int32_t nameplate_w);

// What one state cannot say, by the hour of the local day: people and sun, and walls that take back in the
// morning what the night took. Learned from what the model leaves unexplained in each hour; yesterday counts
// a third.
struct zone_gains {
    int32_t gain_w[24];
    uint32_t seen; // bit for each hour; others have the model's
};

// An hour (or a good part of one) that began at `began`: mean power into the zone, room at both ends, mean
// outside.
void gains_learn(struct zone_gains *g, const struct zone_model *m, house_ms began, int64_t utc_offset_ms,
                 int64_t lasted_s, int32_t mean_w, int32_t from_mc, int32_t to_mc, int32_t outside_mc);

// Outside temperatures: mc[i] holds from start + i x step on; before the first the first, after the last the
// last. n 0: nobody knows, 10 degC is assumed.
struct weather_series {
    house_ms start;
    int64_t step_ms;
    const int32_t *mc;
    size_t n;
};

struct zone_plan_of_day {
    const struct schedule *schedule; // NULL: base holds
    struct zone_wish base;
    house_ms boost_until;
    int64_t utc_offset_ms;
};

#define FORECAST_HORIZON_S 172800 // most that is looked ahead
#define FORECAST_STEP_S    300

// A zone, and all that is known of what will become of it.
struct forecast_zone {
    const struct zone_model *model;
    const struct zone_gains *gains; // NULL: the model's own
    const struct zone_plan_of_day *day;
    const struct weather_series *weather;
    int32_t room_mc; // now
};

// mean_w[i]: watts wanted on average from `now` for span_s[i] seconds; spans ascend,
// each 1..FORECAST_HORIZON_S. gains NULL: the model's own. room_mc: where the zone is now. Joules over a
// span: mean_w x span_s.
void forecast_mean_w(const struct zone_model *m, const struct zone_gains *gains,
                     const struct zone_plan_of_day *day, const struct weather_series *w, int32_t room_mc,
                     house_ms now, const int64_t *span_s, int32_t *mean_w, size_t n);

// Seconds from `now` until the zone, left without heat, wants `need_w` for the first time, in steps of
// FORECAST_STEP_S; -1: not within the horizon. mean_w: what it wants on average for `span_s` from then on.
int64_t forecast_begin_s(const struct forecast_zone *z, house_ms now, int32_t need_w, int64_t span_s,
                         int32_t *mean_w);

#endif
