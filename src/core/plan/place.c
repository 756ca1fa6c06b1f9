// SPDX-License-Identifier: Apache-2.0
//
// What a site is to a shape of task, whichever board: whether it may run there, and what the place costs.
#include <math.h>

#include "base/num.h"
#include "core/plan/expect.h"
#include "core/plan/planner_state.h"

#include <string.h>

bool where_holds(const struct plan_where *w, const struct plan_site *s, uint32_t site)
{
    if (w->site && w->site != site + 1)
        return false;
    return !*w->country || strncmp(w->country, s->country, sizeof w->country) == 0;
}

// On a sphere of 6371 km, flat between the two places: within 1 % up to a thousand kilometres of middle
// latitudes.
static int64_t distance_km(const struct plan_where *w, const struct plan_site *s)
{
    const double rad = 3.14159265358979323846 / 180000.0;
    double north = (s->lat_mdeg - w->lat_mdeg) * rad;
    double turn = s->lon_mdeg - w->lon_mdeg;
    turn = turn > 180000 ? turn - 360000 : turn < -180000 ? turn + 360000 : turn;
    double east = turn * rad * num_cos(0.5 * (s->lat_mdeg + w->lat_mdeg) * rad);
    return num_round(6371.0 * sqrt(north * north + east * east));
}

// Above the slot classes of the published scheduler (2^48 apart): it first fills the buildings that have all
// of the data, whatever their slots, and then goes by slots alone.
static int64_t data_rank(const struct planner *p, const struct shape *s, uint32_t site)
{
    return data_is_there(p, s, site) ? INT64_C(1) << 52 : 0;
}

// What it costs to start where data is missing: the bytes, and the board that waits for them.
static int64_t missing_cost(const struct planner *p, const struct shape *s, uint32_t site)
{
    int64_t bytes = bytes_missing(p, s, site), run_s = plan_run_typical_s(s->ask.run);
    if (!bytes)
        return 0;
    int64_t waits_s = staging_ms(p, s, site) / 1000;
    int64_t moved = bytes / 1000000 * p->prices.data_ueur_per_gb / 1000;
    int64_t cores = s->constraint.cores_min > 0 ? s->constraint.cores_min : 1;
    return (moved * 3600 + p->prices.work_ueur_per_core_h[s->ask.activity] * cores * waits_s) / run_s;
}

int64_t place_worth(const struct planner *p, const struct shape *s, uint32_t site)
{
    if (p->policy->near_data && s->n_data)
        return data_rank(p, s, site);
    if (!p->policy->keeps_market || site >= p->n_sites)
        return 0;
    int64_t missing = p->no_copies && s->n_data ? missing_cost(p, s, site) : 0;
    if (!s->where.has_near || !p->site[site].site.has_position)
        return -missing;
    int64_t km = distance_km(&s->where, &p->site[site].site) + 100 * p->site[site].site.latency_ms;
    return -missing - p->prices.distance_ueur_per_h_1000km * km / 1000;
}

bool place_holds(const struct planner *p, const struct shape *s, uint32_t site)
{
    return where_holds(&s->where, &p->site[site].site, site) &&
           (!data_goes_first(p) || data_is_there(p, s, site));
}
