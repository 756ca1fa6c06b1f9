// SPDX-License-Identifier: Apache-2.0
//
// Steps of five minutes, exact for constant power and weather within one (zero-order hold): the mean of T
// over a step is what the losses see. Within a step the power is constant: what takes the room to its
// setpoint at the step's end, within limits.
#include "core/heat/forecast.h"

#include "base/num.h"

enum { STEP_S = FORECAST_STEP_S, HOUR_S = 3600 };

struct zone_model zone_model_of(const struct zone_estimate *e, int32_t nameplate_w)
{
    double at_rest = estimate_need_w(e, nameplate_w, 20, 20), one_k = estimate_need_w(e, nameplate_w, 21, 20);
    return (struct zone_model){
        .capacity_j_per_k = num_round(num_max(1, estimate_capacity_j_per_k(e, nameplate_w))),
        .loss_mw_per_k = (int32_t)num_round(num_clamp((one_k - at_rest) * 1000, 0, 1e9)),
        .gain_w = (int32_t)num_round(num_clamp(-at_rest, -1e6, 1e6)),
        .nameplate_w = nameplate_w,
    };
}

static double outside_c(const struct weather_series *w, house_ms at)
{
    if (!w || !w->n)
        return ESTIMATE_OUTSIDE_C;
    int64_t i = w->step_ms > 0 ? house_since(at, w->start) / w->step_ms : 0;
    i = i < 0 ? 0 : i < (int64_t)w->n ? i : (int64_t)w->n - 1;
    return w->mc[i] / 1000.0;
}

// Setpoint of a wish as the thermostat reads it.
static double setpoint_c(const struct zone_wish *wish)
{
    double c = wish->setpoint_mc / 1000.0;
    switch (wish->mode) {
    case ZONE_ECO:
        return num_max(c - 3, 7);
    case ZONE_BOOST:
        return c + 2;
    case ZONE_COMFORT:
        return c;
    default:
        return 7;
    }
}

// Watts that bring y to r within the step: with a = step / tau, y+ = Ts + (y - Ts) e^-a and Ts = To + (P + G)
// / UA.
static double power_w(const struct zone_model *m, double gain, double y, double r, double to, double dt)
{
    double ua = m->loss_mw_per_k / 1000.0, c = (double)m->capacity_j_per_k, p;
    if (ua <= 0) {
        p = c * (r - y) / dt - gain;
    } else {
        double keep = num_exp(-dt * ua / c);
        p = keep < 1 ? ua * ((r - y * keep) / (1 - keep) - to) - gain : 0;
    }
    return num_clamp(p, 0, m->nameplate_w);
}

static double next_c(const struct zone_model *m, double gain, double y, double p, double to, double dt)
{
    double ua = m->loss_mw_per_k / 1000.0, c = (double)m->capacity_j_per_k;
    if (ua <= 0)
        return y + dt * (p + gain) / c;
    double ts = to + (p + gain) / ua;
    return ts + (y - ts) * num_exp(-dt * ua / c);
}

static int hour_of(house_ms at, int64_t utc_offset_ms)
{
    int64_t h = (at.v + utc_offset_ms) / 3600000 % 24;
    return (int)(h < 0 ? h + 24 : h);
}

static double gain_at(const struct zone_model *m, const struct zone_gains *g, house_ms at,
                      int64_t utc_offset_ms)
{
    int h = hour_of(at, utc_offset_ms);
    return g && g->seen & 1U << h ? g->gain_w[h] : m->gain_w;
}

void gains_learn(struct zone_gains *g, const struct zone_model *m, house_ms began, int64_t utc_offset_ms,
                 int64_t lasted_s, int32_t mean_w, int32_t from_mc, int32_t to_mc, int32_t outside_mc)
{
    int h = hour_of(began, utc_offset_ms);
    if (lasted_s < 1200)
        return; // noise of the sensor counts too much
    double stored = (double)m->capacity_j_per_k * ((double)to_mc - from_mc) / 1000.0 / (double)lasted_s;
    double lost = m->loss_mw_per_k * 1e-6 * (0.5 * ((double)from_mc + to_mc) - outside_mc);
    double gain = num_clamp(stored + lost - mean_w, -2.0 * m->nameplate_w, 2.0 * m->nameplate_w);
    double before = g->seen & 1U << h ? g->gain_w[h] : gain;
    g->gain_w[h] = (int32_t)num_round(before + (gain - before) / 3);
    g->seen |= 1U << h;
}

void forecast_mean_w(const struct zone_model *m, const struct zone_gains *gains,
                     const struct zone_plan_of_day *day, const struct weather_series *w, int32_t room_mc,
                     house_ms now, const int64_t *span_s, int32_t *mean_w, size_t n)
{
    static const struct schedule none;
    double y = room_mc / 1000.0, joules = 0;
    int64_t done_s = 0;
    for (size_t i = 0; i < n; i++) {
        while (done_s < span_s[i] && done_s < FORECAST_HORIZON_S) {
            house_ms at = house_add(now, done_s * 1000);
            struct zone_wish wish = schedule_wish(day->schedule ? day->schedule : &none, &day->base,
                                                  day->boost_until, at, day->utc_offset_ms);
            int64_t dt = span_s[i] - done_s < STEP_S ? span_s[i] - done_s : STEP_S;
            double to = outside_c(w, at), gain = gain_at(m, gains, at, day->utc_offset_ms);
            double p = power_w(m, gain, y, setpoint_c(&wish), to, (double)dt);
            y = next_c(m, gain, y, p, to, (double)dt);
            joules += p * (double)dt;
            done_s += dt;
        }
        mean_w[i] = done_s > 0 ? (int32_t)num_round(joules / (double)done_s) : 0;
    }
}

// The weather, the gains and the week as they are at `at`, and what the zone wants over the next dt.
struct moment {
    double to, gain, r, p;
};

static struct moment moment_at(const struct forecast_zone *z, double y, house_ms at, int64_t dt)
{
    static const struct schedule none;
    const struct zone_plan_of_day *day = z->day;
    struct zone_wish wish = schedule_wish(day->schedule ? day->schedule : &none, &day->base, day->boost_until,
                                          at, day->utc_offset_ms);
    struct moment m = {.to = outside_c(z->weather, at),
                       .gain = gain_at(z->model, z->gains, at, day->utc_offset_ms),
                       .r = setpoint_c(&wish)};
    m.p = power_w(z->model, m.gain, y, m.r, m.to, (double)dt);
    return m;
}

// Whether nothing is wanted over the hour from `at`, by both its ends: then it is one step.
static bool hour_without_heat(const struct forecast_zone *z, double y, house_ms at, double *end_c)
{
    house_ms end = house_add(at, HOUR_S * 1000 - 1);
    struct moment a = moment_at(z, y, at, STEP_S);
    *end_c = next_c(z->model, a.gain, y, 0, a.to, HOUR_S);
    return a.p <= 0 && moment_at(z, *end_c, end, STEP_S).p <= 0;
}

int64_t forecast_begin_s(const struct forecast_zone *z, house_ms now, int32_t need_w, int64_t span_s,
                         int32_t *mean_w)
{
    double y = z->room_mc / 1000.0, end_c;
    int64_t at_s = 0;
    *mean_w = 0;
    while (at_s < FORECAST_HORIZON_S) {
        house_ms at = house_add(now, at_s * 1000);
        if (need_w > 0 && hour_without_heat(z, y, at, &end_c)) {
            y = end_c;
            at_s += HOUR_S;
            continue;
        }
        struct moment m = moment_at(z, y, at, STEP_S);
        if (m.p >= need_w) {
            int32_t room_mc = (int32_t)num_round(y * 1000);
            forecast_mean_w(z->model, z->gains, z->day, z->weather, room_mc, at, &span_s, mean_w, 1);
            return at_s;
        }
        y = next_c(z->model, m.gain, y, m.p, m.to, STEP_S);
        at_s += STEP_S;
    }
    return -1;
}
