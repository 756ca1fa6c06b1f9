// SPDX-License-Identifier: Apache-2.0
//
// The coldest and the hottest week of a scenario's own year.
#include <stdlib.h>

#include "base/mem.h"
#include "sim/sim.h"

#define DAY_MS  INT64_C(86400000)
#define WEEK_MS (7 * DAY_MS)
#define HOUR_MS 3600000

static double site_w(const struct scenario *s, uint32_t site)
{
    double w = 0;
    for (size_t i = 0; i < s->n_zones; i++)
        if (s->zones[i].site == site)
            w += (double)s->zones[i].count * s->zones[i].boards *
                 curve_max_mw(&s->board[s->zones[i].board].curve) * 1e-3;
    return w;
}

static double week_mean(const struct scenario *s, const struct sim_inputs *in, const double *weight,
                        int64_t from)
{
    double sum = 0, all = 0;
    for (size_t i = 0; i < s->n_sites; i++) {
        double mean = 0;
        for (int64_t t = from; t < from + WEEK_MS; t += HOUR_MS) {
            struct weather_now now = {.dry_c = s->site[i].outside_c};
            if (s->site[i].weather != WEATHER_CONSTANT)
                weather_at(&in->site[i].weather, HOUSE_MS(t), &now);
            mean += now.dry_c + s->site[i].weather_shift_k;
        }
        sum += weight[i] * mean / 168;
        all += weight[i];
    }
    return all > 0 ? sum / all : 0;
}

struct sim_week sim_extreme_week(const struct scenario *s, const struct sim_inputs *in, bool hottest)
{
    struct civil c = civil_from_ms(s->start.v);
    int64_t year = civil_to_ms(c.year, 1, 1, 0, 0, 0), end = civil_to_ms(c.year + 1, 1, 1, 0, 0, 0);
    int64_t monday = year + (8 - civil_from_ms(year).weekday) % 7 * DAY_MS;
    double *weight = mem_array(s->n_sites + 1, sizeof *weight);
    for (uint32_t i = 0; i < s->n_sites; i++)
        weight[i] = site_w(s, i);
    struct sim_week best = {0};
    for (int64_t from = monday; from + WEEK_MS <= end; from += WEEK_MS) {
        double mean = week_mean(s, in, weight, from);
        if (best.to_ms && (hottest ? mean <= best.outside_mean_c : mean >= best.outside_mean_c))
            continue;
        best = (struct sim_week){from, from + WEEK_MS, mean};
    }
    free(weight);
    return best;
}
