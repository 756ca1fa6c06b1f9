// SPDX-License-Identifier: Apache-2.0
//
// The water side of a digital boiler: processors on cold plates in one water circuit.
//
//     C dT/dt = P - m cp (T - Tin) - UA (T - Ta)        T is the outlet; the body and its water are one store
//     Tjunction = T + P/n Rth                            n processors share the watts evenly
//
// The return of the circuit sets how much the processors may do: junctions stay below tjmax - margin and the
// outlet below its cut-out, so the cap falls, in a straight line, as the return warms. That is why sites with
// hot water throttle. Safety cuts the watts whatever was asked: outlet above 75 degC (back when 5 K below),
// too little flow, junction at its limit.
#ifndef ONDOL_WORLD_BOILER_H
#define ONDOL_WORLD_BOILER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct boiler_spec {
    int processors;
    double processor_w;    // most one may draw
    double r_th_k_w;       // junction to water, each: 0.1 to 0.2 for a good cold plate
    double tjmax_c;        // 85 to 100
    double margin_k;       // 5 to 10 below it
    double outlet_max_c;   // 75
    double flow_min_l_min; // below this the watts are cut
    double body_j_k;       // metal and water
    double loss_w_k;       // jacket, to the room it stands in
};

// `processors` of 105 W, 0.15 K/W, 95 degC less 8, cut-out at 75 degC, 0.05 l/min each at least.
void boiler_spec_init(struct boiler_spec *s, int processors);

enum boiler_state {
    BOILER_OK,
    BOILER_CAPPED,  // less than was asked, because of the junctions or the outlet
    BOILER_HOT,     // cut: outlet above its limit, or not yet 5 K below it again
    BOILER_NO_FLOW, // cut: less than flow_min_l_min
};

struct boiler {
    struct boiler_spec spec;
    double water_c;
    bool hot; // the cut-out is open
};

// -EINVAL names the field of the spec that is out of range.
int boiler_init(struct boiler *b, const struct boiler_spec *s, double water_c, struct err *e);

// The most watts that hold junctions and outlet within their limits for ever at this return and flow. 0 where
// there is too little flow or the return is too warm; never above processors x processor_w.
double boiler_cap_w(const struct boiler_spec *s, double return_c, double flow_l_min);

struct boiler_input {
    double asked_w;
    double return_c, flow_l_min;
    double ambient_c;
};

// Balance: stored = electric - water - jacket.
struct boiler_flows {
    enum boiler_state state;
    double electric_j, water_j, jacket_j, stored_j;
    double given_w;
    double outlet_c;   // mean over the step: what the circuit gets
    double junction_c; // at the end of the step
};

// Limits act every ten seconds, whatever the step: 1..3,600,000 ms. The state is the worst met in the step.
void boiler_step(struct boiler *b, const struct boiler_input *in, int64_t step_ms, struct boiler_flows *out);

// |stored - (in - out)| over the larger of the heat that moved and 100 J.
double boiler_energy_error(const struct boiler_flows *f);

#endif
