// SPDX-License-Identifier: Apache-2.0
#include "core/ledger/kpi.h"

#include <errno.h>
#include <inttypes.h>

#include "base/num.h"

#define J_KWH 3.6e6

// 1.36: mean of 776 sites reported under the EU's energy efficiency directive, weighted by their
// energy. 1.57: world survey of 2022 and 2023 (1.55 to 1.58). 1.98: what "67 % less energy" takes with a
// boiler of 90 %.
const struct kpi_centre kpi_centres[] = {
    {"EU mean, PUE 1.36", 1.36}, {"world survey, PUE 1.57", 1.57}, {"old, PUE 1.98", 1.98}, {0}};

// Yearly means, rounded. France: electricity drawn for heating has a factor of its own in the building code
// of 2021.
const struct kpi_grid kpi_grids[] = {
    {"France", 52, 79}, {"EU", 240, 240}, {"Germany", 360, 360}, {"Poland", 650, 650}, {0}};

// Natural gas by its lower heating value.
const struct kpi_heat kpi_heats[] = {
    {"gas boiler", 0.90, 227}, {"electric convector", 1.0, -1}, {"heat pump", 3.0, -1}, {0}};

int kpi_of(const struct kpi_meters *m, struct kpi *out, struct err *e)
{
    if (m->it_j < 0 || m->reuse_j < 0 || !(m->water_l >= 0))
        return err_set(e, -EINVAL, "a meter is negative");
    if (m->it_j > m->dc_j)
        return err_set(e, -EINVAL,
                       "the computers drew %" PRId64 " J, more than the %" PRId64 " J of the whole", m->it_j,
                       m->dc_j);
    if (m->it_j == 0)
        return err_set(e, -EDOM, "no computer drew anything");
    double it = (double)m->it_j, dc = (double)m->dc_j, reuse = (double)m->reuse_j;
    *out = (struct kpi){
        .pue = dc / it, .erf = reuse / dc, .ere = (dc - reuse) / it, .wue = m->water_l / (it / J_KWH)};
    return 0;
}

struct kpi_saving kpi_save(const struct kpi_meters *m, double footprint_g, const struct kpi_centre *centre,
                           const struct kpi_grid *grid, const struct kpi_heat *heat)
{
    double dc = (double)m->dc_j / J_KWH, it = (double)m->it_j / J_KWH, reuse = (double)m->reuse_j / J_KWH;
    double compute = it * centre->pue, burnt = reuse / heat->efficiency;
    double compute_g = compute * grid->g_kwh,
           heat_g = burnt * (heat->g_kwh < 0 ? grid->heating_g_kwh : heat->g_kwh);
    double ere = (dc - reuse) / it;
    return (struct kpi_saving){
        .energy = 1 - dc / (compute + burnt),
        .carbon = compute_g + heat_g > 0 ? 1 - footprint_g / (compute_g + heat_g) : 0,
        .wasted_ratio = ere > 0 ? centre->pue / ere : 0,
        .footprint_g = footprint_g,
        .equivalent_g = compute_g + heat_g,
        .saved_compute_g = compute_g - footprint_g,
        .saved_heat_g = heat_g,
    };
}

struct kpi_grams kpi_round(const struct kpi_saving *s)
{
    double saved_g = s->saved_compute_g + s->saved_heat_g, equivalent_g = s->footprint_g + saved_g;
    struct kpi_grams g = {.footprint_mg = num_round(1000 * s->footprint_g),
                          .saved_compute_mg = num_round(1000 * s->saved_compute_g),
                          .saved_heat_mg = num_round(1000 * s->saved_heat_g)};
    g.saved_mg = g.saved_compute_mg + g.saved_heat_mg;
    g.equivalent_mg = g.footprint_mg + g.saved_mg;
    g.percent = equivalent_g > 0 ? num_round(100 * saved_g / equivalent_g) : 0;
    return g;
}
