// SPDX-License-Identifier: Apache-2.0
//
// The thermostat of stored or flowing water: a tank, a pool, the outlet of a boiler on a heat network.
// Readings in, heat request out, as the thermostat of a room gives it.
//
//   v = Kp (r - y) + I    u = clamp(v, 0, limit)    I += dt (Kp/Ti (r - y) + (u - v)/Tt)
//
// The limit falls, in a straight line, to nothing over the last kelvins below the processors' limit and below
// that of the outlet: the warmer the return, the less may be computed: T_j = T_out + P R_th. Safety cuts
// whatever was asked.
#ifndef ONDOL_CORE_HEAT_STORE_H
#define ONDOL_CORE_HEAT_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/when.h"
#include "core/heat/request.h"

struct store_config {
    int32_t nameplate_w;      // 1..
    int32_t setpoint_mc;      // of the water that is kept
    int32_t band_up_mc;       // above the setpoint still welcome: max_w goes to 0 there
    int32_t band_down_mc;     // below it heat is owed
    double capacity_j_per_k;  // of the water: sets the gain
    double closed_loop_s;     // how fast a difference is made good
    int32_t outlet_max_mc;    // default 75,000
    int32_t processor_max_mc; // default 87,000
};

void store_config_default(struct store_config *c, int32_t nameplate_w, int32_t setpoint_mc,
                          double capacity_j_per_k);
int store_config_check(const struct store_config *c, struct err *e); // -EINVAL names the field

// INT32_MIN: no such sensor or no reading.
struct store_sense {
    house_ms at;
    int32_t water_mc, outlet_mc, processor_mc;
};

struct store_thermostat {
    struct store_config cfg;
    double integral_w, kp, kp_per_ti, per_tt;
    house_ms last_step_at, last_sense_at;
    bool started, cut; // cut: a limit was passed, until 5 K below it
    struct heat_request request;
};

void store_init(struct store_thermostat *t, const struct store_config *c); // a checked configuration
// One step, 1 s to 5 min after the last. Without a reading for 90 s it gives 30 % of the nameplate at most.
void store_step(struct store_thermostat *t, const struct store_sense *s, house_ms now);

#endif
