// SPDX-License-Identifier: Apache-2.0
//
// What a limit looks at: worst zones for peaks, sums for joules and shares, means over rooms for the rest.
#include "envelope.h"

#include <math.h>
#include <string.h>

#include "base/num.h"

#define DAY_MS 864e5

// What is summed up over the zones of a group, of those it makes sense for.
struct sums {
    double rooms, stores, pools, tanks;
    double peak_over_k, peak_under_k, water_max_c, water_min_c;
    double err2, settled_ms, cold_kh, hot_kh;
    double steps, settle_s, later_s;
    double in_band_ms, dose_ms;
    double asked_j, delivered_j, strict_j, backup_j;
};

static void add_room(struct sums *x, const struct sim_zone_result *z)
{
    x->rooms++;
    x->peak_over_k = num_max(x->peak_over_k, z->peak_over_k);
    x->peak_under_k = num_max(x->peak_under_k, z->peak_under_k);
    x->err2 += z->rmse_k * z->rmse_k * (double)z->settled_ms;
    x->settled_ms += (double)z->settled_ms;
    x->cold_kh += z->cold_kh;
    x->hot_kh += z->hot_kh;
    x->steps += z->settle_steps;
    x->settle_s += z->settle_s * z->settle_steps;
    x->later_s += z->settle_later_s * z->settle_steps;
}

static void add_store(struct sums *x, const struct sim_zone_result *z)
{
    x->stores++;
    x->water_max_c = num_max(x->water_max_c, z->max_c);
    x->water_min_c = num_min(x->water_min_c, z->min_c);
    x->backup_j += (double)z->backup_j;
    if (z->kind == ZONE_KIND_POOL) {
        x->pools++;
        x->in_band_ms = num_min(x->in_band_ms, (double)z->in_band_ms);
    }
    if (z->kind == ZONE_KIND_TANK) {
        x->tanks++;
        x->dose_ms = num_max(x->dose_ms, (double)z->hygiene_longest_gap_ms);
    }
}

static struct sums sums_of(const struct scenario *s, const struct sim_result *r, const char *zones)
{
    struct sums x = {.water_max_c = -1e9, .water_min_c = 1e9, .in_band_ms = 1e18};
    for (size_t i = 0; i < r->n_zones; i++) {
        const struct sim_zone_result *z = &r->zone[i];
        if (*zones && strcmp(s->zones[z->group].name, zones) != 0)
            continue;
        x.asked_j += (double)z->asked_j;
        x.delivered_j += (double)z->delivered_j;
        x.strict_j += (double)z->strict_j;
        if (z->kind == ZONE_KIND_ROOM)
            add_room(&x, z);
        else
            add_store(&x, z);
    }
    return x;
}

static double ratio(double a, double b)
{
    return b > 0 ? a / b : NAN;
}

static double only_if(bool there, double is)
{
    return there ? is : NAN;
}

const char *measure_name(enum measure m)
{
    static const char *const names[MEASURE_N] = {
        [PEAK_OVER_K] = "peak above, K",
        [PEAK_UNDER_K] = "peak below, K",
        [WATER_MAX_C] = "hottest water, degC",
        [WATER_MIN_C] = "coldest water, degC",
        [RMSE_K] = "RMSE, K",
        [COLD_KH] = "too cold, Kh a room and day",
        [HOT_KH] = "too hot, Kh a room and day",
        [SETTLE_MIN] = "settling after a step up, min",
        [LATER_MIN] = "settling later than the ideal heater, min",
        [IN_BAND] = "share of hours in the band",
        [DOSE_H] = "without the hygiene dose, h",
        [MATCH] = "heat match",
        [COVERAGE] = "heat coverage",
        [HEAT_GJ] = "heat of boards, GJ",
        [BACKUP_GJ] = "heat of backup, GJ",
        [FLEX_GHZ_H] = "flex work, core-GHz-h",
        [USEFUL] = "share of joules in work",
    };
    return names[m];
}

double measure_of(enum measure m, const struct scenario *s, const struct sim_result *r, const char *zones)
{
    const struct sums x = sums_of(s, r, zones);
    const double days = (double)r->length_ms / DAY_MS;
    switch (m) {
    case PEAK_OVER_K:
        return only_if(x.rooms > 0, x.peak_over_k);
    case PEAK_UNDER_K:
        return only_if(x.rooms > 0, x.peak_under_k);
    case WATER_MAX_C:
        return only_if(x.stores > 0, x.water_max_c);
    case WATER_MIN_C:
        return only_if(x.stores > 0, x.water_min_c);
    case RMSE_K:
        return sqrt(ratio(x.err2, x.settled_ms));
    case COLD_KH:
        return ratio(x.cold_kh, x.rooms * days);
    case HOT_KH:
        return ratio(x.hot_kh, x.rooms * days);
    case SETTLE_MIN:
        return ratio(x.settle_s / 60, x.steps);
    case LATER_MIN:
        return ratio(x.later_s / 60, x.steps);
    case IN_BAND:
        return only_if(x.pools > 0, x.in_band_ms / (double)r->length_ms);
    case DOSE_H:
        return only_if(x.tanks > 0, x.dose_ms / 3.6e6);
    case MATCH:
        return ratio(x.strict_j, x.delivered_j);
    case COVERAGE:
        return ratio(x.strict_j, x.asked_j);
    case HEAT_GJ:
        return only_if(x.rooms + x.stores > 0, x.delivered_j * 1e-9);
    case BACKUP_GJ:
        return only_if(x.stores > 0, x.backup_j * 1e-9);
    case FLEX_GHZ_H:
        return only_if(!*zones, r->class[ACTIVITY_FLEX].work_ghz_h);
    case USEFUL:
        return only_if(!*zones, r->totals.useful_work_share);
    case MEASURE_N:
        break;
    }
    return NAN;
}
