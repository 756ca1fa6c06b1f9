// SPDX-License-Identifier: Apache-2.0
//
// What a site is to a shape of task, whichever board: whether it may run there, and what the place costs.
#include <math.h>

#include "base/num.h"
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

// Between the slot classes of the published scheduler (2^48 apart) and its free slots (2^20 each).
static int64_t data_rank(const struct planner *p, const struct shape *s, uint32_t site)
{
    int64_t mb = bytes_there(p, s, site) / 1000000;
    return (mb < 1 << 13 ? mb : 1 << 13) << 34;
}

int64_t place_worth(const struct planner *p, const struct shape *s, uint32_t site)
{
    if (p->policy->near_data && s->n_data)
        return data_rank(p, s, site);
    if (!p->policy->keeps_market || !s->where.has_near || site >= p->n_sites ||
        !p->site[site].site.has_position)
        return 0;
    int64_t km = distance_km(&s->where, &p->site[site].site) + 100 * p->site[site].site.latency_ms;
    return -p->prices.distance_ueur_per_h_1000km * km / 1000;
}

bool place_holds(const struct planner *p, const struct shape *s, uint32_t site)
{
    return where_holds(&s->where, &p->site[site].site, site) &&
           (!p->policy->fetches_first || data_is_there(p, s, site));
}
