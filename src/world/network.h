// SPDX-License-Identifier: Apache-2.0
//
// A branch of a heat network that boilers feed through a counterflow exchanger.
//
//     generator --+------ supply Ts (by the outside) ------> consumers: demand W
//         ^       ^ injected at supply                          |
//         |       |                                             |
//         |   +---+-------+                                     |
//         |   | exchanger |<--- as much as can be brought to Ts +
//         |   +-----------+     (or all, to be preheated)       |
//         +----------<----------------- return Tr --------------+
//
// The exchanger, NTU = UA/Cmin, c = Cmin/Cmax:
//     Q = eps Cmin (hot in - Tr),   eps = (1 - e^(-NTU (1-c))) / (1 - c e^(-NTU (1-c))),  NTU/(1+NTU) for c = 1
//
// Injection: water that can be brought to the supply temperature goes to the supply, as many litres of it as
// the pump can so bring there, at most what the consumers draw. Otherwise the whole return is preheated. The
// generator still delivers the same less the injected heat, but gets a warmer return, which costs it
// efficiency (a condensing boiler condenses less): the fuel that costs is booked as a loss against the
// injection.
//
// Everything is at rest within a step: a branch's water passes in minutes, and whose temperature matters, the
// boiler's, is stepped by world/boiler.h.
#ifndef ONDOL_WORLD_NETWORK_H
#define ONDOL_WORLD_NETWORK_H

#include <stdint.h>

#include "base/err.h"

struct network_spec {
    double supply_cold_c, supply_mild_c; // Ts at outside_cold_c and below, at outside_mild_c and above
    double outside_cold_c, outside_mild_c;
    double return_c;         // Tr at any load
    double exchanger_w_k;    // UA
    double efficiency;       // of the generator with the usual return, 0.3..1.2 (on lower heating value)
    double efficiency_per_k; // lost for each kelvin the return comes back warmer
};

// Fourth generation: supply 65 falling to 60 degC, return 35; an exchanger for `peak_w` with 3 K between hot
// in and cold out, generator 0.98 less 0.002 a kelvin.
void network_spec_init(struct network_spec *s, double peak_w);

// -EINVAL names the field that is out of range.
int network_check(const struct network_spec *s, struct err *e);

// The supply temperature at an outside temperature: a line between the two ends.
double network_supply_c(const struct network_spec *s, double outside_c);

// eps of a counterflow exchanger; c 0..1, ntu >= 0.
double network_effectiveness(double ntu, double c);

struct network_input {
    double outside_c;
    double demand_w;         // what the consumers take
    double hot_c, hot_l_min; // what the boilers send into the exchanger
};

enum network_mode { NETWORK_IDLE, NETWORK_SUPPLY, NETWORK_PREHEAT };

// Watts, at rest. demand = injected + generator.
struct network_flows {
    enum network_mode mode;
    double supply_c, return_c;
    double injected_w;     // through the exchanger
    double injected_l_min; // on the network's side
    double out_c;          // what the exchanger sends into the network
    double hot_return_c;   // what goes back to the boilers
    double generator_w;    // heat of the generator
    double generator_in_c; // the return as it reaches the generator
    double fuel_w;         // what the generator burns
    double loss_w;         // of it, because of the warmer return
    double displaced_w;    // fuel not burnt, net of loss_w: what the injection really saved
};

// What flows with this demand, weather and boiler.
void network_flow(const struct network_spec *s, const struct network_input *in, struct network_flows *out);

#endif
