// SPDX-License-Identifier: Apache-2.0
//
// Figures of merit of data centres that give their heat away (ISO/IEC 30134-2, -6 and -9; The Green Grid's
// ERE), and what is saved against a named data centre, grid and source of heat. All from meters:
//
//     E_DC      electricity of the whole: computers, network, pumps       E_IT    of the computers
//     E_reuse   heat that somebody asked for, at the place where it is handed over
//
//     PUE = E_DC / E_IT     ERF = E_reuse / E_DC     ERE = (E_DC - E_reuse) / E_IT = (1 - ERF) PUE
//     WUE = litres / kWh of E_IT
//
// ERF is "strict" when E_reuse is the hour by hour smaller of what the heaters gave and what an ideal
// thermostat would have drawn: heat that nobody wanted is not reuse.
#ifndef ONDOL_CORE_LEDGER_KPI_H
#define ONDOL_CORE_LEDGER_KPI_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct kpi_meters {
    int64_t dc_j, it_j, reuse_j; // 0 <= it_j <= dc_j, 0 <= reuse_j
    double water_l;
};

struct kpi {
    double pue, erf, ere, wue;
};

// -EINVAL when a meter is negative or E_IT is more than E_DC, -EDOM when E_IT is 0: nothing is defined then.
int kpi_of(const struct kpi_meters *m, struct kpi *out, struct err *e);

// ---- what it is compared with ----

struct kpi_centre {
    const char *name;
    double pue;
};
struct kpi_grid {
    const char *name;
    double g_kwh;         // mean of the grid
    double heating_g_kwh; // of electricity drawn for heating, which is not drawn evenly over the year
};
struct kpi_heat {
    const char *name;
    double efficiency; // heat out of one unit in
    double g_kwh;      // of what goes in; < 0: electricity, at the grid's factor for heating
};

// Ended by a NULL name. Round values of public reports, to be replaced by measured ones where they are known.
extern const struct kpi_centre kpi_centres[]; // EU mean, world survey, the one behind "67 % less"
extern const struct kpi_grid kpi_grids[];     // France, EU, Germany, Poland
extern const struct kpi_heat kpi_heats[];     // gas boiler, electric convector, heat pump

struct kpi_saving {
    double energy;       // 1 - E_DC / (E_IT PUE_ref + E_reuse / efficiency); negative: more energy
    double carbon;       // 1 - footprint / equivalent; negative: more carbon
    double wasted_ratio; // PUE_ref / ERE: how many times less energy is wasted; 0 when nothing is wasted
    double footprint_g, equivalent_g, saved_compute_g, saved_heat_g; // equivalent = footprint + both
};

// `footprint_g` is the carbon of E_DC where and when it was drawn. `centre` stands on `grid`, where also the
// heat would have been made. E_IT must not be 0.
struct kpi_saving kpi_save(const struct kpi_meters *m, double footprint_g, const struct kpi_centre *centre,
                           const struct kpi_grid *grid, const struct kpi_heat *heat);

// Milligrams that still add up, and whole percent of what they were before rounding, as the public API states them.
struct kpi_grams {
    int64_t footprint_mg, equivalent_mg, saved_compute_mg, saved_heat_mg, saved_mg, percent;
};
struct kpi_grams kpi_round(const struct kpi_saving *s);

#endif
