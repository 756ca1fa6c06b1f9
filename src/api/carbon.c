// SPDX-License-Identifier: Apache-2.0
//
// What a task cost the climate, from the ledger: joules of its leases by the hour and the share of them that
// its rooms had asked for in that hour. Formulas and names of the baseline:
// core/ledger/kpi.h. Heat that nobody asked for is not reuse.
//
//   GET /carbon/v1/tasks/{id}/carbon-facts?comparisonDatacenter=NAME    names of both generations of clients
// and the same of pools: what its nodes used and what its tasks did on them, so that a core's second is in it
// once.
#include "core/ledger/kpi.h"

#include <strings.h>

#include "api/found.h"
#include "api/handlers.h"
#include "api/json_out.h"
#include "api/task_views.h"
#include "base/num.h"

// ---- carbon

// The centre of that name in any case (the first words of it are enough); NULL: unknown.
static const struct kpi_centre *centre_of(const char *name)
{
    if (!name || !*name)
        return &kpi_centres[0];
    for (const struct kpi_centre *k = kpi_centres; k->name; k++)
        if (!strncasecmp(k->name, name, strlen(name)))
            return k;
    return NULL;
}

static void both(struct json_out *o, const char *sdk, const char *spec, int64_t value, int decimals)
{
    out_fixed(o, sdk, value, decimals);
    out_fixed(o, spec, value, decimals);
}

static void ratio(struct json_out *o, const char *sdk, const char *spec, bool known, double value)
{
    if (known) {
        both(o, sdk, spec, num_round(value * 1e6), 6);
    } else {
        out_null(o, sdk);
        out_null(o, spec);
    }
}

static void facts(struct call *c, const struct kpi_meters *m, const struct kpi_centre *centre)
{
    struct json_out o = {.b = &c->out};
    struct err e = ERR_NULL;
    struct kpi k = {0};
    const struct carbon_config *cfg = &c->be->carbon;
    bool known = kpi_of(m, &k, &e) == 0; // a task that has not drawn anything has no ratios
    const struct kpi_grid grid = {"site", cfg->grid_g_kwh, cfg->grid_g_kwh};
    double footprint = (double)m->dc_j / 3.6e6 * cfg->grid_g_kwh;
    struct kpi_saving s = {0};
    if (known)
        s = kpi_save(m, footprint, centre, &grid, &kpi_heats[cfg->displaced]);
    struct kpi_grams g = kpi_round(&s);
    out_object(&o, NULL);
    both(&o, "total_consumed_energy_Wh", "totalConsumedEnergyWh", num_round((double)m->dc_j / 3.6), 3);
    both(&o, "total_energy_it_Wh", "totalEnergyITWh", num_round((double)m->it_j / 3.6), 3);
    both(&o, "total_reused_energy_Wh", "totalReuseEnergyWh", num_round((double)m->reuse_j / 3.6), 3);
    both(&o, "qarnot_carbon_footprint", "carbonFootprintC02Eq", g.footprint_mg, 3);
    out_string(&o, "equivalent_datacenter_name", centre->name);
    out_string(&o, "comparisonDataCenterName", centre->name);
    both(&o, "equivalent_DC_carbon_footprint", "equivalentDCCarbonFootprintC02Eq", g.equivalent_mg, 3);
    both(&o, "saved_carbon_footprint_compute", "savedCarbonFootprintComputeC02Eq", g.saved_compute_mg, 3);
    both(&o, "saved_carbon_footprint_heat", "savedCarbonFootprintHeatC02Eq", g.saved_heat_mg, 3);
    both(&o, "saved_carbon_footprint_compute_heat", "savedCarbonFootprintComputeHeatC02Eq", g.saved_mg, 3);
    both(&o, "saved_carbon_footprint_percent", "savedCarbonFootprintPercentage", g.percent, 0);
    ratio(&o, "PUE", "pue", known, k.pue);
    ratio(&o, "ERE", "ere", known, k.ere);
    ratio(&o, "ERF", "erf", known, k.erf);
    ratio(&o, "WUE", "wue", known, k.wue);
    out_fixed(&o, "grid_gCO2_per_kWh", num_round(cfg->grid_g_kwh * 1000), 3); // what the figures stand on
    out_string(&o, "displaced_heat", kpi_heats[cfg->displaced].name);
    out_end_object(&o);
}

typedef int heat_fn(void *ctx, uint64_t id, int64_t *it_mj, int64_t *useful_mj, struct err *e);

static void carbon(struct call *c, heat_fn *heat, uint64_t id)
{
    struct err e = ERR_NULL;
    int64_t it_mj = 0, reuse_mj = 0;
    const struct kpi_centre *centre = centre_of(call_query(c, "comparisonDatacenter"));
    if (!centre) {
        call_problem(c, NULL, "comparisonDatacenter",
                     arena_printf(&c->arena, "unknown; there are \"%s\", \"%s\" and \"%s\"",
                                  kpi_centres[0].name, kpi_centres[1].name, kpi_centres[2].name));
        return;
    }
    int r = heat(c->reader->ctx, id, &it_mj, &reuse_mj, &e);
    if (r < 0) {
        call_store_error(c, r);
        return;
    }
    int64_t it_j = it_mj / 1000;
    struct kpi_meters m = {.it_j = it_j,
                           .reuse_j = reuse_mj / 1000,
                           .dc_j = it_j + num_round((double)it_j * c->be->carbon.overhead_permille / 1000)};
    facts(c, &m, centre);
}

void carbon_task(struct call *c)
{
    struct row_task row;
    if (found_task_booked(c, &row))
        carbon(c, c->reader->task_heat, row.id);
}

void carbon_pool(struct call *c)
{
    struct row_pool row = {0};
    if (found_pool_booked(c, &row))
        carbon(c, c->reader->pool_heat, row.id);
}
