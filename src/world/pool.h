// SPDX-License-Identifier: Apache-2.0
//
// An indoor swimming pool: one body of water, well mixed by its circulation.
//
//     C dT/dt = boiler + backup + sun - evaporation - surface - make-up - ground
//
//     evaporation  A Fa (89 + 78.2 v) (pw - pa) W           Carrier, as ASHRAE gives it in SI; pressures in kPa,
//                  = W Y, W kg/s of water                   v m/s over the water, none when pw < pa
//     surface      A k (T - Tair)                           convection and radiation; small, often a gain
//     make-up      (W + per bather + rinsing) cp (T - Tmains)   what leaves as vapour or down the drain
//     ground       U (T - Tground)
//     pw(T) = 0.61094 exp(17.625 T / (T + 243.04)) kPa, pa = RH pw(Tair), Y = 2501 - 2.361 T kJ/kg
//
// Fa is the activity: 0.5 for still water to 1 for a full public pool; it moves between the two with the
// bathers per area. A cover takes most of the evaporation away.
//
// Water at 28 degC under air of 29 degC and 60 % humidity at 0.1 m/s loses 133 W/m2 at Fa 1. A basin of 250
// m2 and 1.8 m stores 523 kWh/K.
#ifndef ONDOL_WORLD_POOL_H
#define ONDOL_WORLD_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct pool_spec {
    double area_m2, depth_m;
    double still, busy;       // Fa without bathers and with bathers_m2 of them
    double bathers_m2;        // per m2 of water, where Fa reaches `busy`
    double surface_w_m2_k;    // k
    double cover_evaporation; // what the cover leaves of evaporation and surface losses
    double makeup_l_bather;   // 30 to 50 litres each
    double rinse_l_day;       // filters, spread over the day
    double ground_w_k;
    double backup_w;
    double backup_band_k; // on below set - band, off at set
};

// A public indoor pool: Fa 0.5 to 0.8, cover leaves a tenth, 40 l a bather, backup 300 W/m2.
void pool_spec_init(struct pool_spec *s, double area_m2, double depth_m);

struct pool {
    struct pool_spec spec;
    double water_c;
    bool backup_on;
};

// -EINVAL names the field of the spec that is out of range.
int pool_init(struct pool *p, const struct pool_spec *s, double water_c, struct err *e);

struct pool_input {
    double air_c, humidity; // of the hall; 0..1
    double wind_m_s;        // over the water, 0.1 indoors
    double bathers;         // in the water, mean over the step
    double arrivals;        // over the step, each with its make-up water
    bool covered;
    double mains_c, ground_c;
    double boiler_w, sun_w; // heat into the water
    double backup_set_c;    // 0 locks the backup
};

// Joules over the step; balance: stored = boiler + backup + sun - evaporation - surface - makeup - ground.
struct pool_flows {
    double boiler_j, backup_j, sun_j;
    double evaporation_j, surface_j, makeup_j, ground_j;
    double stored_j;
    double evaporated_l, makeup_l;
    double mean_c;
};

// step_ms 1..3,600,000.
void pool_step(struct pool *p, const struct pool_input *in, int64_t step_ms, struct pool_flows *out);

// |stored - (in - out)| over the larger of the heat that moved and 100 J.
double pool_energy_error(const struct pool_flows *f);

// The heat that holds the water at water_c for ever under these inputs; arrivals count per arrivals_s
// seconds.
double pool_holding_w(const struct pool_spec *s, const struct pool_input *in, double arrivals_s,
                      double water_c);

double pool_store_j_k(const struct pool_spec *s); // heat that warms all of its water by a kelvin
double pool_vapour_kpa(double c); // saturation over water, -40..100 degC

#endif
