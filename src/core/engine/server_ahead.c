// SPDX-License-Identifier: Apache-2.0
//
// What zones will want over the coming hours, for the planner: the node tells what its thermostat learned of
// the building; the server learns from the levels that are reported what the model leaves open at each hour
// of the day, and knows the week. Nothing of it is kept over a restart: until half a day was seen, what a
// zone asks for now counts.
#include "base/num.h"
#include "core/engine/server_fleet.h"
#include "core/engine/server_state.h"
#include "core/plan/expect.h"

#include <string.h>

enum {
    HOUR_MS = 3600000,
    LOOK_MS = 900000,
    GAP_MS = 600000,
    HOURS_SEEN = 12,
    GRAIN_W = 10,
    BAND_UP_MC = 500
};

static bool is_room(int32_t mc)
{
    return mc > -40000 && mc < 100000;
}

static struct zone_plan_of_day day_of(const struct server *s, const struct zone *z, struct schedule *week)
{
    struct err e = ERR_NULL;
    struct zone_plan_of_day day = {.base = {.mode = (enum zone_mode)z->mode, .setpoint_mc = z->setpoint_mc},
                                   .boost_until = z->boost_until,
                                   .utc_offset_ms = s->site[z->site].utc_offset_min * INT64_C(60000)};
    if (z->schedule && *z->schedule && schedule_parse(z->schedule, week, &e) == 0)
        day.schedule = week;
    return day;
}

static bool known_well(const struct zone_ahead *a)
{
    int hours = 0;
    for (int h = 0; h < 24; h++)
        hours += (int)(a->gains.seen >> h & 1);
    return a->model_known && hours >= HOURS_SEEN;
}

static void look_ahead(const struct server *s, struct zone *z)
{
    struct zone_ahead *a = &z->ahead;
    struct schedule week;
    int64_t span_s[PLAN_RUNS];
    struct zone_plan_of_day day = day_of(s, z, &week);
    for (int i = 0; i < PLAN_RUNS; i++)
        span_s[i] = plan_run_typical_s((enum plan_run)i);
    const struct site_series *sky = &s->site[z->site].setting.weather;
    const struct weather_series weather = {
        .start = sky->start, .step_ms = sky->step_ms, .mc = sky->v, .n = a->with_weather ? sky->n : 0};
    forecast_mean_w(&a->model, &a->gains, &day, &weather, z->room_mc, z->at, span_s, a->mean_w, PLAN_RUNS);
    for (int i = 0; i < PLAN_RUNS; i++) // small changes are not worth planning anew
        a->mean_w[i] = (a->mean_w[i] + GRAIN_W / 2) / GRAIN_W * GRAIN_W;
    a->known = true;
}

// Outside at that time: what the site's forecast says, else what everybody assumes. When one takes the
// other's place what was learned of the gains no longer holds.
static int32_t outside_mc(const struct server *s, struct zone *z, house_ms at)
{
    int32_t mc = (int32_t)(ESTIMATE_OUTSIDE_C * 1000);
    house_ms until;
    bool weather = site_series_at(&s->site[z->site].setting.weather, at, &mc, &until);
    if (weather != z->ahead.with_weather)
        z->ahead.gains = (struct zone_gains){0};
    z->ahead.with_weather = weather;
    return mc;
}

// A level of the zone has come; what it said before is still in `z`.
void zone_observe(const struct server *s, struct zone *z, house_ms at, const struct report *r)
{
    struct zone_ahead *a = &z->ahead;
    if (z->site == NONE)
        return;
    int64_t step_ms = z->at.v >= 0 ? house_since(at, z->at) : 0;
    bool same_hour = z->at.v >= 0 && at.v / HOUR_MS == a->began.v / HOUR_MS;
    bool whole = step_ms > 0 && step_ms <= GAP_MS && is_room(z->room_mc) && is_room(r->zone.room_mc);
    a->model = r->zone.model;
    a->model_known = r->zone.model_known && a->model.capacity_j_per_k > 0 && a->model.loss_mw_per_k >= 0 &&
                     z->nameplate_w > 0;
    a->model.nameplate_w = z->nameplate_w;
    if (whole)
        a->sum_mj += (int64_t)z->draw_w * step_ms;
    if (!whole || !same_hour) {
        int64_t lasted_s = whole ? house_since(at, a->began) / 1000 : 0;
        if (lasted_s > 0 && a->model_known)
            gains_learn(&a->gains, &a->model, a->began, s->site[z->site].utc_offset_min * INT64_C(60000),
                        lasted_s, (int32_t)(a->sum_mj / 1000 / lasted_s), a->from_mc, r->zone.room_mc,
                        outside_mc(s, z, a->began));
        a->began = at;
        a->from_mc = r->zone.room_mc;
        a->sum_mj = 0;
    }
}

void zone_look_ahead(const struct server *s, struct zone *z)
{
    struct zone_ahead *a = &z->ahead;
    if (!known_well(a) || !is_room(z->room_mc) || z->site == NONE) {
        a->known = false;
        return;
    }
    if (!a->known || house_since(z->at, a->looked) >= LOOK_MS) {
        look_ahead(s, z);
        a->looked = z->at;
    }
}

// A zone that is too warm takes heat again by itself; what any other guard found out nobody foresees.
static bool wants_again(const struct zone *z)
{
    bool refuses = z->request.max_w <= 0;
    return !refuses || z->guard == GUARD_NONE || z->guard == GUARD_ROOM_HOT;
}

// By the thermostat's model of the building, its prior while it has learned nothing: a guess then, but one in
// hours where "now" would be wrong by as many.
int64_t zone_begin_s(const struct server *s, const struct zone *z, bool urgent, int32_t need_w,
                     int64_t span_s, int32_t *mean_w)
{
    const struct zone_ahead *a = &z->ahead;
    int32_t now_w = z->request.target_w > z->request.keep_w ? z->request.target_w : z->request.keep_w;
    if (urgent && now_w < need_w && z->request.max_w > now_w)
        now_w = z->request.max_w; // it may heat to the top of the band
    *mean_w = a->known && z->request.target_w >= need_w ? a->mean_w[plan_run_of(span_s)] : now_w;
    if (now_w >= need_w)
        return 0;
    if (z->site == NONE || !is_room(z->room_mc) || !wants_again(z) || a->model.capacity_j_per_k <= 0 ||
        a->model.loss_mw_per_k < 0 || z->nameplate_w <= 0 || z->at.v < 0)
        return -1;
    struct schedule week;
    struct zone_plan_of_day day = day_of(s, z, &week);
    const struct site_series *sky = &s->site[z->site].setting.weather;
    const struct weather_series weather = {
        .start = sky->start, .step_ms = sky->step_ms, .mc = sky->v, .n = sky->n};
    struct zone_model model = a->model;
    model.nameplate_w = z->nameplate_w;
    int32_t room_mc = z->room_mc - (urgent ? BAND_UP_MC : 0);
    const struct forecast_zone f = {&model, &a->gains, &day, &weather, room_mc};
    int64_t begin_s = forecast_begin_s(&f, s->now, need_w, span_s, mean_w);
    return begin_s >= 0 && begin_s < FORECAST_STEP_S ? FORECAST_STEP_S : begin_s; // it does not want it yet
}
