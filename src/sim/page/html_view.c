// SPDX-License-Identifier: Apache-2.0
#include "sim/page/html_view.h"

#include "base/num.h"

#define DAY_MS  INT64_C(86400000)
#define LONG_MS (40 * DAY_MS)

struct view view_whole(const struct sim_result *r)
{
    return (struct view){.r = r, .n = r->series.n};
}

bool view_has_weeks(const struct sim_result *r)
{
    return r->series.step_ms <= 3600000 && (int64_t)r->series.n * r->series.step_ms > 21 * DAY_MS &&
           r->series.outside_c;
}

struct view view_week(const struct sim_result *r, bool hottest)
{
    size_t week = (size_t)(7 * DAY_MS / r->series.step_ms), best = 0;
    const float *t = r->series.outside_c;
    double sum = 0, most, sign = hottest ? 1 : -1;
    for (size_t i = 0; i < week; i++)
        sum += sign * t[i];
    most = sum;
    for (size_t i = week; i < r->series.n; i++) {
        sum += sign * ((double)t[i] - t[i - week]);
        if (sum > most) {
            most = sum;
            best = i - week + 1;
        }
    }
    size_t day = (size_t)(DAY_MS / r->series.step_ms); // from a midnight, if it fits
    best -= day ? best % day : 0;
    return (struct view){.r = r, .from = best, .n = week};
}

void view_time_axis(struct chart *c, const struct view *v)
{
    int64_t span = (int64_t)v->n * v->r->series.step_ms;
    chart_time(c, v->r->start.v + (int64_t)v->from * v->r->series.step_ms, span);
    if (span > LONG_MS) // whole days, for days and nights would be a flicker
        c->columns_max = (size_t)(span / DAY_MS);
}

void view_range(const float *v, size_t n, double *low, double *high)
{
    for (size_t i = 0; i < n; i++) {
        *low = num_min(*low, v[i]);
        *high = num_max(*high, v[i]);
    }
}
