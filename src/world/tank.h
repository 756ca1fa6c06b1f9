// SPDX-License-Identifier: Apache-2.0
//
// A hot-water tank in layers, with its circulation loop, a digital boiler and a backup heater.
//
//         users <-------- draw-off ---------+--------> loop through the building --+
//                                           |                                      |
//                                     +-----+-----+                                |
//                                     |  t[0]     |  <- at the layer as warm as it is: water from the boiler
//                                     |  ...      |     and the return of the loop (cooled; or, with the boiler
//         backup heater (electric) ---|  t[k]     |     in the return, warmed again)
//                                     |  ...      |
//            boiler (bottom)  <-------|  t[n-1]   |<------- cold water, as much as is drawn
//                                     +-----------+
//
// A step of the tank, in this order, each part exact for its inputs and closed in energy:
//   1 boiler, loop, draw-off   plug flow: litres move by volume, whatever their number; a layer mixes what comes
//                              into it, so the number of layers sets how sharp the boundary of warm and cold stays
//   2 conduction, losses       implicit, one tridiagonal system: no step is too long
//   3 backup heater            thermostat with a band
//   4 inversion                layers colder than the one below are merged, until temperatures fall downwards
// Nothing boils: keep boiler and backup below 95 degC (world/boiler.h has the cut-out).
#ifndef ONDOL_WORLD_TANK_H
#define ONDOL_WORLD_TANK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define TANK_NODES_MAX 20

enum tank_boiler {
    TANK_BOILER_BOTTOM,      // takes the coldest water, gives it back where it is as warm as the layer
    TANK_BOILER_LOOP_RETURN, // warms the return of the loop before it enters the tank
};

struct tank_spec {
    double litres;
    int nodes; // 2..20; 10 to 20 are usual
    double height_m;
    double loss_w_k;     // of the whole jacket
    double conduct_w_mk; // water and wall, downwards: 0.6 to 1
    double loop_l_min;   // 0: no loop
    double loop_w_k;     // loss of its pipes: a loop of 100 m at 8 W/m and 40 K has 20 W/K
    double backup_w;
    int backup_node;      // where the element sits and its thermostat feels, from the top
    double backup_band_k; // on below set - band, off at set
    enum tank_boiler boiler;
};

// A round tank of the usual slenderness (height 2.5 times the diameter) under 100 mm of insulation, no loop,
// a backup of 15 W a litre in the upper third.
void tank_spec_init(struct tank_spec *s, double litres);

struct tank {
    struct tank_spec spec;
    double t[TANK_NODES_MAX]; // top to bottom, degC
    bool backup_on;
};

// -EINVAL names the field of the spec that is out of range.
int tank_init(struct tank *t, const struct tank_spec *s, double start_c, struct err *e);

struct tank_input {
    double draw_l;       // taken at the top over the step
    double cold_c;       // of the water that comes in for it
    double ambient_c;    // around tank and loop
    double boiler_w;     // heat the boiler gives off into the water; below 0 while a cold one warms up
    double boiler_l_min; // its flow; 0: a coil in the lowest layer. Ignored in the loop return.
    double backup_set_c; // of the thermostat; raise it to make up a hygiene dose. 0 locks the heater.
};

// What a step did. Joules over the step; balance: stored = boiler + backup - draw - loop - jacket.
struct tank_flows {
    double boiler_j, backup_j;       // in
    double draw_j, loop_j, jacket_j; // out; draw counts above the cold water of the step
    double stored_j;
    double outlet_c;      // mean of the water drawn, or of the top layer without draw-off
    double loop_return_c; // at the end of the loop, before the boiler; the outlet where there is none
    double boiler_in_c, boiler_out_c;
};

// step_ms 1..3,600,000. Inputs are finite, flows and powers not negative.
void tank_step(struct tank *t, const struct tank_input *in, int64_t step_ms, struct tank_flows *out);

// |stored - (in - out)| over the larger of the heat that moved and 100 J. Rounding gives below 1e-9.
double tank_energy_error(const struct tank_flows *f);

double tank_stored_j(const struct tank *t, double above_c); // of all layers, counted from this temperature
// The temperature a boiler finds that takes its water from the bottom.
double tank_bottom_c(const struct tank *t);

#endif
