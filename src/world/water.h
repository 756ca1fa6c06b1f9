// SPDX-License-Identifier: Apache-2.0
//
// What all water sides share: the heat of a litre, the cold water of the mains, and one store that relaxes
// towards its surroundings, stepped exactly.
#ifndef ONDOL_WORLD_WATER_H
#define ONDOL_WORLD_WATER_H

#include <stdint.h>

// A litre is taken as a kilogram at every temperature (at 65 degC it is 0.98), so that volumes and energies
// are conserved together: 4 kW warm 6 l/min by 9.6 K, a cubic metre stores 1.163 kWh/K.
#define WATER_J_L_K 4186.0

// Water from the mains: a sine through the year, late because the ground is.
struct water_mains {
    double mean_c, amplitude_k;
    int warmest_day; // of the year, 0 = 1 January
};

// Northern France: 7 to 18 degC, warmest in the middle of August.
#define WATER_MAINS_PARIS ((struct water_mains){12.5, 5.5, 226})

double water_mains_c(const struct water_mains *m, int64_t ms); // ms since 1970

// One store of `c_j_k` at `start_c` that at the start gains `net_w` watts, of which each kelvin more takes
// away `loss_w_k` >= 0:   C dT/dt = net - loss (T - start).   Exact for any step:
//     T(h) = start + net h/C phi1(x),  mean = start + net h/C phi2(x),  x = loss h/C,
//     phi1(x) = (1 - e^-x)/x,  phi2(x) = (1 - phi1(x))/x.
// Flows taken at the mean, net - loss (mean - start), times h add up to C (end - start) to rounding.
struct water_relaxed {
    double end_c, mean_c;
};

struct water_relaxed water_relax(double start_c, double c_j_k, double net_w, double loss_w_k, double step_s);

#endif
